//! Bad input and misbehaving submissions: each is named clearly, and nothing is lost.

mod support;

use support::{Answer, Repository};

#[test]
fn unknown_names_are_answered_with_near_ones() {
    let repository = Repository::new();
    for (words, code, named, near) in [
        ("test rafd", 2, "no lab `rafd`", "raft"),
        ("list rafd", 2, "no lab `rafd`", "raft"),
        ("new rafd", 2, "no lab `rafd`", "raft"),
        ("test raft --part elecshun", 2, "no part `elecshun`", "election"),
        ("test raft --part 3C", 2, "no part `3C`", "3A"),
        ("test raft --tag strom", 2, "no tag `strom`", "storm"),
        ("test raft --scenario leader-without-power", 2, "no scenario `leader-without-power`", "leaders-without-power"),
        ("test raft re_elektion", 4, "no test of lab raft matches `re_elektion`", "re_election"),
    ] {
        let answer = repository.lab(words);
        assert_eq!(answer.code, code, "{words}: {answer:?}");
        assert!(answer.stderr.contains(named) && answer.stderr.contains(near), "{words}: {answer:?}");
        let answer = repository.lab(&format!("{words} --format json"));
        assert_eq!(answer.code, code, "{words}");
        assert_eq!(answer.summary()["exit"], code);
        let error = &answer.events_of("error")[0];
        assert!(error["nearest"].as_array().unwrap().iter().any(|name| name == near), "{error}");
    }
    assert_eq!(repository.lab("test raft --part election --tag mit undecided").code, 4);
}

#[test]
fn what_is_known_to_be_wrong_needs_no_build_and_no_seed() {
    let repository = Repository::new();
    let wrong = [("--part 3Z", 2), ("--tag strom", 2), ("re_elektion", 4), ("--part election --tag mit undecided", 4)];
    for (words, code) in wrong {
        let answer = repository.lab(&format!("test raft {words}"));
        assert_eq!(
            (answer.code, answer.stdout.as_str()),
            (code, ""),
            "a seed is drawn when the run begins: {answer:?}"
        );
    }
    let without_worker = |words: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["test", "raft"]).args(words.split(' ')).args(["--worker", "/nonexistent", "--root"]);
        command.arg(repository.path()).env("CARGO_TARGET_DIR", repository.path().join("target"));
        Answer::of(command).code
    };
    for (words, code) in wrong {
        assert_eq!(without_worker(words), code, "{words}: known from the worker before");
    }
    assert_eq!(without_worker("re_election"), 70, "a right name needs the worker");
    repository.write("labs/raft/src/new.rs", "//! Maybe part 3Z.\n");
    assert_eq!(without_worker("--part 3Z"), 70, "the lab may have another part now");
}

#[test]
fn usage_errors_exit_with_2_and_end_in_a_summary() {
    let repository = Repository::new();
    for words in [
        "test raft --jobs 0",
        "test raft --jobs many",
        "test raft --seeds 0",
        "test raft --seeds 5..5",
        "test raft --seeds 8..=5",
        "test raft --seed seven",
        "test raft --seed 1 --seeds 2",
        "test raft --seed 18446744073709551616",
        "test raft --unknown",
        "test",
        "dance",
        "test raft --submission nowhere",
        "test raft --save-schedule out.toml --seed 1",
        "test raft is_refused --seed 1",
        "test raft --scenario scenarios/raft/leaders-without-power.toml --seed 1",
        "replay nowhere.json",
        "replay",
        "replay --node 0",
        "replay --from soon",
        "test raft --seed 1 --emit junit=a.xml junit=b.xml",
        "test raft --seed 1 --emit junit=a.xml,json=b.json",
        "test raft --seed 1 --part log --part elektion",
    ] {
        let answer = repository.lab(words);
        assert_eq!(answer.code, 2, "{words}: {answer:?}");
        assert!(answer.stderr.contains("error: "), "{words}: {answer:?}");
        let answer = repository.lab(&format!("{words} --format json"));
        assert_eq!(answer.summary()["exit"], 2, "{words}");
        assert_eq!(answer.events_of("error").len(), 1, "{words}");
    }
}

#[test]
fn a_wrong_scenario_points_at_its_line() {
    let repository = Repository::new();
    repository.write("mine.toml", "about = \"a storm\"\nnodes = \"five\"\n");
    let answer = repository.lab("test raft --scenario mine.toml");
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("mine.toml") && answer.stderr.contains("nodes = \"five\""), "{answer:?}");
}

/// Test, rule, words that its failure must have.
const MISBEHAVIOUR: [(&str, &str, &str); 7] = [
    ("aborts", "worker-died", "SIGABRT"),
    ("exits_with_zero", "worker-exited", "exit code 0"),
    ("overflows_its_stack", "stack-overflow", "overflowed its stack"),
    ("runs_out_of_memory", "out-of-memory", "ran out of memory"),
    ("panics_in_a_drop", "panic-in-drop", "panicked in a drop"),
    ("never_yields", "never-yields", "stopped yielding"),
    ("prints_garbage", "worker-garbled", "no answer"),
];

#[test]
fn every_way_to_die_is_named_with_node_event_time_and_seed() {
    let repository = Repository::new();
    for (test, rule, words) in MISBEHAVIOUR {
        let answer = repository.lab(&format!("test raft {test} --seed 7 --format json"));
        assert_eq!(answer.code, 1, "{answer:?}");
        let failure = &answer.events_of("failure")[0];
        assert_eq!(failure["rule"], rule, "{failure}");
        let title = failure["title"].as_str().unwrap();
        assert!(title.contains(words), "{title}");
        assert!(title.starts_with("node 2 "), "{title}");
        assert!(title.contains("at event 812, at 1.310 s, seed 7"), "{title}");
        assert_eq!((&failure["node"], &failure["at_event"]), (&2.into(), &812.into()));
        assert_eq!(answer.summary()["failed"], 1);
    }
}

#[test]
fn the_worker_restarts_and_the_other_runs_go_on() {
    let repository = Repository::new();
    for jobs in 1..=2 {
        let words = format!(
            "test raft dies_on_seed_two aborts exits_with_zero re_election --seeds 4 --jobs {jobs} --format json"
        );
        let answer = repository.lab(&words);
        assert_eq!(answer.code, 1);
        let summary = answer.summary();
        assert_eq!((&summary["passed"], &summary["failed"]), (&1.into(), &3.into()));
        // Four of re_election, one of each that dies at once, three of the one that dies on seed 2.
        assert_eq!(summary["runs"], 4 + 1 + 1 + 3, "{summary}");
    }
}

#[test]
fn a_worker_that_is_none_is_a_harness_error() {
    let repository = Repository::new();
    for (how, words) in [("silent", "exited with code 0 before its hello"), ("garbage", "good morning")] {
        let mut command = repository.command("test raft --seed 1");
        command.env("FAKE_HELLO", how);
        let answer = Answer::of(command);
        assert_eq!(answer.code, 70);
        assert!(answer.stderr.contains(words), "{answer:?}");
        let fix = "fake-worker is no worker: its main must call `lab_raft::worker`;";
        assert!(answer.stderr.split_whitespace().collect::<Vec<_>>().join(" ").contains(fix), "{answer:?}");
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["test", "raft", "--worker", "/nonexistent", "--root"]).arg(repository.path());
    let answer = Answer::of(command);
    assert_eq!(answer.code, 70, "{answer:?}");
    assert!(answer.stderr.contains("cannot start the worker"), "{answer:?}");
}

#[test]
fn a_target_that_cannot_be_written_is_named() {
    let repository = Repository::new();
    repository.write("target", "a file where a directory should be");
    let answer = repository.lab("test raft re_election --seed 1");
    assert_eq!(answer.code, 70);
    assert!(answer.stderr.contains("cannot write under") && answer.stderr.contains("CARGO_TARGET_DIR"), "{answer:?}");
}

#[test]
fn results_that_cannot_be_written_are_an_error() {
    let full = std::path::Path::new("/dev/full");
    if !full.exists() {
        return; // no such device on this system
    }
    let repository = Repository::new();
    for words in ["list", "test raft re_election --seed 1", "test raft re_election --seed 1 --format json", "schema"] {
        let mut command = repository.command(words);
        command.stdout(std::fs::File::options().write(true).open(full).unwrap()).stderr(std::process::Stdio::piped());
        let answer = Answer::from(command.spawn().unwrap().wait_with_output().unwrap());
        assert_eq!(answer.code, 70, "{words}: {answer:?}");
        assert!(answer.stderr.contains("cannot write the results to standard output"), "{words}: {answer:?}");
    }
}

#[test]
fn half_a_schedule_is_not_left_behind() {
    let repository = Repository::new();
    let lab = repository.command("test raft re_election --seed 99 --save-schedule cut.toml");
    // No file may grow past a few hundred bytes, as on a disk that is all but full.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]).arg(lab.get_program()).args(lab.get_args());
    shell.current_dir(repository.path());
    shell.envs(lab.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let answer = Answer::of(shell);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("cannot write cut.toml"), "{answer:?}");
    assert!(!repository.path().join("cut.toml").exists());
}

#[test]
fn failures_that_cannot_be_saved_are_still_shown() {
    let repository = Repository::new();
    repository.write("target/windtunnel/failures", "a file where a directory should be");
    let answer = repository.lab("test raft fails_on_odd_seeds --seed 1");
    assert_eq!(answer.code, 70);
    assert!(answer.stdout.contains("Election safety is broken"), "{answer:?}");
    assert!(answer.stderr.contains("cannot write under"), "{answer:?}");
}

#[test]
fn a_failure_file_cut_in_half_or_of_other_weather_is_refused() {
    let repository = Repository::new();
    assert_eq!(repository.lab("test raft fails_on_odd_seeds --seed 1").code, 1);
    let file = "target/windtunnel/failures/raft-fails_on_odd_seeds-1.json";
    let mut command = repository.command(&format!("replay {file}"));
    command.env("FAKE_WEATHER", "2");
    let answer = Answer::of(command);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("weather version 1, this is version 2"), "{answer:?}");

    let whole = repository.read(file);
    repository.write(file, &whole[..whole.len() / 2]);
    let answer = repository.lab(&format!("replay {file}"));
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("is cut off after line"), "{answer:?}");
    repository.write(file, "{\"format\": 1}");
    assert!(repository.lab(&format!("replay {file}")).stderr.contains("is no failure file"));
}

#[test]
fn a_submission_that_does_not_build_is_shown_in_the_compilers_words() {
    let repository = Repository::new();
    repository.write("solutions/raft/src/main.rs", "fn main() { let term: u64 = \"five\"; }\n");
    let answer = Answer::of(repository.built("test raft --seed 1"));
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(answer.stderr.contains("mismatched types") && answer.stderr.contains("solutions/raft does not build"));
    let answer = Answer::of(repository.built("test raft --seed 1 --format json"));
    assert_eq!(answer.summary()["exit"], 3);
    assert!(answer.events_of("error")[0]["message"].as_str().unwrap().contains("mismatched types"), "{answer:?}");

    std::fs::remove_file(repository.path().join("solutions/raft/src/main.rs")).unwrap();
    let answer = Answer::of(repository.built("test raft --seed 1"));
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(answer.stderr.contains("it needs one binary"), "{answer:?}");
}

#[test]
fn a_crate_that_is_not_the_submissions_is_blamed_by_its_name() {
    let repository = Repository::new();
    let needs = "[package]\nname = \"solution-raft\"\n[dependencies]\nlab-raft = { path = \"../../labs/raft\" }\n";
    repository.write("solutions/raft/Cargo.toml", needs);
    repository.write("solutions/raft/src/main.rs", "fn main() {}\n");
    repository.write("labs/raft/src/lib.rs", "pub fn f() -> u64 { \"five\" }\n");
    let answer = Answer::of(repository.built("test raft --seed 1"));
    assert_eq!(answer.code, 70, "{answer:?}");
    let sentence = "lab-raft does not build (which solutions/raft needs): this is Windtunnel's own code";
    assert!(answer.stderr.contains(sentence) && answer.stderr.contains("mismatched types"), "{answer:?}");
    let json = Answer::of(repository.built("test raft --seed 1 --format json"));
    assert_eq!(json.summary()["exit"], 70);
    assert!(json.events_of("error")[0]["message"].as_str().unwrap().contains("mismatched types"), "{json:?}");

    repository
        .write("labs/raft/Cargo.toml", "[package]\nname = \"lab-raft\"\n[dependencies]\nno = { path = \"no\" }\n");
    let answer = Answer::of(repository.built("test raft --seed 1"));
    assert_eq!(answer.code, 70, "{answer:?}");
    assert!(answer.stderr.contains("lab-raft does not build (which solutions/raft needs)"), "{answer:?}");

    repository.write("labs/raft/Cargo.toml", "[package\n");
    let answer = Answer::of(repository.built("test raft --seed 1"));
    assert_eq!(answer.code, 70, "{answer:?}");
    repository.write("labs/raft/Cargo.toml", "[package]\nname = \"lab-raft\"\n");
    repository.write("labs/raft/src/lib.rs", "");
    repository.write("solutions/raft/Cargo.toml", &needs.replace("labs/raft", "labs/none"));
    let answer = Answer::of(repository.built("test raft --seed 1"));
    assert_eq!(answer.code, 3, "it asks for what is not there: {answer:?}");
}

#[test]
fn flags_in_the_environment_get_the_cfg() {
    let repository = Repository::new();
    let main = "#[cfg(not(all(madsim, mine)))] compile_error!(\"flags are lost\");\nfn main() {}\n";
    repository.write("solutions/raft/src/main.rs", main);
    let mut command = repository.built("test raft --seed 1");
    command.env("RUSTFLAGS", "--cfg mine");
    let answer = Answer::of(command);
    assert_eq!(answer.code, 70, "it builds, and says no hello: {answer:?}");
    assert!(answer.stderr.contains("before its hello"), "{answer:?}");
}

/// Crates without dependencies stand for lab, submission and Raft.
fn built_on_raft() -> Repository {
    let repository = Repository::new();
    let features = "[features]\nsim = []\nreal = []\n";
    let of_lab = |lab: &str| format!("[package.metadata.windtunnel]\nlab = \"{lab}\"\n");
    let manifest = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}{features}")
    };
    let on = "[package.metadata.windtunnel]\non = \"raft\"\n";
    repository.write("Cargo.toml", "[workspace]\nmembers = [\"labs/tower\", \"solutions/tower\"]\nresolver = \"3\"\n");
    repository.write("labs/tower/Cargo.toml", &manifest("lab-tower", on));
    let lab = "pub struct ExitCode;\nimpl std::process::Termination for ExitCode {\n    fn report(self) -> std::process::ExitCode {\n        \
               std::process::ExitCode::SUCCESS\n    }\n}\npub fn worker<S, R>() -> ExitCode {\n    ExitCode\n}\n";
    repository.write("labs/tower/src/lib.rs", lab);
    repository.write("solutions/tower/Cargo.toml", &manifest("solution-tower", &of_lab("tower")));
    repository.write("solutions/tower/src/lib.rs", "pub struct Submission;\n");
    for (name, lab) in [("mine", "raft"), ("other", "kv"), ("silent", "")] {
        let says = if lab.is_empty() { String::new() } else { of_lab(lab) };
        repository.write(&format!("{name}/Cargo.toml"), &format!("{}\n[workspace]\n", manifest(name, &says)));
        repository.write(&format!("{name}/src/lib.rs"), "pub struct Raft;\n");
    }
    repository
}

#[test]
fn a_raft_that_is_none_is_named_before_anything_is_built() {
    let repository = built_on_raft();
    for (words, named) in [
        ("test raft --raft mine", "lab raft is not built on Raft: leave out --raft"),
        ("test tower --raft other", "other is a submission for lab kv, not raft"),
        ("test tower --raft silent", "does not say that it is a Raft: lab = \"raft\""),
        ("test tower --raft nowhere", "nowhere is no submission: its Cargo.toml"),
        ("fly tower --raft other", "other is a submission for lab kv, not raft"),
    ] {
        let answer = repository.lab(words);
        assert_eq!(answer.code, 2, "{words}: {answer:?}");
        assert!(answer.stderr.contains(named), "{words}: {answer:?}");
    }
}

#[test]
fn a_submission_and_a_raft_are_built_into_one_worker() {
    let repository = built_on_raft();
    let answer = Answer::of(repository.built("test tower --raft mine --seed 1"));
    assert_eq!(answer.code, 70, "it is built, and no worker: {answer:?}");
    let made = repository.read("target/windtunnel/on-raft/solution-tower-on-mine/joined/Cargo.toml");
    assert!(made.contains("lab = \"tower\"") && made.contains("lab-tower"), "{made}");
    repository.write("mine/src/lib.rs", "pub struct NoRaft;\n");
    let answer = Answer::of(repository.built("test tower --raft mine --seed 1"));
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(answer.stderr.contains("cannot find type `Raft` in crate `raft`"), "{answer:?}");
}

#[test]
fn the_program_of_another_clone_is_told_from_ones_own() {
    let repository = Repository::new();
    let list = |from: std::path::PathBuf| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["list", "raft", "--worker", "/nonexistent"]).env("CARGO_MANIFEST_DIR", from);
        Answer::of(command)
    };
    let other = list(repository.path().join("xtask"));
    assert_eq!(other.code, 70, "{other:?}");
    assert!(other.stderr.contains("another clone") && other.stderr.contains("CARGO_TARGET_DIR"), "{other:?}");
    let own = list(env!("CARGO_MANIFEST_DIR").into());
    assert!(!own.stderr.contains("another clone"), "{own:?}");
}
