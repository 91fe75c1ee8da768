//! Short flights of the labs that have more nodes than servers, through the command line.
//!
//! This executable is its own worker and its own nodes, of the lab that the environment names.

#[path = "fly_services/jobs.rs"]
mod jobs;
#[path = "support/lazy.rs"]
mod lazy;
mod support;

use lab_harness::protocol::{JOB_ARGUMENT, WORKER_ARGUMENT};
use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;
use support::Answer;
use support::place::Place;

/// Which lab the worker and the nodes are of.
const LAB: &str = "WINDTUNNEL_TEST_LAB";

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    // Without a lab these words are a filter of tests.
    let lab = std::env::var(LAB).ok().filter(|_| [WORKER_ARGUMENT, JOB_ARGUMENT, "node"].contains(&first.as_str()));
    if let Some(lab) = lab {
        return match lab.as_str() {
            "kv" => lab_kv::worker::<solution_kv::Server, solution_kv::Clerk, solution_kv::Lock<solution_kv::Clerk>>(),
            "mapreduce" => lab_mapreduce::worker::<solution_mapreduce::Coordinator, solution_mapreduce::Worker>(
                lab_mapreduce::Registry::standard(),
            ),
            "lazy" => lab_mapreduce::worker::<lazy::Lazy, lazy::Lazy>(lab_mapreduce::Registry::standard()),
            _ => lab_kvraft::worker::<solution_kvraft::Submission, solution_raft::Raft>(),
        };
    }
    let trials: [(&str, fn()); 9] = [
        ("a_server_that_is_killed_loses_nothing", a_server_that_is_killed_loses_nothing),
        ("servers_that_are_killed_and_parted_lose_nothing", servers_that_are_killed_and_parted_lose_nothing),
        ("stories_of_clients_fly", stories_of_clients_fly),
        ("jobs_are_done_whoever_dies_or_stands_still", jobs_are_done_whoever_dies_or_stands_still),
        ("the_output_of_a_job_is_that_of_one_go_byte_for_byte", jobs::the_output_is_that_of_one_go),
        ("a_worker_that_is_killed_takes_nothing_from_the_output", jobs::a_worker_that_is_killed_takes_nothing),
        ("a_long_file_comes_into_the_store", jobs::a_long_file_comes_into_the_store),
        ("an_interrupted_job_lands_and_leaves_nothing", jobs::an_interrupted_job_lands_and_leaves_nothing),
        ("a_job_that_does_not_take_off_is_refused", jobs::a_job_that_does_not_take_off_is_refused),
    ];
    let trials = trials.map(|(name, body)| {
        let run = move || {
            body();
            Ok(())
        };
        Trial::test(name, run)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn fly(place: &Place, lab: &str, words: &str) -> Answer {
    let mut command = place.command(words, &std::env::current_exe().unwrap());
    command.env(LAB, lab);
    Answer::of(command)
}

/// A scenario of that file, flown for a few seconds.
fn fly_through(lab: &str, scenario: &str, load: &str) -> Answer {
    let place = Place::new(lab);
    let path = place.0.join("short.toml");
    std::fs::write(&path, scenario).unwrap();
    let answer = fly(&place, lab, &format!("fly {lab} --seed 1 --load {load} --scenario {}", path.display()));
    assert_eq!(place.processes(), Vec::<String>::new());
    answer
}

/// A machine that stands still for seconds decides nothing; a rule that breaks, it cannot break.
fn expect_safe(answer: &Answer) -> serde_json::Value {
    let summary = answer.summary();
    // Only MapReduce has no history of clients.
    let well = if summary["lab"] == "mapreduce" { "safe" } else { "linearizable" };
    assert!(summary["verdict"] == well || summary["verdict"] == "undecided", "{answer:?}");
    assert_eq!(answer.code, if summary["verdict"] == well { 0 } else { 5 });
    assert!(summary["fsyncs"].as_u64().unwrap() > 10, "{summary}");
    summary
}

fn a_server_that_is_killed_loses_nothing() {
    let scenario = "about = \"One kill\"\nnodes = 3\nduration = \"2s\"\n\
                    [[event]]\nat = \"700ms\"\ndo = \"kill\"\nnode = 1\n\
                    [[event]]\nat = \"1s\"\ndo = \"start\"\nnode = 1\n";
    let answer = fly_through("kv", scenario, "2s");
    let summary = expect_safe(&answer);
    assert!(summary["operations"].as_u64().unwrap() > 50, "{summary}");
    assert_eq!(summary["faults"]["kill"], 1, "{summary}");
}

fn servers_that_are_killed_and_parted_lose_nothing() {
    let scenario = "about = \"A kill and a partition\"\nnodes = 3\nclient_nodes = 2\nduration = \"4s\"\n\
                    settings = { lease_ms = 300, log_limit = 50_000 }\n\
                    [[event]]\nat = \"1500ms\"\ndo = \"kill\"\nnode = 1\n\
                    [[event]]\nat = \"2s\"\ndo = \"start\"\nnode = 1\n\
                    [[event]]\nat = \"2500ms\"\ndo = \"cut\"\nfrom = [2]\nto = [1, 3]\n\
                    [[event]]\nat = \"3200ms\"\ndo = \"mend\"\nfrom = [2]\nto = [1, 3]\n";
    let answer = fly_through("kvraft", scenario, "4s");
    let summary = expect_safe(&answer);
    assert!(summary["operations"].as_u64().unwrap() > 50, "{summary}");
    assert_eq!(summary["faults"]["kill"], 1, "{summary}");
}

/// A worker and the coordinator die, another worker stands still. Afterwards the last job comes to its end, and one more; how many do
/// before says more of the machine.
fn jobs_are_done_whoever_dies_or_stands_still() {
    let scenario = "about = \"Two kills and a pause\"\nnodes = 4\nclient_nodes = 1\nduration = \"6s\"\n\
                    [[event]]\nat = \"1500ms\"\ndo = \"kill\"\nnode = 2\n\
                    [[event]]\nat = \"2500ms\"\ndo = \"start\"\nnode = 2\n\
                    [[event]]\nat = \"2s\"\ndo = \"pause\"\nnode = 3\n\
                    [[event]]\nat = \"4s\"\ndo = \"resume\"\nnode = 3\n\
                    [[event]]\nat = \"3s\"\ndo = \"kill\"\nnode = 1\n\
                    [[event]]\nat = \"3500ms\"\ndo = \"start\"\nnode = 1\n";
    let answer = fly_through("mapreduce", scenario, "6s");
    let summary = expect_safe(&answer);
    assert_eq!((&summary["faults"]["kill"], &summary["faults"]["pause"]), (&2.into(), &1.into()), "{summary}");
}

fn stories_of_clients_fly() {
    for (lab, story) in [
        ("kv", "one_client_reliable"),
        ("kvraft", "leader_failure"),
        ("kvraft", "one_client"),
        ("mapreduce", "late_comers"),
    ] {
        let answer = fly(&Place::new(story), lab, &format!("fly {lab} --tests {story} --seed 1"));
        let verdict = &answer.summary()["verdict"];
        let well = if lab == "mapreduce" { "safe" } else { "linearizable" };
        assert!(verdict == well || verdict == "undecided", "{lab} {story}: {answer:?}");
    }
}
