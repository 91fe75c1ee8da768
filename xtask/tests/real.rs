//! The command line with a real worker: the reference submission, and misfits made of it.
//!
//! This executable is its own worker (a target without libtest), so that nothing is built but with
//! the test. Only under WINDTUNNEL_END_TO_END=1 a submission is begun, spoilt and built by `cargo lab`
//! itself, in release: minutes where nothing is built yet, seconds the next time.

#[path = "real/misfit.rs"]
mod misfit;
mod support;

use libtest_mimic::{Arguments, Trial};
use misfit::{BAD_ENDS, BadEnd, COUNTS, FORESEES, FORGETFUL, LOOKS, MISFIT, Misfit, PANICS_ONCE};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use support::Answer;
use windtunnel::fold;

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    // A worker, or a process for one node of it.
    if first == lab_harness::protocol::WORKER_ARGUMENT || first.starts_with("windtunnel-") {
        return match std::env::var_os(MISFIT) {
            None => lab_raft::worker::<solution_raft::Raft>(),
            Some(_) => lab_raft::worker::<Misfit>(),
        };
    }
    let trials: [(&str, fn()); 9] = [
        ("jobs_do_not_change_what_a_real_worker_finds", jobs_do_not_change_what_a_real_worker_finds),
        ("nodes_in_processes_give_the_same_summary", nodes_in_processes_give_the_same_summary),
        ("a_saved_schedule_is_the_run_that_it_was_saved_from", a_saved_schedule_is_the_run_that_it_was_saved_from),
        ("real_misfits_are_named_and_other_seeds_run", real_misfits_are_named_and_other_seeds_run),
        ("a_view_that_says_more_than_anybody_was_told_is_caught_by_the_messages", a_view_is_held_against_messages),
        ("a_static_and_an_address_are_told_by_the_event_where_they_show", a_static_and_an_address_are_told),
        ("a_run_that_differs_when_it_is_repeated_is_told_so", a_run_that_differs_when_it_is_repeated_is_told_so),
        ("a_real_failure_tells_how_it_came_about", a_real_failure_tells_how_it_came_about),
        ("a_spoilt_starter_is_built_and_named", a_spoilt_starter_is_built_and_named),
    ];
    let trials = trials.map(|(name, body)| {
        let gated =
            name == "a_spoilt_starter_is_built_and_named" && std::env::var_os("WINDTUNNEL_END_TO_END").is_none();
        let run = move || {
            body();
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(gated)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// A target directory of its own, for what is written: nothing is built there.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        Place(std::env::temp_dir().join(format!("windtunnel-real-{name}-{}", std::process::id())))
    }

    fn lab(&self, words: &str, misfit: Option<&str>) -> Answer {
        self.lab_in("json", words, misfit)
    }

    fn lab_in(&self, format: &str, words: &str, misfit: Option<&str>) -> Answer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(words.split(' ')).args(["--format", format, "--worker"]).arg(std::env::current_exe().unwrap());
        command.current_dir(root()).env("CARGO_TARGET_DIR", &self.0).env("WINDTUNNEL_WATCHDOG_S", "2");
        command.stdin(Stdio::null()).env_remove(MISFIT).envs(misfit.map(|misfit| (MISFIT, misfit)));
        Answer::of(command)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// All that is said but for times and the number of workers.
fn settled(answer: &Answer) -> Vec<Value> {
    let mut events = answer.events();
    for event in &mut events {
        for time in ["wall_ms", "cpu_ms", "jobs", "peak_worker_bytes"] {
            event.as_object_mut().unwrap().remove(time);
        }
    }
    events
}

fn jobs_do_not_change_what_a_real_worker_finds() {
    let place = Place::new("jobs");
    let alone = place.lab("test raft --seeds 3 --jobs 1", None);
    assert_eq!(alone.code, 0, "{alone:?}");
    let summary = alone.summary();
    assert_eq!(summary["runs"], json!(summary["tests"].as_u64().unwrap() * 3));
    assert_ne!(summary["trace_hash"], "0000000000000000");
    assert_eq!(settled(&alone), settled(&place.lab("test raft --seeds 3 --jobs 2", None)));
}

fn nodes_in_processes_give_the_same_summary() {
    let place = Place::new("isolation");
    let words = "test raft election --seed 7";
    let (thread, processes) = (place.lab(words, None), place.lab(&format!("{words} --isolate process"), None));
    assert_eq!(processes.code, 0, "{processes:?}");
    assert_eq!(settled(&thread), settled(&processes));
}

fn a_saved_schedule_is_the_run_that_it_was_saved_from() {
    let place = Place::new("schedule");
    let file = place.0.join("schedule.toml");
    std::fs::create_dir_all(&place.0).unwrap();
    // All that strikes in the first one has a time; in the second one power is lost on an occasion, too.
    for (storm, seed, has_occasions) in [("late_elections", 7, false), ("three_without_power", 2, true)] {
        let words = format!("test raft {storm} --seed {seed}");
        let saved = place.lab(&format!("{words} --save-schedule {}", file.display()), None);
        assert_eq!(saved.code, 0, "{saved:?}");
        let schedule = std::fs::read_to_string(&file).unwrap();
        assert_eq!(schedule.contains("raft.applied"), has_occasions, "{schedule}");
        let again = place.lab(&format!("test raft --scenario {} --seed {seed}", file.display()), None);
        assert_eq!(again.code, 0, "{again:?}");
        let (saved, again) = (saved.summary(), again.summary());
        assert!(
            saved["sim_ms"].as_u64().unwrap() > 0
                && saved["faults"].as_object().is_some_and(|faults| !faults.is_empty())
        );
        for what in ["sim_ms", "faults", "trace_hash"] {
            assert_eq!(saved[what], again[what], "{what} of {storm}");
        }
    }
}

fn real_misfits_are_named_and_other_seeds_run() {
    let place = Place::new("misfits");
    let mut passed = 0;
    for BadEnd { name, rule, words } in BAD_ENDS {
        let answer = place.lab("test raft initial_election re_election --seeds 40 --jobs 1", Some(name));
        assert_eq!(answer.code, 1, "{name}: {answer:?}");
        let failures = answer.events_of("failure");
        assert_eq!(failures.len(), 2, "{name}: each test has its own, and the worker goes on or was started again");
        for failure in &failures {
            let seed = failure["seed"].as_u64().unwrap();
            assert_eq!((&failure["rule"], &failure["node"]), (&json!(rule), &json!(2)), "{name}: {failure}");
            assert!(failure["at_event"].as_u64().unwrap() > 3, "{name}: {failure}");
            assert!((50_000_000..1_000_000_000).contains(&failure["at_ns"].as_u64().unwrap()), "{name}: {failure}");
            let title = failure["title"].as_str().unwrap();
            assert!(title.contains(words), "{name}: {title}");
            if words.ends_with(" at") {
                let place = format!(", at 0.050 s, seed {seed}.");
                assert!(title.contains(&format!("{words} event ")) && title.ends_with(&place), "{name}: {title}");
            }
            let runs = answer.events_of("run_result").into_iter().filter(|run| run["test"] == failure["test"]);
            assert_eq!(runs.count() as u64, seed + 1, "{name}: the seeds before it ran");
            passed += seed;
            if rule == "panic-in-drop" {
                let facts: Vec<&str> = failure["facts"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                let begins = |fact: &str, begin: &str, end: &str| fact.starts_with(begin) && fact.ends_with(end);
                assert!(begins(facts[0], "panicked at xtask/tests/real/misfit.rs:", ": the first"), "{facts:?}");
                assert!(begins(facts[1], "then panicked at xtask/tests/real/misfit.rs:", ": in a drop"), "{facts:?}");
            }
        }
    }
    assert!(passed > 0, "some seeds passed before");
}

/// Two of three have the entry, so that nothing else about it is wrong.
fn a_view_is_held_against_messages() {
    let place = Place::new("foresees");
    for isolate in ["", " --isolate process"] {
        let answer = place.lab(&format!("test raft basic_agree --seeds 1 --jobs 1{isolate}"), Some(FORESEES));
        assert_eq!((answer.code, &answer.events_of("failure")[0]["rule"]), (1, &json!("changes-heard")), "{answer:?}");
    }
}

/// Each process has its own statics, at addresses of its own.
fn a_static_and_an_address_are_told() {
    let place = Place::new("statics");
    for misfit in [COUNTS, LOOKS] {
        let answer = place.lab("test raft initial_election --seeds 2 --jobs 1 --isolate process", Some(misfit));
        assert_eq!(answer.code, 6, "{misfit}: {answer:?}");
        let failure = &answer.events_of("failure")[0];
        assert_eq!((&failure["rule"], &failure["node"]), (&json!("nondeterminism"), &json!(2)), "{misfit}: {failure}");
        // In the thread the first run of a worker counts from 0, as every node process does.
        assert_eq!(failure["seed"], json!(u64::from(misfit == COUNTS)), "{misfit}: {failure}");
        let (title, event) = (failure["title"].as_str().unwrap(), failure["at_event"].as_u64().unwrap());
        assert!(title.starts_with("The same seed gave two traces: "), "{misfit}: {title}");
        assert!(title.contains(" in the thread, ") && title.contains(" with a process for each node."), "{title}");
        assert!(title.ends_with(&format!(" They part at event {event}.")), "{misfit}: {title}");
        assert_eq!(failure["at_ns"], 0, "{misfit}: where node 2 starts: {failure}");
    }
}

/// Its own worker repeats a run that fails. Then there may be two traces though no other seed ran before, and though
/// nodes in processes give the first one.
fn a_run_that_differs_when_it_is_repeated_is_told_so() {
    let place = Place::new("repeated");
    let answer = place.lab("test raft initial_election --seed 1 --isolate process", Some(PANICS_ONCE));
    assert_eq!(answer.code, 6, "{answer:?}");
    let failure = &answer.events_of("failure")[0];
    assert_eq!((&failure["rule"], &failure["node"]), (&json!("nondeterminism"), &json!(2)), "{failure}");
    let title = failure["title"].as_str().unwrap();
    assert!(
        title.contains(" in the thread, and another run when it was repeated there. They part at event "),
        "{title}"
    );
}

/// Weather in which all that a story shows happens once at least: links, disks, power, messages that are lost.
const ROUGH: &str = r#"
about    = "Power goes, links and disks are struck"
nodes    = 3
duration = "20s"

[load]
propose_every = "40ms"

[[fault]]
kind = "lossy-link"
loss_ppm = 500_000
every = "200ms"
lasts = "600ms"
on_ppm = 1_000_000

[[fault]]
kind = "disk-error"
where = 3
sync_error_ppm = 50_000
every = "500ms"
lasts = "300ms"
on_ppm = 1_000_000

[[fault]]
kind = "power-loss"
where = "any"
every = "600ms"
down = "20ms"
on_ppm = 1_000_000
"#;

/// The story of it as a learner sees it, told by a real worker. `INSTA_UPDATE=always cargo test -p xtask --test real`
/// records it anew, also when the reference does something else now; read it before you keep it.
fn a_real_failure_tells_how_it_came_about() {
    let place = Place::new("story");
    std::fs::create_dir_all(&place.0).unwrap();
    let scenario = place.0.join("rough.toml");
    std::fs::write(&scenario, ROUGH).unwrap();
    let words = format!("test raft --scenario {} --seed 1", scenario.display());
    let answer = place.lab_in("text", &words, Some(FORGETFUL));
    assert_eq!(answer.code, 1, "{answer:?}");
    let lines = answer.stdout.lines().skip_while(|line| !line.starts_with("FAILED  raft"));
    let story: Vec<&str> = lines.take_while(|line| !line.starts_with("  Again")).collect();
    assert!((10..36).contains(&story.len()) && story.iter().all(|line| line.chars().count() <= 80), "{answer:?}");
    insta::assert_snapshot!("a_real_failure", story.join("\n"));
}

/// As a learner does it: `new`, an edit, `test`. In the target directory that `cargo lab` builds in.
fn a_spoilt_starter_is_built_and_named() {
    // The same place each time, so that what it needs is built once; outside, where it is a workspace of its own.
    let place = fold::of_bytes(root().as_os_str().as_encoded_bytes());
    let submission = std::env::temp_dir().join(format!("windtunnel-{place:016x}")).join("end-to-end");
    let _ = std::fs::remove_dir_all(&submission);
    let lab = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(words).arg("--format=json").current_dir(root()).stdin(Stdio::null());
        Answer::of(command)
    };
    let directory = submission.to_str().unwrap();
    let made = lab(&["new", "raft", directory]);
    assert_eq!(made.code, 0, "{made:?}");
    let source = submission.join("src/lib.rs");
    let starter = std::fs::read_to_string(&source).unwrap();
    let spoilt = starter.replacen("let stable = ", "std::process::exit(0);\n        let stable = ", 1);
    assert_ne!(starter, spoilt);
    std::fs::write(&source, spoilt).unwrap();
    let words = ["test", "raft", "initial_election", "--seed", "7", "--submission", directory, "--check"];
    let answer = lab(&words);
    assert_eq!(answer.code, 6, "{answer:?}");
    assert_eq!(answer.events_of("hermeticity")[0]["found"], "std::process");
    let failure = &answer.events_of("failure")[0];
    assert_eq!(failure["rule"], "worker-exited", "{failure}");
    let title = failure["title"].as_str().unwrap();
    assert!(title.starts_with("node 1 ended the process with exit code 0 at event "), "{title}");
    let _ = std::fs::remove_file(root().join(failure["file"].as_str().unwrap()));
}
