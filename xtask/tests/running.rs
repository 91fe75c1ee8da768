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
        for of_the_machine in ["wall_ms", "cpu_ms", "peak_worker_bytes"] {
            last[of_the_machine] = json!(0);
        }
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
