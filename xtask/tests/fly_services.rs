//! Short flights of the labs that have more nodes than servers, through the command line.
//!
//! This executable is its own worker and its own nodes, of the lab that the environment names.

#[path = "fly_services/jobs.rs"]
mod jobs;
#[path = "support/lazy.rs"]
mod lazy;
mod support;
#[path = "fly_services/wrong.rs"]
mod wrong;
#[path = "fly_services/wrong_apps.rs"]
mod wrong_apps;

use lab_harness::protocol::{JOB_ARGUMENT, WORKER_ARGUMENT};
use lab_mapreduce::Registry;
use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use support::place::Place;
use support::{Answer, until_well};

/// Which lab the worker and the nodes are of.
const LAB: &str = "WINDTUNNEL_TEST_LAB";

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    // Without a lab these words are a filter of tests.
    let lab = std::env::var(LAB).ok().filter(|_| [WORKER_ARGUMENT, JOB_ARGUMENT, "node"].contains(&first.as_str()));
    if let Some(lab) = lab {
        return match lab.as_str() {
            "kv" => lab_kv::worker::<solution_kv::Server, solution_kv::Clerk, solution_kv::Lock<solution_kv::Clerk>>(),
            "lossy" => lab_kv::worker::<wrong::Lossy, solution_kv::Clerk, solution_kv::Lock<solution_kv::Clerk>>(),
            "unfenced" => lab_kv::worker::<solution_kv::Server, solution_kv::Clerk, wrong::Unfenced>(),
            "stale" => lab_kvraft::worker::<wrong::StaleReads, solution_raft::Raft>(),
            "mapreduce" => mapreduce(Registry::standard()),
            "forgets-words" => mapreduce(wrong_apps::that_forgets_words()),
            "forgets-objects" => mapreduce(wrong_apps::that_forgets_objects()),
            "lazy" => lab_mapreduce::worker::<lazy::Lazy, lazy::Lazy>(Registry::standard()),
            _ => lab_kvraft::worker::<solution_kvraft::Submission, solution_raft::Raft>(),
        };
    }
    let trials: [(&str, fn()); 14] = [
        ("a_server_that_is_killed_and_cut_off_loses_nothing", a_server_that_is_killed_and_cut_off_loses_nothing),
        ("servers_that_are_killed_and_parted_lose_nothing", servers_that_are_killed_and_parted_lose_nothing),
        ("a_server_that_loses_a_put_is_found_out", wrong::a_server_that_loses_a_put_is_found_out),
        ("a_server_that_reads_what_has_passed_is_found_out", wrong::a_server_that_reads_what_has_passed_is_found_out),
        ("a_lock_without_fencing_is_found_out", wrong::a_lock_without_fencing_is_found_out),
        (
            "an_application_that_forgets_a_word_is_found_out",
            wrong_apps::an_application_that_forgets_a_word_is_found_out,
        ),
        ("stories_of_clients_fly", stories_of_clients_fly),
        ("jobs_are_done_whoever_dies_or_stands_still", jobs_are_done_whoever_dies_or_stands_still),
        ("the_output_of_a_job_is_that_of_one_go_byte_for_byte", jobs::the_output_is_that_of_one_go),
        ("a_worker_that_is_killed_takes_nothing_from_the_output", jobs::a_worker_that_is_killed_takes_nothing),
        ("a_long_file_comes_into_the_store", jobs::a_long_file_comes_into_the_store),
        ("an_interrupted_job_lands_and_leaves_nothing", jobs::an_interrupted_job_lands_and_leaves_nothing),
        ("a_job_that_stands_still_is_undecided", jobs::a_job_that_stands_still_is_undecided),
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

/// What is left of a flight.
struct Flown {
    summary: serde_json::Value,
    place: Place,
}

impl Flown {
    /// How often a line of what was seen holds that.
    fn seen(&self, words: &str) -> usize {
        let history = std::fs::read_to_string(self.data().join("history.jsonl")).unwrap();
        history.lines().filter(|line| line.contains(words)).count()
    }

    fn data(&self) -> PathBuf {
        self.place.0.join("data")
    }
}

fn mapreduce(apps: Registry) -> ExitCode {
    lab_mapreduce::worker::<solution_mapreduce::Coordinator, solution_mapreduce::Worker>(apps)
}

/// A scenario of that file, flown for a few seconds.
fn fly_through(lab: &str, scenario: &str, load: &str) -> Flown {
    let place = Place::new(lab);
    let (path, data) = (place.0.join("short.toml"), place.0.join("data"));
    std::fs::write(&path, scenario).unwrap();
    let words = format!("fly {lab} --seed 1 --load {load} --scenario {} --data {}", path.display(), data.display());
    let answer = until_well(lab, &place, &words, &data);
    let summary = answer.summary();
    assert!(summary["fsyncs"].as_u64().unwrap() > 10, "{summary}");
    Flown { summary, place }
}

/// Flies until all is well, as its lab calls that, each time from no data.
fn until_well(lab: &str, place: &Place, words: &str, data: &Path) -> Answer {
    // Only MapReduce has no history of clients.
    let verdict = if lab == "mapreduce" { "safe" } else { "linearizable" };
    until_well::until_well(verdict, || {
        let _ = std::fs::remove_dir_all(data);
        let answer = fly(place, lab, words);
        assert_eq!(place.processes(), Vec::<String>::new());
        answer
    })
}

/// One client gets and puts, beside all clerks of the load; the three others take turns with a lock, and one of them is not answered for a
/// while.
fn a_server_that_is_killed_and_cut_off_loses_nothing() {
    let scenario = "about = \"A kill and a cut\"\nnodes = 5\nduration = \"3s\"\n[load]\nclients = 1\n\
                    [[event]]\nat = \"700ms\"\ndo = \"kill\"\nnode = 1\n\
                    [[event]]\nat = \"1s\"\ndo = \"start\"\nnode = 1\n\
                    [[event]]\nat = \"1300ms\"\ndo = \"cut\"\nfrom = [1]\nto = [2, 3]\n\
                    [[event]]\nat = \"1800ms\"\ndo = \"mend\"\nfrom = [1]\nto = [2, 3]\n";
    let flown = fly_through("kv", scenario, "3s");
    let summary = &flown.summary;
    assert!(summary["operations"].as_u64().unwrap() > 50, "{summary}");
    assert_eq!((&summary["faults"]["kill"], &summary["faults"]["cut"]), (&1.into(), &1.into()), "{summary}");
    // One acquires another lock at the end: all others are turns.
    assert!(flown.seen("\"kv.acquired\"") > 2, "turns are taken: {summary}");
    let checked = wrong::checked(&flown.data());
    assert_eq!(checked.code, 0, "{checked:?}");
    let check = &checked.events_of("check")[0];
    assert!(check["operations"].as_u64() > summary["operations"].as_u64(), "every key is read once more: {check}");
}

/// Clients write four keys together, and append to them.
fn servers_that_are_killed_and_parted_lose_nothing() {
    let scenario = "about = \"A kill and a partition\"\nnodes = 3\nclient_nodes = 2\nduration = \"4s\"\n\
                    settings = { lease_ms = 300, log_limit = 50_000 }\n\
                    [[event]]\nat = \"1500ms\"\ndo = \"kill\"\nnode = 1\n\
                    [[event]]\nat = \"2s\"\ndo = \"start\"\nnode = 1\n\
                    [[event]]\nat = \"2500ms\"\ndo = \"cut\"\nfrom = [2]\nto = [1, 3]\n\
                    [[event]]\nat = \"3200ms\"\ndo = \"mend\"\nfrom = [2]\nto = [1, 3]\n";
    let flown = fly_through("kvraft", scenario, "4s");
    let summary = &flown.summary;
    assert!(summary["operations"].as_u64().unwrap() > 50, "{summary}");
    assert_eq!(summary["faults"]["kill"], 1, "{summary}");
    let operations = std::fs::read_to_string(flown.data().join("operations.jsonl")).unwrap();
    for words in ["\"call\":\"append\",\"key\":\"shared ", "\"call\":\"put\",\"key\":\"shared "] {
        assert!(operations.contains(words), "{words}");
    }
}

/// A worker and the coordinator die, another worker stands still. Jobs are done meanwhile; afterwards the last one comes to its end, and
/// one more.
fn jobs_are_done_whoever_dies_or_stands_still() {
    let scenario = "about = \"Two kills and a pause\"\nnodes = 4\nclient_nodes = 1\nduration = \"6s\"\n\
                    [[event]]\nat = \"1500ms\"\ndo = \"kill\"\nnode = 2\n\
                    [[event]]\nat = \"2500ms\"\ndo = \"start\"\nnode = 2\n\
                    [[event]]\nat = \"2s\"\ndo = \"pause\"\nnode = 3\n\
                    [[event]]\nat = \"4s\"\ndo = \"resume\"\nnode = 3\n\
                    [[event]]\nat = \"3s\"\ndo = \"kill\"\nnode = 1\n\
                    [[event]]\nat = \"3500ms\"\ndo = \"start\"\nnode = 1\n";
    let flown = fly_through("mapreduce", scenario, "6s");
    let summary = &flown.summary;
    assert!(summary["operations"].as_u64().unwrap() > 0, "a job was done: {summary}");
    assert_eq!((&summary["faults"]["kill"], &summary["faults"]["pause"]), (&2.into(), &1.into()), "{summary}");
}

fn stories_of_clients_fly() {
    for (lab, story, answered) in [
        ("kv", "one_client_reliable", "kv.returned"),
        ("kvraft", "leader_failure", "kvraft.returned"),
        ("kvraft", "one_client", "kvraft.returned"),
        ("mapreduce", "late_comers", "mr.finished"),
    ] {
        let place = Place::new(story);
        let data = place.0.join("data");
        let words = format!("fly {lab} --tests {story} --seed 1 --data {}", data.display());
        let answer = until_well(lab, &place, &words, &data);
        let summary = until_well::result_of(&answer);
        let history = std::fs::read_to_string(data.join(story).join("history.jsonl")).unwrap();
        let answers = history.matches(&format!("\"kind\":\"{answered}\"")).count();
        assert!(answers > 2, "{lab} {story}: {answers} answers of {answer:?}");
        let counted = ["operations", "unknown"].map(|field| summary[field].as_u64());
        if lab == "mapreduce" {
            assert_eq!(counted, [None, None], "nobody counts jobs: {summary}");
        } else {
            let [operations, unknown] = counted.map(|count| count.unwrap_or_default() as usize);
            assert!(operations > 2 && (operations..=operations + unknown).contains(&answers), "{answers} of {summary}");
        }
    }
}
