//! `cargo lab power --fly`, on a worker and a node of forty lines whose mistakes are planted by real patches and built by
//! the real cargo. Mutants of the reference fly, as real processes, if ignored tests are asked for.
//! `INSTA_UPDATE=always cargo test -p xtask --test flown` records the table anew; read the difference before you keep it.

mod support;

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use support::{Answer, Repository};

/// As a worker it asks the node's executable what its flight comes to: verdict, rule, when, and how long it was.
const MAIN: &str = r##"
#![allow(unexpected_cfgs)]
mod rules;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if words[1] == "node" {
        assert!(cfg!(feature = "real") && !cfg!(feature = "sim") && !cfg!(madsim), "it is not built to fly");
        return print!("{}", rules::flown(words[2].parse().unwrap()));
    }
    assert!(cfg!(feature = "real") && cfg!(madsim), "it is not built as a tester of flights");
    println!(r#"{{"response":"hello","protocol":5,"weather_version":1,"lab":"raft","parts":[],"tests":[]}}"#);
    let mut lines = std::io::stdin().lines().map_while(Result::ok);
    while let Some(line) = lines.next() {
        let field = |name: &str| {
            let (_, rest) = line.split_once(&format!("\"{name}\":")).unwrap();
            rest.split([',', '}']).next().unwrap().trim_matches('"').to_owned()
        };
        if field("request") == "schedule" {
            println!(r#"{{"response":"schedule","text":""}}"#);
            continue;
        }
        let node = std::process::Command::new(field("node_binary")).args(["node", &field("seed")]).output().unwrap();
        if !node.status.success() {
            let message = r#""the flight does not take off: node 1 ended""#;
            println!(r#"{{"response":"refused","kind":"bad-input","message":{message}}}"#);
            continue;
        }
        let said = String::from_utf8(node.stdout).unwrap();
        let [verdict, rule, at, wall] = said.split(' ').collect::<Vec<_>>().try_into().unwrap();
        if verdict == "interrupted" {
            lines.next(); // until it is asked to land
        }
        let broken = match rule {
            "-" => String::new(),
            _ => format!(r#""broken":{{"rule":"{rule}","title":"Broken.","at_ms":{at}}},"#),
        };
        let rest = r#""operations":100,"unknown":0,"fsyncs":0,"faults":{"kill-1":2},"skipped":[],"unclean":[],"stood_still_ms":0"#;
        println!(r#"{{"response":"flown","verdict":"{verdict}",{broken}{rest},"wall_ms":{wall}}}"#);
    }
}
"##;

const RULES: &str = "\
pub fn flown(seed: u64) -> &'static str {
    let _ = seed;
    \"safe - 0 21000\"
}
";

/// A patch that puts this expression in place of a safe flight.
fn patch(head: &str, flown: &str) -> String {
    format!(
        "{head}\n--- a/src/rules.rs\n+++ b/src/rules.rs\n@@ -1,4 +1,4 @@\n \
         pub fn flown(seed: u64) -> &'static str {{\n     let _ = seed;\n\
         -    \"safe - 0 21000\"\n+    {flown}\n }}\n"
    )
}

const FITTING: &str = "what: it forgets its vote\nrules: one-vote, no-leader\n";
const EQUIVALENT: &str = "what: it counts from zero\nequivalent: nobody ever sees the number\n";

fn repository(mutants: &[(&str, String)]) -> Repository {
    let repository = Repository::new();
    let manifest = "[package]\nname = \"solution-raft\"\nedition = \"2024\"\n\n[features]\ndefault = [\"sim\"]\n\
                    sim = []\nreal = []\n\n[package.metadata.windtunnel]\nlab = \"raft\"\n";
    repository.write("solutions/raft/Cargo.toml", manifest);
    repository.write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"madsim\"]\n"); // as the real one has
    repository.write("solutions/raft/src/main.rs", MAIN);
    repository.write("solutions/raft/src/rules.rs", RULES);
    std::fs::remove_file(repository.path().join("solutions/raft/src/lib.rs")).unwrap();
    repository.write(
        "scenarios/raft/rough-flight.toml",
        "about = \"rough\"\nnodes = 3\nduration = \"20s\"\n[load]\nclients = 1\npropose_every = \"10ms\"\n",
    );
    for (name, text) in mutants {
        repository.write(&format!("solutions/raft/mutants/{name}.patch"), text);
    }
    repository
}

fn fly(repository: &Repository, words: &str) -> Answer {
    Answer::of(repository.built(format!("power raft --fly {words}").trim()))
}

/// One of each kind. The first one panics early under seeds 0 and 1, and breaks a rule that fits under seed 2.
fn one_of_each() -> Repository {
    let caught = "if seed < 2 { \"violated panic 900 1000\" } else { \"violated one-vote 1500 1600\" }";
    repository(&[
        ("a-caught", patch(FITTING, caught)),
        ("b-undecided", patch(FITTING, "\"undecided no-leader 30000 31000\"")),
        ("c-unseen", patch(FITTING, "\"safe - 0 22000\"")),
        ("d-panics", patch(FITTING, "\"violated panic 900 1000\"")),
        ("e-equivalent", patch(EQUIVALENT, "\"undecided no-leader 30000 31000\"")),
        ("f-refuted", patch(EQUIVALENT, "\"violated one-vote 19000 20000\"")),
        ("g-does-not-apply", patch(FITTING, "\"\"").replace("let _", "let __")),
        ("h-does-not-compile", patch(FITTING, "5")),
        ("i-does-not-take-off", patch(FITTING, "std::process::exit(1)")),
    ])
}

fn outcomes(answer: &Answer) -> Vec<String> {
    answer.events_of("flown_mutant").iter().map(|event| event["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_mutant_flies_and_what_a_flight_leaves_open_is_no_catch() {
    let repository = one_of_each();
    let answer = fly(&repository, "--format json");
    let missed = "missed";
    let broken = ["does_not_apply", "does_not_compile", "does_not_run"];
    let expected = [&["caught", missed, missed, missed, "equivalent", "refuted"][..], &broken].concat();
    assert_eq!(outcomes(&answer), expected, "{answer:?}");
    assert_eq!(answer.code, 2, "a patch that does not apply is bad input: {answer:?}");
    let summary = answer.summary();
    let counts = ["mutants", "caught", "missed", "equivalent", "refuted", "broken", "flights"];
    assert_eq!(json!(counts.map(|count| &summary[count])), json!([9, 1, 3, 1, 1, 3, 12]));
    assert_eq!((&summary["lab"], &summary["faults"]["kill-1"]), (&json!("raft"), &json!(24)));

    let events = answer.events_of("flown_mutant");
    let told = |index: usize| ["rule", "flights", "flown_ms", "seen"].map(|field| events[index][field].clone());
    let panic = |flights: u64| json!([{"rule": "panic", "verdict": "violated", "fits": false, "flights": flights}]);
    let bound = json!([{"rule": "no-leader", "verdict": "undecided", "fits": true, "flights": 1}]);
    let nothing = Value::Null;
    assert_eq!(told(0), [json!("one-vote"), json!(3), json!(1000 + 1000 + 1500), panic(2)]);
    assert_eq!(told(1), [nothing.clone(), json!(1), json!(31_000), bound]);
    assert_eq!(told(2), [nothing.clone(), json!(1), json!(22_000), json!([])]);
    assert_eq!(told(3), [nothing, json!(5), json!(5_000), panic(5)], "short flights end some time");
    let message = |index: usize| events[index]["message"].as_str().unwrap().to_owned();
    assert!(message(6).contains("src/rules.rs: hunk 1 of 1 (@@ -1,4 @@) does not apply"), "{answer:?}");
    assert!(message(7).contains("mismatched types"), "{answer:?}");
    assert!(message(8).contains("does not take off"), "{answer:?}");

    let runs = std::fs::read_dir(repository.path().join("target/windtunnel/runs")).unwrap();
    assert_eq!(runs.count(), 0, "neither binaries nor flights are left");
    let text = fly(&repository, "");
    let settled = text.stdout.lines().map(|line| match line.split_once(" flights in ") {
        Some((flights, _)) => format!("{flights} flights in TIME"),
        None => line.to_owned(),
    });
    insta::assert_snapshot!("table", settled.collect::<Vec<_>>().join("\n"));
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{text:?}");
}

#[test]
fn a_miss_is_no_failure_and_bad_input_is_known_before_anything_flies() {
    let late = "{ std::thread::sleep(std::time::Duration::from_secs(2)); \"violated one-vote 1500 1600\" }";
    let caught = ("caught-late", patch(FITTING, late));
    let repository = repository(&[caught, ("missed", patch(FITTING, "\"safe - 0 22000\""))]);
    let answer = fly(&repository, "--jobs 2 --format json");
    assert_eq!((answer.code, outcomes(&answer)), (0, vec!["caught".to_owned(), "missed".to_owned()]), "{answer:?}");
    for (words, code, says) in [
        ("--load 0s", 2, "--load"),
        ("--scenario nonesuch", 2, "there is no scenario `nonesuch`"),
        ("nonesuch", 4, "no mutant `nonesuch`"),
        ("--check-only", 2, "cannot be used with"),
        ("--seeds 7", 2, "cannot be used with"),
    ] {
        let answer = fly(&repository, words);
        assert_eq!(answer.code, code, "{words}: {answer:?}");
        assert!(answer.stderr.contains(says), "{words}: {answer:?}");
    }
    let without = Answer::of(repository.built("power raft --load 5s"));
    assert!(without.code == 2 && without.stderr.contains("--fly"), "a load is a flight's: {without:?}");
}

#[test]
fn an_interruption_keeps_the_mutants_so_far() {
    let flies_on = patch(FITTING, "\"interrupted - 0 100\"");
    let caught = patch(FITTING, "\"violated one-vote 1500 1600\"");
    let repository = repository(&[("a", caught), ("b", flies_on.clone()), ("c", flies_on)]);
    let mut command = repository.built("power raft --fly --format json");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let first: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    assert_eq!((&first["mutant"], &first["outcome"]), (&json!("a"), &json!("caught")));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let last: Value = serde_json::from_str(&lines.last().unwrap()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let counts = ["event", "mutants", "caught", "missed", "flights"].map(|field| &last[field]);
    assert_eq!(json!(counts), json!(["summary", 3, 1, 0, 1]), "{last}");
}

/// One that real processes show at once, and one that only a power loss would.
#[test]
#[ignore = "builds and flies for minutes: cargo test -p xtask --test flown -- --ignored"]
fn mutants_of_the_reference_fly() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["power", "raft", "match-index-is-what-was-sent", "votes-without-fsync", "--fly", "--format", "json"]);
    let answer = Answer::of({
        command.current_dir(root).stdin(Stdio::null());
        command
    });
    let events = answer.events_of("flown_mutant");
    assert_eq!(outcomes(&answer), ["caught", "missed"], "{answer:?}");
    assert!(events[0]["rules"].as_array().unwrap().contains(&events[0]["rule"]), "{answer:?}");
    assert!(events[1]["operations"].as_u64().unwrap() > 0, "{answer:?}");
}
