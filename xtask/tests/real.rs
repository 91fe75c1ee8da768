//! The command line with a real worker: the reference submission, and misfits made of it.
//!
//! This executable is its own worker (a target without libtest), so that nothing is built but with
//! the test. Only under WINDTUNNEL_END_TO_END=1 a submission is begun, spoilt and built by `cargo lab`
//! itself, in release: minutes where nothing is built yet, seconds the next time.

mod support;

use lab_raft::{AppliedStream, LogIndex, NotLeader, Proposed, Status, View};
use libtest_mimic::{Arguments, Trial};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use support::Answer;
use windtunnel::{NodeId, fold, fs, node, rand, time};

/// What is wrong with the submission that this worker is of; nothing if it is not set.
const MISFIT: &str = "WINDTUNNEL_TEST_MISFIT";

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    // A worker, or a process for one node of it.
    if first == lab_harness::protocol::WORKER_ARGUMENT || first.starts_with("windtunnel-") {
        return match std::env::var_os(MISFIT) {
            None => lab_raft::worker::<solution_raft::Raft>(),
            Some(_) => lab_raft::worker::<Misfit>(),
        };
    }
    let trials: [(&str, fn()); 5] = [
        ("jobs_do_not_change_what_a_real_worker_finds", jobs_do_not_change_what_a_real_worker_finds),
        ("nodes_in_processes_give_the_same_summary", nodes_in_processes_give_the_same_summary),
        ("real_misfits_are_named_and_other_seeds_run", real_misfits_are_named_and_other_seeds_run),
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

/// Ways to be one: name, rule, and what must be said.
const MISFITS: [(&str, &str, &str); 4] = [
    ("exits", "worker-exited", "ended the process with exit code 0"),
    ("aborts", "worker-died", "ended the process by SIGABRT"),
    ("overflows its stack", "stack-overflow", "overflowed its stack"),
    ("never yields", "never-yields", "stopped yielding"),
];

/// A bug instead of a bad end: whoever starts has forgotten its term, its votes and its log.
const FORGETFUL: &str = "forgets its disk";

/// The reference, but node 2 goes wrong while it starts: at 50 ms, on one seed in four.
#[derive(Clone, Debug)]
struct Misfit(solution_raft::Raft);

impl lab_raft::Raft for Misfit {
    async fn start(applied: AppliedStream) -> std::io::Result<Self> {
        let how = std::env::var(MISFIT).unwrap_or_default();
        if how == FORGETFUL {
            for file in fs::read_dir(".").await? {
                let _ = fs::remove_file(&file).await;
            }
        }
        for (name, _, _) in MISFITS.into_iter().filter(|(name, _, _)| *name == how) {
            if node::id() == NodeId(2) && rand::stream(name).below(4) == 0 {
                time::sleep(Duration::from_millis(50)).await;
                misbehave(name);
            }
        }
        Ok(Misfit(solution_raft::Raft::start(applied).await?))
    }

    fn propose(&self, command: Vec<u8>) -> Result<Proposed, NotLeader> {
        self.0.propose(command)
    }

    fn status(&self) -> Status {
        self.0.status()
    }

    fn snapshot(&self, index: LogIndex, data: Vec<u8>) {
        self.0.snapshot(index, data);
    }

    fn view(&self) -> View {
        self.0.view()
    }
}

fn misbehave(how: &str) {
    match how {
        "exits" => std::process::exit(0),
        "aborts" => std::process::abort(),
        "overflows its stack" => drop(std::hint::black_box(dig(0))),
        "never yields" => loop {
            std::hint::black_box(());
        },
        how => panic!("nobody knows how to be a misfit that {how}"),
    }
}

#[allow(unconditional_recursion, reason = "it is what the test is about")]
fn dig(depth: u64) -> u64 {
    let ballast = std::hint::black_box([depth; 64]);
    dig(depth + 1) + ballast[1]
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
        for time in ["wall_ms", "cpu_ms", "jobs"] {
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

fn real_misfits_are_named_and_other_seeds_run() {
    let place = Place::new("misfits");
    let mut passed = 0;
    for (misfit, rule, words) in MISFITS {
        let answer = place.lab("test raft initial_election re_election --seeds 40 --jobs 1", Some(misfit));
        assert_eq!(answer.code, 1, "{answer:?}");
        let failures = answer.events_of("failure");
        assert_eq!(failures.len(), 2, "each test has its own: the worker was started again");
        for failure in &failures {
            let (title, seed) = (failure["title"].as_str().unwrap(), failure["seed"].as_u64().unwrap());
            assert_eq!((&failure["rule"], &failure["node"]), (&json!(rule), &json!(2)), "{misfit}: {failure}");
            let place = format!(", at 0.050 s, seed {seed}.");
            assert!(title.starts_with(&format!("node 2 {words} at event ")) && title.ends_with(&place), "{title}");
            assert!(failure["at_event"].as_u64().unwrap() > 3, "{failure}");
            let runs = answer.events_of("run_result").into_iter().filter(|run| run["test"] == failure["test"]);
            assert_eq!(runs.count() as u64, seed + 1, "the seeds before it ran");
            passed += seed;
        }
    }
    assert!(passed > 0, "some seeds passed before");
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
