//! Running tests: seeds, jobs, verdicts, comparisons, interruption.

mod support;

use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Answer, Repository};

#[test]
fn a_seed_is_drawn_and_printed_first() {
    let repository = Repository::new();
    let first = repository.lab("test raft re_election");
    let second = repository.lab("test raft re_election");
    let line = |answer: &Answer| answer.stdout.lines().next().unwrap().to_owned();
    assert!(line(&first).starts_with("seed ") && line(&first).ends_with(" (drawn)"), "{first:?}");
    assert_ne!(line(&first), line(&second));
    let json = repository.lab("test raft re_election --format json");
    assert_eq!(json.events()[0]["event"], "seed");
    assert_eq!(json.events()[0]["drawn"], true);
}

#[test]
fn results_do_not_depend_on_the_number_of_jobs() {
    let repository = Repository::new();
    let run = |jobs: u32| {
        let words = "test raft fails_on_odd_seeds election initial_election re_election --seeds 40 --format json";
        let answer = repository.lab(&format!("{words} --jobs {jobs}"));
        let mut events = answer.events();
        let last = events.last_mut().unwrap();
        (last["wall_ms"], last["cpu_ms"]) = (json!(0), json!(0));
        events.retain(|event| event["event"] != "plan");
        events
    };
    let alone = run(1);
    assert_eq!(alone, run(2));
    assert_eq!(alone, run(7));
    let summary = alone.last().unwrap();
    assert_eq!(summary["runs"], 40 + 40 + 2, "a test stops at its first failing seed, others go on");
    assert_eq!((&summary["passed"], &summary["failed"]), (&json!(2), &json!(1)));
}

#[test]
fn a_spread_gives_each_seed_to_one_test() {
    let repository = Repository::new();
    let tests = ["initial_election", "re_election", "undecided"];
    let answer = repository.lab(&format!("test raft {} --seeds 5..12 --spread --format json", tests.join(" ")));
    let plan = &answer.events_of("plan")[0]["tests"];
    let mut seeds: Vec<u64> = Vec::new();
    for run in answer.events_of("run_result") {
        let seed = run["seed"].as_u64().unwrap();
        assert_eq!(run["test"], plan[seed as usize % tests.len()]);
        seeds.push(seed);
    }
    seeds.sort_unstable();
    assert_eq!(seeds, (5..12).collect::<Vec<_>>());
    let summary = answer.summary();
    assert_eq!((&summary["runs"], &summary["planned"], &summary["seeds"]), (&json!(7), &json!(7), &json!(7)));
    let few = repository.lab(&format!("test raft {} --seed 1 --spread --format json", tests.join(" ")));
    assert_eq!(few.summary()["not_run"], json!([plan[0], plan[2]]), "no seed was for them");
}

#[test]
fn the_hash_of_a_summary_is_the_fold_over_its_runs() {
    let repository = Repository::new();
    let answer = repository.lab("test raft 3A --seeds 2..=3 --format json");
    let mut fold = windtunnel::fold::Fold::default();
    for run in answer.events_of("run_result") {
        fold.word(u64::from_str_radix(run["trace_hash"].as_str().unwrap(), 16).unwrap());
    }
    assert_eq!(answer.summary()["trace_hash"], format!("{:016x}", fold.value()));
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let repository = Repository::new();
    for jobs in 1..=3 {
        let words = format!(
            "test raft re_election fails_on_odd_seeds undecided --seeds 3..9 --fail-fast --jobs {jobs} --format json"
        );
        let answer = repository.lab(&words);
        let summary = answer.summary();
        assert_eq!((answer.code, &summary["runs"]), (1, &json!(7)), "six, then the first of the next: {summary}");
    }
}

#[test]
fn verdicts_become_exit_codes() {
    let repository = Repository::new();
    for (filters, code) in
        [("re_election", 0), ("undecided", 5), ("undecided fails_on_odd_seeds", 1), ("re_election undecided", 5)]
    {
        assert_eq!(repository.lab(&format!("test raft {filters} --seed 0x1")).code, code, "{filters}");
    }
    assert_eq!(repository.lab("test raft undecided --seed 1 --format json").summary()["undecided"], 1);
}

#[test]
fn check_finds_a_static_and_names_the_event() {
    let repository = Repository::new();
    assert_eq!(repository.lab("test raft counts_in_a_static --seed 1").code, 0, "one run alone shows nothing");
    let answer = repository.lab("test raft counts_in_a_static --seed 1 --check --format json");
    assert_eq!(answer.code, 6, "{answer:?}");
    let failure = &answer.events_of("failure")[0];
    assert_eq!((&failure["rule"], &failure["verdict"]), (&json!("nondeterminism"), &json!("nondeterministic")));
    assert_eq!(failure["at_event"], 700);
    assert!(failure["title"].as_str().unwrap().contains("They part at event 700"), "{failure}");
    assert_eq!(failure["node"], 2);
    assert_eq!(answer.summary()["failed"], 1);
    assert_eq!(repository.lab("test raft 3A --seed 2 --check").code, 0);
    assert_eq!(repository.lab("replay").code, 6, "a replay of it makes both runs again");
}

#[test]
fn check_goes_on_until_two_runs_differ_if_one_differed_from_its_own_repetition() {
    let repository = Repository::new();
    let answer = repository.lab("test raft differs_now_and_then --seed 1 --check --format json");
    let failure = &answer.events_of("failure")[0];
    assert_eq!((answer.code, &failure["rule"], &failure["at_event"]), (6, &json!("nondeterminism"), &json!(700)));
}

#[test]
fn isolation_is_compared_with_the_thread() {
    let repository = Repository::new();
    assert_eq!(repository.lab("test raft differs_in_processes --seed 1").code, 0);
    let answer = repository.lab("test raft differs_in_processes --seed 1 --isolate process --format json");
    assert_eq!(answer.code, 6);
    assert_eq!(answer.events_of("failure")[0]["at_event"], 700);
    assert_eq!(repository.lab("test raft 3A --seed 2 --isolate process").code, 0);
}

#[test]
fn check_scans_the_sources() {
    let repository = Repository::new();
    repository.write("solutions/raft/src/lib.rs", "fn f() {\n    std::fs::read(\"x\");\n}\n");
    assert_eq!(repository.lab("test raft re_election --seed 1").code, 0);
    let answer = repository.lab("test raft re_election --seed 1 --check --format json");
    assert_eq!(answer.code, 6);
    let finding = &answer.events_of("hermeticity")[0];
    assert_eq!(
        (&finding["file"], &finding["line"], &finding["found"]),
        (&json!("src/lib.rs"), &json!(2), &json!("std::fs"))
    );
    let text = repository.lab("test raft re_election --seed 1 --check");
    assert!(text.stdout.contains("src/lib.rs:2 names std::fs"), "{text:?}");
}

#[test]
fn a_schedule_is_saved_for_one_test_and_one_seed() {
    let repository = Repository::new();
    let answer = repository.lab("test raft re_election --seed 7 --save-schedule drawn.toml");
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(repository.read("drawn.toml"), "# re_election 7\n");
    assert_eq!(repository.lab("test raft re_election --seed 7 --save-schedule no/where.toml").code, 2);
}

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

#[test]
fn inside_a_submission_the_lab_may_be_left_out() {
    let repository = Repository::new();
    let manifest = "[package]\nname = \"mine\"\n[package.metadata.windtunnel]\nlab = \"raft\"\n";
    repository.write("submissions/mine/Cargo.toml", manifest);
    repository.write("submissions/mine/src/lib.rs", "");
    for words in ["test re_election --seed 1", "test raft re_election --seed 1"] {
        for directory in ["submissions/mine", "submissions/mine/src"] {
            let answer = Answer::of(repository.command_in(directory, words));
            assert_eq!(answer.code, 0, "{answer:?}");
            assert!(answer.stdout.contains("on submissions/mine"), "{answer:?}");
        }
    }
    for words in ["list", "list raft"] {
        let answer = Answer::of(repository.command_in("submissions/mine/src", words));
        let head = answer.stdout.lines().next().unwrap_or_default();
        assert!(head.ends_with("(submissions/mine)"), "{words}: it lists what `test` would test: {answer:?}");
    }
    let answer = repository.lab("list raft");
    assert!(answer.stdout.contains("(solutions/raft)"), "{answer:?}");
    let answer = repository.lab("test raft re_election --seed 1 --submission submissions/mine");
    assert!(answer.stdout.contains("on submissions/mine"), "{answer:?}");
    repository.write("submissions/mine/Cargo.toml", &manifest.replace("\"raft\"", "\"kv\""));
    assert_eq!(repository.lab("test raft --seed 1 --submission submissions/mine").code, 2);
}

#[test]
fn a_new_submission_is_a_member_or_a_workspace_of_its_own() {
    let repository = Repository::new();
    assert_eq!(repository.lab("new raft").code, 0);
    let manifest = repository.read("submissions/raft/Cargo.toml");
    assert!(
        manifest.contains("name = \"submission-raft\"") && manifest.contains("path = \"../../labs/raft\""),
        "{manifest}"
    );
    assert!(manifest.contains("[package.metadata.windtunnel]\nlab = \"raft\"") && !manifest.contains("[workspace]"));
    assert!(!manifest.contains('@'), "{manifest}");
    assert_eq!(repository.read("submissions/raft/src/lib.rs"), "//! Yours.\n");
    let again = repository.lab("new raft");
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("is not empty"), "{again:?}");

    let elsewhere = Outside::of(&repository);
    let answer = repository.new_in(&elsewhere.0.join("my raft"));
    assert_eq!(answer.code, 0, "{answer:?}");
    let place = format!("../{}/my raft", elsewhere.name());
    assert!(answer.stdout.contains(&format!("cd '{place}' && cargo lab test")), "to be pasted: {answer:?}");
    let manifest = repository.read(&format!("{place}/Cargo.toml"));
    assert!(manifest.contains("[workspace]") && manifest.contains("/sim\""), "{manifest}");
    // Each override is one of the repository's: an artifact of one build serves the other.
    let profile = |text: &str| text.parse::<toml::Table>().unwrap()["profile"]["release"]["package"].clone();
    let own = profile(include_str!("../../Cargo.toml"));
    let given = profile(&manifest);
    assert!(given.as_table().unwrap().len() > 10, "{manifest}");
    for (name, settings) in given.as_table().unwrap() {
        assert_eq!(own.get(name), Some(settings), "{name} is built otherwise in the repository");
    }
    let config = repository.read(&format!("{place}/.cargo/config.toml"));
    let config: toml::Table = config.parse().unwrap();
    assert_eq!(config["target"]["cfg(all())"]["rustflags"][1].as_str(), Some("madsim"));
    assert_eq!(config["build"]["rustdocflags"][1].as_str(), Some("madsim"), "cargo knows it there alone");
    assert_eq!(config["target"]["cfg(all())"].as_table().unwrap().len(), 1);
    assert_eq!(config["alias"]["lab"][0].as_str(), Some("run"));
}

/// A directory beside a repository, gone when dropped.
struct Outside(std::path::PathBuf);

impl Outside {
    fn of(repository: &Repository) -> Self {
        let mut path = repository.path().to_path_buf().into_os_string();
        path.push("-outside");
        Outside(path.into())
    }

    fn name(&self) -> &str {
        self.0.file_name().unwrap().to_str().unwrap()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Else the first build would change Cargo.lock, and `cargo --locked lab test` refuse to run.
#[test]
fn a_new_member_has_its_place_in_the_lock_file_at_once() {
    let repository = Repository::new();
    repository
        .write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"labs/*\", \"sim\", \"submissions/*\"]\n");
    repository.write("submissions/.gitkeep", "");
    repository.write("sim/Cargo.toml", "[package]\nname = \"windtunnel\"\n");
    for package in ["sim", "labs/raft", "labs/harness"] {
        repository.write(&format!("{package}/src/lib.rs"), "");
    }
    let cargo = |words: &str| {
        let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap());
        cargo.args(words.split(' ')).current_dir(repository.path());
        Answer::of(cargo)
    };
    assert_eq!(cargo("generate-lockfile --offline").code, 0);
    assert_eq!(cargo("metadata --format-version 1 --locked --offline").code, 0);
    let answer = repository.lab("new raft");
    assert!(answer.stdout.contains("Cargo.lock names it from now on: commit both, or neither."), "{answer:?}");
    assert!(repository.read("Cargo.lock").contains("submission-raft"));
    let locked = cargo("metadata --format-version 1 --locked --offline");
    assert_eq!(locked.code, 0, "{locked:?}");
    let outside = Outside::of(&repository);
    let answer = repository.new_in(&outside.0.join("mine"));
    assert!(answer.code == 0 && !answer.stdout.contains("Cargo.lock"), "{answer:?}");
}

#[test]
fn inside_the_repository_a_submission_is_a_member_or_nothing() {
    let repository = Repository::new();
    let detour = format!("../{}", repository.path().file_name().unwrap().to_str().unwrap());
    std::os::unix::fs::symlink(repository.path(), repository.path().join("link")).unwrap();
    for directory in ["labs/foo", "foo", "submissions/mine/foo", "submissions/../foo", "target/foo", "link/labs/foo"] {
        let directory = std::path::Path::new(directory);
        let answer = repository.new_in(directory);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains("`cargo lab new raft submissions/foo`"), "{answer:?}");
        assert!(answer.stderr.contains("a directory outside, `cargo lab new raft ../foo`"), "{answer:?}");
        assert!(!repository.path().join(directory).exists(), "{directory:?} is left behind");
    }
    for directory in [".", "submissions"] {
        let answer = repository.new_in(std::path::Path::new(directory));
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains("`cargo lab new raft submissions/raft`"), "{answer:?}");
    }
    for directory in ["submissions/foo".to_owned(), format!("{detour}/link/submissions/bar")] {
        assert_eq!(repository.new_in(std::path::Path::new(&directory)).code, 0, "{directory}");
    }
    assert!(!repository.read("submissions/bar/Cargo.toml").contains("[workspace]"));
}

#[test]
fn an_unread_pipe_is_no_panic() {
    let repository = Repository::new();
    for words in ["list", "test raft 3A --seeds 500", "schema", "--help"] {
        let mut command = repository.command(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let answer = Answer::from(child.wait_with_output().unwrap());
        assert!(!first.is_empty() && !answer.stderr.contains("panicked"), "{words}: {answer:?}");
        assert!([0, 130].contains(&answer.code), "{words}: {answer:?}");
    }
}

#[test]
fn an_interruption_keeps_the_results_so_far() {
    let repository = Repository::new();
    let words = "test raft re_election takes_its_time dies_on_seed_two --seeds 1000 --jobs 1";
    let answer = interrupted(&repository, &format!("{words} --format json"));
    let summary = answer.summary();
    let runs = summary["runs"].as_u64().unwrap();
    assert!((1_001..2_000).contains(&runs), "{summary}");
    assert_eq!(summary["planned"], 3_000);
    assert_eq!((&summary["tests"], &summary["passed"], &summary["failed"]), (&json!(3), &json!(2), &json!(0)));
    assert_eq!(summary["undecided"], 0, "no checker was in doubt");
    assert_eq!(summary["not_run"], json!(["dies_on_seed_two"]));
    let halved = &answer.events_of("test_result")[1];
    assert_eq!((&halved["runs"], &halved["planned"]), (&json!(runs - 1_000), &json!(1_000)), "{halved}");

    let text = interrupted(&repository, words).stdout;
    assert!(text.contains(" of 3000 runs finished") && text.contains("interrupted: 1"), "{text}");
    assert!(text.contains("2 passed, 1 not run") && text.contains(" of 1000 seeds") && !text.contains("undecided"));
}

fn interrupted(repository: &Repository, words: &str) -> Answer {
    let mut command = repository.command(words);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    let began = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let answer = Answer::from(child.wait_with_output().unwrap());
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(answer.code, 130, "{}", answer.stderr);
    answer
}

#[test]
fn two_runs_at_once_do_not_clash() {
    let repository = Repository::new();
    let start = || {
        let mut command = repository.command("test raft fails_on_odd_seeds 3A --seeds 30 --format json");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let both = [start(), start()];
    for child in both {
        let answer = Answer::from(child.wait_with_output().unwrap());
        assert_eq!(answer.code, 1, "{answer:?}");
    }
    assert_eq!(repository.failures(), ["raft-fails_on_odd_seeds-1.json"]);
    assert_eq!(std::fs::read_dir(repository.path().join("target/windtunnel/runs")).unwrap().count(), 0);
}
