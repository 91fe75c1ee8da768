//! `cargo lab power`, on a worker of forty lines whose mistakes are planted by real patches and built by the real cargo.
//! `INSTA_UPDATE=always cargo test -p xtask --test power` records the table anew; read the difference before you keep it.

mod support;

use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::Duration;
use support::{Answer, Repository};

/// Answers as a worker does: whatever is asked passes, unless `rules::broken` names a rule.
const MAIN: &str = r##"
mod rules;

fn main() {
    let test = |name| format!(r#"{{"name":"{name}","part":"log","points":1,"about":""}}"#);
    let tests = [test("first"), test("second")].join(",");
    println!(r#"{{"response":"hello","protocol":5,"weather_version":1,"lab":"raft","parts":[],"tests":[{tests}]}}"#);
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let field = |name: &str| {
            let (_, rest) = line.split_once(&format!("\"{name}\":")).unwrap();
            rest.split([',', '}']).next().unwrap().trim_matches('"').to_owned()
        };
        let (test, seed) = (field("test"), field("seed"));
        let (verdict, failure) = match rules::broken(&test, seed.parse().unwrap()) {
            None => ("passed", "null".to_owned()),
            Some(rule) => ("failed", format!(r#"{{"rule":"{rule}","title":"Broken."}}"#)),
        };
        let what = format!(r#""test":"{test}","seed":{seed},"verdict":"{verdict}","failure":{failure}"#);
        let rest = r#""trace_hash":"0000000000000001","events":1,"sim_ns":1,"messages":0,"bytes":0,"peak_heap_bytes":0"#;
        println!(r#"{{"response":"result",{what},{rest}}}"#);
    }
}
"##;

const RULES: &str = "\
pub fn broken(test: &str, seed: u64) -> Option<&'static str> {
    let _ = (test, seed);
    None
}
";

/// A patch that puts this line in place of `None`.
fn patch(head: &str, line: &str) -> String {
    format!(
        "{head}\n--- a/src/rules.rs\n+++ b/src/rules.rs\n@@ -1,4 +1,4 @@\n \
         pub fn broken(test: &str, seed: u64) -> Option<&'static str> {{\n     let _ = (test, seed);\n\
         -    None\n+    {line}\n }}\n"
    )
}

const FITTING: &str = "what: it forgets its vote\nrules: one-vote, election-safety\n";

fn repository(mutants: &[(&str, String)]) -> Repository {
    let repository = Repository::new();
    let manifest =
        "[package]\nname = \"solution-raft\"\nedition = \"2024\"\n\n[package.metadata.windtunnel]\nlab = \"raft\"\n";
    repository.write("solutions/raft/Cargo.toml", manifest);
    repository.write("solutions/raft/src/main.rs", MAIN);
    repository.write("solutions/raft/src/rules.rs", RULES);
    std::fs::remove_file(repository.path().join("solutions/raft/src/lib.rs")).unwrap();
    for (name, text) in mutants {
        repository.write(&format!("solutions/raft/mutants/{name}.patch"), text);
    }
    repository
}

fn power(repository: &Repository, words: &str) -> Answer {
    Answer::of(repository.built(&format!("power raft {words}")))
}

/// One of each kind. The first one panics under seeds 0 and 1, and breaks a rule that fits under seeds from 2 on.
fn one_of_each() -> Repository {
    let caught = "(test == \"second\").then_some(if seed < 2 { \"panic\" } else { \"one-vote\" })";
    let equivalent = "what: it counts from zero\nequivalent: nobody ever sees the number\n";
    repository(&[
        ("a-caught", patch(FITTING, caught)),
        ("b-missed", patch(FITTING, "(test == \"first\").then_some(\"no-leader\")")),
        ("c-equivalent", patch(equivalent, "None::<&'static str>")),
        ("d-refuted", patch(equivalent, "(seed == 2).then_some(\"no-leader\")")),
        ("e-does-not-apply", patch(FITTING, "Some(\"one-vote\")").replace("let _", "let __")),
        ("f-does-not-compile", patch(FITTING, "Some(5)")),
        ("g-no-header", patch("what: it has no rules\n", "None")),
    ])
}

fn outcomes(answer: &Answer) -> Vec<String> {
    answer.events_of("mutant").iter().map(|event| event["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_mutant_is_told_and_trouble_with_one_keeps_no_other_from_its_turn() {
    let repository = one_of_each();
    let answer = power(&repository, "--seeds 4 --jobs 2 --format json");
    let expected =
        ["caught", "missed", "equivalent", "refuted", "does_not_apply", "does_not_compile", "does_not_apply"];
    assert_eq!(outcomes(&answer), expected, "{answer:?}");
    assert_eq!(answer.code, 2, "a patch that does not apply is bad input: {answer:?}");
    let summary = answer.summary();
    let counts = ["mutants", "caught", "missed", "equivalent", "refuted", "broken"].map(|count| &summary[count]);
    assert_eq!(json!(counts), json!([7, 1, 1, 1, 1, 3]));
    assert_eq!((&summary["lab"], &summary["median_seeds"]), (&json!("raft"), &json!(3)));

    let events = answer.events_of("mutant");
    let caught = &events[0];
    assert_eq!((&caught["rule"], &caught["test"]), (&json!("one-vote"), &json!("second")));
    assert_eq!((&caught["seed"], &caught["seeds"], &caught["runs"]), (&json!(2), &json!(3), &json!(6)), "{caught}");
    let panic = json!([{"rule": "panic", "test": "second", "seed": 0, "runs": 2}]);
    assert_eq!(caught["seen"], panic, "a panic of its own code is no catch, and is told");
    assert_eq!((&events[1]["runs"], &events[1]["seen"][0]["rule"]), (&json!(8), &json!("no-leader")));
    let message = |event: &Value| event["message"].as_str().unwrap().to_owned();
    assert!(message(&events[4]).contains("src/rules.rs: hunk 1 of 1 (@@ -1,4 @@) does not apply"), "{answer:?}");
    assert!(message(&events[5]).contains("mismatched types"), "{answer:?}");
    assert!(message(&events[6]).contains("lacks `rules:"), "{answer:?}");
    assert!(answer.stderr.is_empty(), "neither cargo's words nor a bar: {answer:?}");

    assert_eq!(repository.read("solutions/raft/src/rules.rs"), RULES, "the tree itself is never patched");
    let runs = std::fs::read_dir(repository.path().join("target/windtunnel/runs")).unwrap();
    assert_eq!(runs.count(), 0, "no binaries are left");

    let text = power(&repository, "--seeds 4 --jobs 1");
    insta::assert_snapshot!("table", settled(&text.stdout));
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{text:?}");

    let checked = power(&repository, "--check-only --format json");
    let compiles = "compiles";
    let expected = [compiles, compiles, compiles, compiles, "does_not_apply", "does_not_compile", "does_not_apply"];
    assert_eq!((checked.code, outcomes(&checked)), (2, expected.map(str::to_owned).to_vec()), "{checked:?}");
    assert_eq!(checked.summary()["runs"], 0, "nothing runs");
}

/// Without wall times.
fn settled(text: &str) -> String {
    let line = |line: &str| match line.trim_end().strip_suffix(" s").and_then(|line| line.rsplit_once(' ')) {
        Some((before, time)) if time.parse::<f64>().is_ok() => format!("{} TIME", before.trim_end()),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn exit_codes_tell_the_worst() {
    let missed = ("missed", patch(FITTING, "None::<&str>"));
    let caught = ("caught", patch(FITTING, "Some(\"one-vote\")"));
    let repository = repository(&[missed, caught, ("no-compile", patch(FITTING, "5"))]);
    for (words, code) in [("caught", 0), ("missed caught", 1), ("", 3), ("nonesuch", 4)] {
        let answer = power(&repository, &format!("--seeds 2 {words}"));
        assert_eq!(answer.code, code, "{words}: {answer:?}");
    }
    assert!(power(&repository, "cougt").stderr.contains("nearest: caught"), "{:?}", power(&repository, "cougt"));
    std::fs::remove_dir_all(repository.path().join("solutions/raft/mutants")).unwrap();
    let none = power(&repository, "");
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("lab raft has no mutants"), "{none:?}");
}

#[test]
fn a_mutant_whose_worker_dies_or_is_none_is_told() {
    let aborts = patch(FITTING, "if test == \"first\" { std::process::abort() } else { Some(\"one-vote\") }");
    let repository = repository(&[("aborts", aborts)]);
    repository.write(
        "solutions/raft/mutants/silent.patch",
        &format!("{FITTING}\n--- a/src/main.rs\n+++ b/src/main.rs\n@@ -4,2 +4,3 @@\n fn main() {{\n+    if true {{ return; }}\n     let test = |name| format!(r#\"{{{{\"name\":\"{{name}}\",\"part\":\"log\",\"points\":1,\"about\":\"\"}}}}\"#);\n"),
    );
    let answer = power(&repository, "--seeds 1 --format json");
    let events = answer.events_of("mutant");
    assert_eq!((&events[0]["outcome"], &events[0]["seen"][0]["rule"]), (&json!("caught"), &json!("worker-died")));
    assert_eq!((&events[1]["outcome"], answer.code), (&json!("does_not_run"), 70), "{answer:?}");
}

#[test]
fn an_interruption_keeps_the_mutants_so_far() {
    let repository = repository(&[("one", patch(FITTING, "None::<&str>")), ("two", patch(FITTING, "None::<&str>"))]);
    // The fake worker's tenth test never yields.
    let mut command = repository.command("power raft --seeds 9 --jobs 1 --format json");
    command.env("WINDTUNNEL_WATCHDOG_S", "60");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1_000));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let answer = Answer::from(child.wait_with_output().unwrap());
    assert_eq!((answer.code, &answer.summary()["mutants"]), (130, &json!(2)), "{answer:?}");
}
