//! `--emit`: the results in a file, whatever the end was.
//! `INSTA_UPDATE=always cargo test -p xtask --test emit` records the files anew; read the difference before you keep it.

mod support;

use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use support::{Answer, Repository};

/// Without the one thing that wall time decides.
fn settled(text: &str) -> String {
    let without = |text: &str, begin: &str, end: char| {
        let mut pieces = text.split(begin);
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |text, piece| text + begin + "TIME" + &piece[piece.find(end).expect("it ends")..])
    };
    without(&without(text, " time=\"", '"'), "\"time_ms\": ", ',')
}

const BOTH: &str = "--emit junit=out/deep/results.xml --emit json=out/results.json";

#[test]
fn both_files_hold_every_test_its_points_and_its_failure() {
    let repository = Repository::new();
    let words = "test raft 3A undecided exits_with_zero --seeds 1..=2 --jobs 2";
    let plain = repository.lab(words);
    let answer = repository.lab(&format!("{words} {BOTH}"));
    assert_eq!((answer.code, plain.code), (1, 1), "{answer:?}");
    let without_time = |answer: &Answer| answer.stdout.replace(&time_of(answer), "TIME");
    assert_eq!(without_time(&answer), without_time(&plain), "what is printed does not change");
    insta::assert_snapshot!("junit", settled(&repository.read("out/deep/results.xml")));
    insta::assert_snapshot!("json", settled(&repository.read("out/results.json")));
    let leftovers = std::fs::read_dir(repository.path().join("out/deep")).unwrap().count();
    assert_eq!(leftovers, 1, "no temporary file");
}

fn time_of(answer: &Answer) -> String {
    let (_, rest) = answer.stdout.split_once(" simulated in ").unwrap();
    rest.split_once(',').unwrap().0.to_owned()
}

fn json_of(repository: &Repository, file: &str) -> Value {
    serde_json::from_str(&repository.read(file)).unwrap()
}

#[test]
fn every_field_of_the_document_is_described() {
    let repository = Repository::new();
    repository.lab(&format!("test raft fails_on_odd_seeds --seed 1 {BOTH}"));
    let documented = include_str!("../../docs/EVENTS.md");
    let (_, documented) = documented.split_once("# `--emit`").expect("a chapter of its own");
    let results = json_of(&repository, "out/results.json");
    let (part, test) = (&results["parts"][0], &results["parts"][0]["tests"][0]);
    for object in [&results, part, test, &test["failure"]] {
        for field in object.as_object().unwrap().keys() {
            assert!(documented.contains(&format!("`{field}`")), "docs/EVENTS.md says nothing of {field}");
        }
    }
}

#[test]
fn an_interruption_is_written_too_and_what_was_stopped_is_no_pass() {
    let repository = Repository::new();
    let words = "test raft re_election takes_its_time dies_on_seed_two --seeds 1000 --jobs 1";
    let mut command = repository.command(&format!("{words} {BOTH}"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let answer = Answer::from(child.wait_with_output().unwrap());
    assert_eq!(answer.code, 130, "{answer:?}");
    let xml = repository.read("out/deep/results.xml");
    assert!(xml.contains("tests=\"3\" skipped=\"2\" failures=\"0\" errors=\"0\""), "{xml}");
    assert!(xml.contains("skipped message=\"stopped after ") && xml.contains("skipped message=\"not run\""), "{xml}");
    let results = json_of(&repository, "out/results.json");
    assert_eq!((&results["exit"], &results["not_run"]), (&json!(130), &json!(1)), "{results}");
}

#[test]
fn a_submission_that_does_not_build_is_an_error_in_the_compilers_words() {
    let repository = Repository::new();
    repository.write("solutions/raft/src/main.rs", "fn main() { let term: u64 = \"five\"; }\n");
    let answer = Answer::of(repository.built(&format!("test raft --seed 7 {BOTH}")));
    assert_eq!(answer.code, 3, "{answer:?}");
    assert_eq!(answer.stderr.matches("mismatched types").count(), 1, "a person reads it once: {answer:?}");
    let xml = repository.read("out/deep/results.xml");
    let suite = "<testsuite name=\"raft\" tests=\"1\" skipped=\"0\" errors=\"1\" failures=\"0\">";
    assert!(xml.contains(suite), "{xml}");
    assert!(xml.contains("<testcase name=\"build\" classname=\"raft\">"), "{xml}");
    assert!(xml.contains("type=\"does-not-build\"") && xml.contains("mismatched types"), "{xml}");
    assert!(xml.contains("name=\"first_seed\" value=\"7\""), "{xml}");
    assert!(xml.contains("name=\"submission\" value=\"solutions/raft\""), "{xml}");
    let error = &json_of(&repository, "out/results.json")["error"];
    assert_eq!(error["exit"], 3);
    assert!(error["message"].as_str().unwrap().contains("mismatched types"), "{error}");
}

#[test]
fn a_refused_run_is_an_error_beside_the_results_so_far() {
    let repository = Repository::new();
    let answer = repository.lab(&format!("test raft re_election is_refused --seed 1 --jobs 1 {BOTH}"));
    assert_eq!(answer.code, 2, "{answer:?}");
    let results = json_of(&repository, "out/results.json");
    assert_eq!((&results["passed"], &results["error"]["exit"]), (&json!(1), &json!(2)), "{results}");
    let xml = repository.read("out/deep/results.xml");
    assert!(xml.contains("type=\"usage\"") && xml.contains("tests=\"3\" skipped=\"1\""), "{xml}");
}

#[test]
fn a_file_that_cannot_be_written_is_named_and_the_results_are_printed() {
    let repository = Repository::new();
    repository.write("file", "");
    for target in ["file/results.xml", ".", "/dev/full"] {
        let words = format!("test raft re_election --seed 2 --emit junit={target} --emit json=out.json");
        let answer = repository.lab(&words);
        assert_eq!(answer.code, 70, "{target}: {answer:?}");
        assert!(answer.stdout.contains("1 test: 1 passed"), "{answer:?}");
        assert!(answer.stderr.contains(&format!("cannot write the results to {target}: ")), "{answer:?}");
        assert_eq!(json_of(&repository, "out.json")["passed"], 1, "the other one is written");
        std::fs::remove_file(repository.path().join("out.json")).unwrap();
    }
    let json = repository.lab("test raft re_election --seed 2 --emit junit=file/x --format json");
    assert_eq!((json.summary()["exit"].clone(), json.events_of("error").len()), (json!(70), 1));
    let failed = repository.lab("test raft aborts --seed 2 --emit junit=file/x");
    assert_eq!(failed.code, 70, "as EXIT-CODES.md orders them: {failed:?}");
}

#[test]
fn an_unknown_emitter_is_refused_before_anything_runs() {
    let repository = Repository::new();
    let answer = repository.lab("test raft --seed 1 --emit html=x.html --emit json=out.json");
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("no emitter `html`") && answer.stderr.contains("junit, json"), "{answer:?}");
    assert!(answer.stdout.is_empty() && !repository.path().join("out.json").exists(), "{answer:?}");
}
