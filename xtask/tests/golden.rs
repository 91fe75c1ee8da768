//! What is printed, word for word. `INSTA_UPDATE=always cargo test -p xtask --test golden` records
//! it anew; read the difference before you keep it.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use support::{Answer, Repository};

/// With times, hashes and places of this machine taken out.
fn settled(repository: &Repository, text: &str) -> String {
    let text = text.replace(repository.path().to_str().unwrap(), "ROOT");
    let lines = text.lines().map(|line| match line.split_once(" simulated in ") {
        Some((before, after)) => format!("{before} simulated in TIME, {}", after.split_once(", ").unwrap().1),
        None => line.to_owned(),
    });
    lines.map(|line| without_hashes(&line)).collect::<Vec<_>>().join("\n")
}

/// Which hash it is, is for other tests to say.
fn without_hashes(line: &str) -> String {
    let is_hash = |word: &&str| word.len() == 16 && word.chars().all(|c| c.is_ascii_hexdigit());
    let words = line.split(|c: char| !c.is_alphanumeric()).filter(is_hash);
    words.fold(line.to_owned(), |line, hash| line.replace(hash, "HASH"))
}

fn text_of(words: &str) -> String {
    let repository = Repository::new();
    let answer = repository.lab(words);
    settled(&repository, &format!("{}\n---- stderr\n{}", answer.stdout, answer.stderr))
}

#[test]
fn list() {
    insta::assert_snapshot!(text_of("list raft"));
}

#[test]
fn list_of_what_flies() {
    insta::assert_snapshot!(text_of("list raft --flight"));
}

#[test]
fn pass() {
    insta::assert_snapshot!(text_of("test raft 3A undecided --seeds 0..=0"));
}

#[test]
fn failure() {
    insta::assert_snapshot!(text_of("test raft fails_on_odd_seeds re_election --seed 1"));
}

#[test]
fn death() {
    insta::assert_snapshot!(text_of("test raft exits_with_zero never_yields --seed 7 --jobs 1"));
}

#[test]
fn difference() {
    insta::assert_snapshot!(text_of("test raft counts_in_a_static --seed 7 --check"));
}

#[test]
fn flights() {
    insta::assert_snapshot!(text_of("fly raft --tests election --seed 4 --node-binary none"));
}

#[test]
fn job_in_flight() {
    let repository = Repository::new();
    repository.write("labs/mapreduce/Cargo.toml", "[package]\nname = \"lab-mapreduce\"\n");
    repository.write("solutions/mapreduce/Cargo.toml", "[package]\nname = \"solution-mapreduce\"\n");
    repository.write("in.txt", "some words\n");
    let answer = repository.lab("job wordcount --input in.txt --output out --seed 1 --fly --node-binary none");
    let text = settled(&repository, &format!("{}\n---- stderr\n{}", answer.stdout, answer.stderr));
    let time = text.lines().find(|line| line.starts_with("  time ")).expect("it is told");
    assert!(time.contains(" in flight, in all "), "{time}");
    insta::assert_snapshot!(text.replace(time, "  time       TIME"));
}

#[test]
fn errors() {
    let lines =
        ["test rafd", "test raft re_elektion --seed 1", "test raft --seeds 0", "test raft is_refused --seed 1", "new"];
    insta::assert_snapshot!(lines.map(text_of).join("\n====\n"));
}

#[test]
fn replay() {
    let repository = Repository::new();
    repository.lab("test raft fails_on_odd_seeds --seed 1");
    let answer = repository.lab("replay --log info");
    insta::assert_snapshot!(settled(&repository, &answer.stdout));
}

#[test]
fn a_failure_stays_under_40_lines_of_80_columns() {
    for test in ["is_talkative", "fails_on_odd_seeds", "exits_with_zero", "overflows_its_stack", "counts_in_a_static"] {
        let text = text_of(&format!("test raft {test} --seed 4294967295 --check"));
        let from =
            text.lines().skip_while(|line| !line.starts_with("FAILED  raft") && !line.starts_with("DIFFERS  raft"));
        let shown: Vec<&str> =
            from.take_while(|line| !line.starts_with("FAILED     ") && !line.starts_with("DIFFERS    ")).collect();
        assert!((5..40).contains(&shown.len()), "{test}: {} lines\n{text}", shown.len());
        // A path is not broken: it is what people copy.
        for line in shown.iter().filter(|line| !line.trim_start().starts_with("target/")) {
            assert!(line.chars().count() <= 80, "{test}: {line}");
        }
        assert!(!text.contains('\u{1b}'), "neither colour in a pipe nor what lab code sent");
    }
}

/// Every kind of event, its fields and their types. A change here is a change for every reader.
#[test]
fn json_events_are_pinned() {
    let repository = Repository::new();
    repository.write("solutions/raft/src/lib.rs", "use std::env;\n");
    repository.write("storm.toml", "about = \"a storm\"\nnodes = 3\nduration = \"5s\"\n");
    let mutant = "what: it is wrong\nrules: never-yields\n\n--- /dev/null\n+++ b/src/new.rs\n@@ -0,0 +1 @@\n+wrong\n";
    repository.write("solutions/raft/mutants/wrong.patch", mutant);
    let stale = r#"{"client":1,"call":"put","key":"x","value":"a","version":0}
        {"client":1,"return":"done"}
        {"client":1,"call":"get","key":"x"}
        {"client":1,"return":"no-key"}"#;
    repository.write("stale.jsonl", stale);
    repository.write("labs/mapreduce/Cargo.toml", "[package]\nname = \"lab-mapreduce\"\n");
    repository.write("solutions/mapreduce/Cargo.toml", "[package]\nname = \"solution-mapreduce\"\n");
    let mut kinds: BTreeMap<String, Value> = BTreeMap::new();
    let mut lines = vec![
        "list raft --flight",
        "fly raft --seed 1 --node-binary none",
        "fly raft --tests election --seed 1 --node-binary none",
        "test raft fails_on_odd_seeds --seed 1 --check --save-schedule x.toml",
        "replay",
        "test raft fails_on_odd_seeds aborts --seed 1 --fail-fast --jobs 1",
        "new raft",
        "schema",
        "check stale.jsonl --model kv",
        "check stale.jsonl --model kv --steps 0",
        "export target/course",
        "power raft wrong --seeds 1..2 --jobs 1",
        "power raft wrong --fly --seed 1 --scenario storm.toml --node-binary none",
        "job wordcount --input stale.jsonl --output words --seed 1",
        "job wordcount --input stale.jsonl --output flown --seed 1 --fly --node-binary none",
        "test raft --seeds 0",
    ];
    for words in lines.drain(..) {
        if words == "replay" {
            repository.write("solutions/raft/src/lib.rs", "use std::net;\n");
        }
        for event in Answer::of(repository.command(&format!("{words} --format json"))).events() {
            let kind = event["event"].as_str().unwrap().to_owned();
            let shape = if kind == "schema" { Value::from("(the schema)") } else { shape(&event) };
            let known = kinds.entry(kind).or_insert_with(|| shape.clone());
            merge(known, shape);
        }
    }
    let documented = include_str!("../../docs/EVENTS.md");
    for kind in kinds.keys() {
        assert!(documented.contains(&format!("## `{kind}`")), "docs/EVENTS.md says nothing of {kind}");
    }
    for heading in documented.lines().filter_map(|line| line.strip_prefix("## `")) {
        assert!(
            kinds.contains_key(heading.trim_end_matches('`')),
            "docs/EVENTS.md describes {heading}, which never comes"
        );
    }
    for (kind, shape) in &kinds {
        for field in shape.as_object().into_iter().flat_map(|fields| fields.keys()) {
            assert!(documented.contains(&format!("`{field}`")), "docs/EVENTS.md says nothing of {kind}.{field}");
        }
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&kinds).unwrap());
}

/// Types in place of values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "string".into(),
        Value::Array(items) => Value::Array(items.first().map(shape).into_iter().collect()),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
    }
}

/// A type that was unknown so far is known now.
fn merge(known: &mut Value, shape: Value) {
    match (known, shape) {
        (Value::Object(known), Value::Object(shape)) => {
            for (name, value) in shape {
                merge(known.entry(name).or_insert(Value::Null), value);
            }
        }
        (known, shape) if shape != "null" && shape != Value::Array(vec![]) => *known = shape,
        _ => {}
    }
}
