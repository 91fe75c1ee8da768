//! Failures that are run again: what became of them, and what is shown.

mod support;

use serde_json::json;
use support::{Answer, Repository};

#[test]
fn a_replay_tells_what_became_of_the_failure() {
    let repository = Repository::new();
    let file = "target/windtunnel/failures/raft-fails_on_odd_seeds-1.json";
    assert_eq!(repository.lab("test raft fails_on_odd_seeds --seed 1").code, 1);
    assert_eq!(repository.failures(), ["raft-fails_on_odd_seeds-1.json"]);
    let replay = |words: &str, edit: &str| {
        let mut command = repository.command(&format!("replay {words} --format json"));
        command.env("FAKE_EDIT", edit);
        let answer = Answer::of(command);
        (answer.code, answer.events_of("replay")[0]["outcome"].as_str().unwrap().to_owned())
    };
    assert_eq!(replay("last", ""), (1, "same".into()));
    assert_eq!(replay(file, "fixed"), (6, "diverged".into()), "the sources did not change");
    assert_eq!(replay(file, "other"), (6, "diverged".into()));
    repository.write("solutions/raft/src/lib.rs", "//! Edited.\n");
    assert_eq!(replay(file, "fixed"), (0, "passes_now".into()));
    assert_eq!(replay(file, ""), (1, "still_fails".into()));
    assert_eq!(replay(file, "other"), (1, "fails_otherwise".into()));
}

#[test]
fn a_replay_of_a_scenario_is_summed_up_like_its_run() {
    let repository = Repository::new();
    repository.write("calm.toml", "about = \"x\"\nnodes = 3\nduration = \"1s\"\n");
    let ran = repository.lab("test raft --scenario calm.toml --seed 1 --format json");
    let again = repository.lab("replay --format json");
    assert_eq!((ran.code, again.code), (1, 1), "{again:?}");
    let (ran, again) = (ran.summary(), again.summary());
    for field in ["tests", "runs", "planned", "failed", "seeds", "parts", "faults", "trace_hash", "sim_ms", "exit"] {
        assert_eq!(ran[field], again[field], "{field}");
    }
    assert_eq!((&again["tests"], &again["runs"], &again["failed"]), (&1.into(), &1.into(), &1.into()));
    assert_ne!(again["trace_hash"], "0000000000000000");
}

#[test]
fn a_replay_names_the_sources_that_changed() {
    let repository = Repository::new();
    let file = "target/windtunnel/failures/raft-fails_on_odd_seeds-1.json";
    repository.lab("test raft fails_on_odd_seeds --seed 1");
    let changed = || repository.lab("replay --format json").events_of("replay")[0]["changed"].clone();
    assert_eq!(changed(), json!([]));
    repository.write("solutions/raft/src/lib.rs", "//! Edited.\n");
    assert_eq!(changed(), json!(["solutions/raft/src/lib.rs"]));
    repository.write("labs/raft/Cargo.toml", "[package]\nname = \"lab-raft\"\n# edited\n");
    repository.write("solutions/raft/src/new.rs", "//! New.\n");
    std::fs::remove_file(repository.path().join("labs/harness/Cargo.toml")).unwrap();
    let all =
        ["solutions/raft/src/lib.rs", "solutions/raft/src/new.rs", "labs/harness/Cargo.toml", "labs/raft/Cargo.toml"];
    assert_eq!(changed(), json!(all), "the submission's first, then what others changed");
    let text = repository.lab("replay").stdout;
    assert!(text.contains("breaks as before.\nsolutions/raft/src/lib.rs and 3 others changed."), "{text}");

    // A file from before there were hashes of files.
    let mut saved: serde_json::Value = serde_json::from_str(&repository.read(file)).unwrap();
    saved.as_object_mut().unwrap().remove("files").unwrap();
    repository.write(file, &saved.to_string());
    assert_eq!(changed(), json!([]));
    let text = repository.lab("replay").stdout;
    assert!(text.contains("breaks as before. The sources changed."), "{text}");
}

#[test]
fn a_failure_too_far_away_for_a_line_is_replayed_by_its_name() {
    let repository = Repository::new();
    let target = repository.path().join("a-long-way-down".repeat(5));
    let lab = |words: &str| {
        let mut command = repository.command(words);
        command.env("CARGO_TARGET_DIR", &target);
        Answer::of(command)
    };
    let shown = lab("test raft fails_on_odd_seeds --seed 1").stdout;
    let again = shown.lines().find_map(|line| line.trim().strip_prefix("Again     cargo lab ")).unwrap();
    assert_eq!(again, "replay raft-fails_on_odd_seeds-1.json");
    assert!(lab(again).stdout.contains("The same run"), "{:?}", lab(again));
    assert_eq!(lab("replay raft-no-such-test-1.json").code, 2);
}

#[test]
fn failures_are_shown_from_where_the_user_stands() {
    let repository = Repository::new();
    let answer = Answer::of(repository.command_in("scenarios", "test raft fails_on_odd_seeds --seed 1 --format json"));
    let file = answer.events_of("failure")[0]["file"].as_str().unwrap().to_owned();
    assert_eq!(file, "../target/windtunnel/failures/raft-fails_on_odd_seeds-1.json");
}

#[test]
fn a_replay_writes_every_event_and_shows_what_was_printed_and_logs_on_demand() {
    let repository = Repository::new();
    repository.lab("test raft fails_on_odd_seeds --seed 1");
    let quiet = repository.lab("replay --trace all.jsonl");
    assert!(quiet.stdout.contains("| hello from println") && !quiet.stdout.contains("nothing on disk"), "{quiet:?}");
    assert_eq!(repository.read("all.jsonl").lines().count(), 7 + 1);
    let loud = repository.lab("replay --log debug");
    assert!(loud.stdout.contains("| hello from println") && loud.stdout.contains("debug nothing on disk"), "{loud:?}");
    assert_eq!(repository.lab("replay --trace no/where.jsonl").code, 2);
}
