//! Short flights through the command line: the reference submission in processes of its own.
//!
//! This executable is its own worker and its own nodes (a target without libtest), so that nothing is built but with
//! the test. Only under WINDTUNNEL_END_TO_END=1 `cargo lab` builds worker and node itself, in release.

mod support;

use libtest_mimic::{Arguments, Trial};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use support::Answer;
use support::place::{Place, root};

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    if first == lab_harness::protocol::WORKER_ARGUMENT || first == "node" {
        return lab_raft::worker::<solution_raft::Raft>();
    }
    let trials: [(&str, fn()); 11] = [
        ("a_kill_and_a_cut_lose_nothing_and_leave_no_process", a_kill_and_a_cut_lose_nothing_and_leave_no_process),
        ("a_story_that_crashes_servers_kills_their_processes", a_story_that_crashes_servers_kills_their_processes),
        (
            "a_scenario_on_too_few_nodes_names_the_one_that_is_missing",
            a_scenario_on_too_few_nodes_names_the_one_that_is_missing,
        ),
        ("data_of_another_node_is_named", data_of_another_node_is_named),
        ("a_binary_that_is_no_node_is_named", a_binary_that_is_no_node_is_named),
        ("a_port_that_is_taken_is_named", a_port_that_is_taken_is_named),
        ("data_of_another_flight_is_left_alone", data_of_another_flight_is_left_alone),
        ("a_node_whose_disk_is_full_stops_and_nothing_is_lost", a_node_whose_disk_is_full_stops_and_nothing_is_lost),
        ("an_interrupted_flight_lands", an_interrupted_flight_lands),
        ("a_story_that_cannot_fly_says_why", a_story_that_cannot_fly_says_why),
        ("what_is_built_to_fly_has_nothing_of_the_simulator", what_is_built_to_fly_has_nothing_of_the_simulator),
    ];
    let trials = trials.map(|(name, body)| {
        let gated = name.starts_with("what_is_built") && std::env::var_os("WINDTUNNEL_END_TO_END").is_none();
        let run = move || {
            body();
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(gated)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// A node's executable: a script before the real one, which finds its configuration in `$3`.
fn node_behind(place: &Place, script: &str) -> PathBuf {
    let path = place.0.join("node.sh");
    let own = std::env::current_exe().unwrap();
    std::fs::write(&path, format!("#!/bin/sh\n{script}\nexec '{}' \"$@\"\n", own.display())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The node that is killed and the link that is cut lead or do not: nobody knows before.
const SHORT: &str = r#"
about = "One kill and one cut"
nodes = 3
duration = "3s"

[network]
latency = "1us"

[[event]]
at = "1s"
do = "kill"
node = 1

[[event]]
at = "1500ms"
do = "start"
node = 1

[[event]]
at = "2s"
do = "cut"
from = [2]
to = [1, 3]

[[event]]
at = "2500ms"
do = "mend"
from = [2]
to = [1, 3]

[[event]]
at = "2600ms"
do = "power-loss"
node = 3
"#;

fn a_kill_and_a_cut_lose_nothing_and_leave_no_process() {
    let place = Place::new("short");
    let scenario = place.0.join("short.toml");
    std::fs::write(&scenario, SHORT).unwrap();
    let answer = place.lab(&format!("fly raft --seed 1 --load 3s --scenario {}", scenario.display()));
    let summary = answer.summary();
    // A machine that stands still for seconds decides nothing; a rule that breaks, it cannot break.
    assert!(summary["verdict"] == "safe" || summary["verdict"] == "undecided", "{answer:?}");
    assert_eq!(answer.code, if summary["verdict"] == "safe" { 0 } else { 5 });
    assert_eq!(summary["faults"], json!({ "kill": 1, "cut": 1 }), "a power loss is none that happened");
    assert_eq!(summary["skipped"][0]["what"], "power-loss");
    assert!(summary["operations"].as_u64().unwrap() > 10, "{summary}");
    assert!(summary["p99_us"].as_u64() >= summary["p50_us"].as_u64() && summary["p50_us"].is_u64(), "{summary}");
    // To count a command two nodes have to have it on their disks; one fsync may do for many.
    assert!(summary["fsyncs"].as_u64().unwrap() > 10 && summary["fsyncs_per_1000"].as_u64().unwrap() > 0, "{summary}");
    assert!(answer.events_of("flight_second").len() >= 2);
    assert_eq!(place.processes(), Vec::<String>::new());
    if summary["verdict"] == "safe" {
        let left = place.0.join("windtunnel").join("flights");
        let left = std::fs::read_dir(left).map(|entries| entries.count()).unwrap_or_default();
        assert_eq!(left, 0, "of a flight without a fault nothing is left");
    }
}

/// Half of these crashes are power losses in the tunnel.
fn a_story_that_crashes_servers_kills_their_processes() {
    let place = Place::new("crashes");
    let data = place.0.join("data");
    let answer = place.lab(&format!("fly raft --tests persist_1 --seed 1 --data {}", data.display()));
    let verdict = &answer.summary()["verdict"];
    assert!(verdict == "safe" || verdict == "undecided", "{answer:?}");
    let history = std::fs::read_to_string(data.join("persist_1").join("history.jsonl")).unwrap();
    assert!(!history.contains("power-loss"), "nothing is asked for that flight cannot make");
    let kills = history.matches("\"command\":\"kill\"").count();
    assert!(kills == 6 || verdict == "undecided", "{kills} kills");
}

fn a_scenario_on_too_few_nodes_names_the_one_that_is_missing() {
    let place = Place::new("few");
    let scenario = place.0.join("short.toml");
    std::fs::write(&scenario, SHORT).unwrap();
    let answer = place.lab(&format!("fly raft --seed 1 --nodes 2 --load 3s --scenario {}", scenario.display()));
    assert_eq!(answer.code, 2, "{answer:?}");
    let message = answer.events_of("error")[0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("node 3"), "{message}");
}

fn data_of_another_node_is_named() {
    let place = Place::new("identity");
    let data = place.0.join("data");
    let words = format!("fly raft --seed 1 --load 300ms --data {}", data.display());
    let first = place.lab(&words);
    assert!(data.join("node-2").join("data").is_dir(), "{first:?}");
    std::fs::rename(data.join("node-2").join("data"), data.join("node-1").join("moved")).unwrap();
    std::fs::remove_dir_all(data.join("node-1").join("data")).unwrap();
    std::fs::rename(data.join("node-1").join("moved"), data.join("node-1").join("data")).unwrap();
    let answer = place.lab(&words);
    assert_eq!(answer.code, 2, "{answer:?}");
    let message = answer.events_of("error")[0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("does not take off") && message.contains("node 2"), "{message}");
    assert_eq!(place.processes(), Vec::<String>::new());
}

fn a_binary_that_is_no_node_is_named() {
    let place = Place::new("other");
    for node in ["/bin/true", "/nowhere/node"] {
        let answer = Answer::of(place.command("fly raft --seed 1 --load 300ms", Path::new(node)));
        assert_eq!(answer.code, 2, "{answer:?}");
        assert_eq!(answer.events_of("error").len(), 1, "{answer:?}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["fly", "raft", "--seed", "1", "--format", "json", "--worker", "/bin/true"]);
    command.args(["--node-binary", "/bin/true"]).current_dir(root()).env("CARGO_TARGET_DIR", &place.0);
    let answer = Answer::of(command);
    assert_eq!(answer.code, 70, "{answer:?}");
}

/// Somebody else has the port before node 2 comes to it.
fn a_port_that_is_taken_is_named() {
    let place = Place::new("port");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let node = node_behind(
        &place,
        &format!(
            "case \"$3\" in */node-2/*)\n  sed '1,/^listen = /s/^listen = .*/listen = \"{address}\"/' \"$3\" > \"$3.taken\"\n  \
         mv \"$3.taken\" \"$3\";;\nesac"
        ),
    );
    let answer = Answer::of(place.command("fly raft --seed 1 --load 300ms", &node));
    assert_eq!(answer.code, 2, "{answer:?}");
    let message = answer.events_of("error")[0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("does not take off") && message.contains("node 2"), "{message}");
    let words = format!("listen = {address}: Address already in use (os error 98); is another node running there?");
    assert!(message.contains(&words), "{message}");
    assert_eq!(place.processes(), Vec::<String>::new());
}

fn data_of_another_flight_is_left_alone() {
    let place = Place::new("locked");
    let data = place.0.join("data");
    let words = format!("fly raft --seed 1 --load 30s --data {}", data.display());
    let mut first = place.command(&words, &std::env::current_exe().unwrap());
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_nodes(&place);
    let config = || std::fs::read_to_string(data.join("node-1").join("node.toml")).unwrap();
    let before = config();
    let second = place.lab(&words);
    assert_eq!(second.code, 2, "{second:?}");
    let message = second.events_of("error")[0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("data is locked: another flight uses it; wait for its end"), "{message}");
    assert_eq!(config(), before, "the first flight may still start its nodes with it");
    interrupt(&first);
    assert_eq!(first.wait().unwrap().code(), Some(130));
    assert_eq!(place.processes(), Vec::<String>::new());
}

/// Its files may not grow past 100 KiB: it says so and stops, and the others go on without it.
fn a_node_whose_disk_is_full_stops_and_nothing_is_lost() {
    let place = Place::new("full");
    let data = place.0.join("data");
    let node = node_behind(&place, "case \"$3\" in */node-2/*) trap '' XFSZ; ulimit -f 200;; esac");
    let words = format!("fly raft --seed 1 --load 3s --data {}", data.display());
    let answer = Answer::of(place.command(&words, &node));
    let summary = answer.summary();
    // A machine that stands still for seconds decides nothing; what was answered is there in either case.
    assert!(summary["verdict"] == "safe" || summary["verdict"] == "undecided", "{answer:?}");
    assert_eq!(answer.code, if summary["verdict"] == "safe" { 0 } else { 5 });
    let log = std::fs::read_to_string(data.join("node-2").join("log")).unwrap();
    assert!(log.contains("stopped:") && log.contains("cannot be written: no storage space"), "{log}");
    let rows = answer.events_of("flight_second");
    // At the end all are started again, and a snapshot may fit where the log did not.
    assert!(rows.iter().any(|row| row["nodes"][1]["state"] == "down"), "{rows:?}");
    assert!(summary["operations"].as_u64().unwrap() > 300, "the others go on: {summary}");
}

fn an_interrupted_flight_lands() {
    let place = Place::new("interrupted");
    let mut command = place.command("fly raft --seed 1 --load 30s", &std::env::current_exe().unwrap());
    let mut flight = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    wait_for_nodes(&place);
    interrupt(&flight);
    let status = flight.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(28), "it did not wait for the end of its load");
    assert_eq!(place.processes(), Vec::<String>::new());
}

fn wait_for_nodes(place: &Place) {
    let began = Instant::now();
    while place.processes().len() < 3 && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(place.processes().len(), 3);
}

fn interrupt(process: &Child) {
    let done = Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(done.success());
}

fn a_story_that_cannot_fly_says_why() {
    let place = Place::new("grounded");
    let answer = place.lab("fly raft --tests unsynced_votes");
    assert_eq!(answer.code, 4, "{answer:?}");
    let message = answer.events_of("error")[0]["message"].clone();
    assert!(message.as_str().unwrap().contains("power that is lost"), "{message}");
    let mut listed = Command::new(env!("CARGO_BIN_EXE_xtask"));
    listed.args(["list", "raft", "--flight", "--format", "json", "--worker"]).arg(std::env::current_exe().unwrap());
    listed.current_dir(root()).env("CARGO_TARGET_DIR", &place.0).stdin(Stdio::null());
    let listed = Answer::of(listed);
    let of = |name: &str| -> Value {
        let tests = listed.events_of("test");
        tests.into_iter().find(|test| test["test"] == name).unwrap_or_else(|| panic!("{name} is not listed"))
    };
    assert_eq!((&of("re_election")["flies"], &of("unsynced_votes")["flies"]), (&json!(true), &json!(false)));
    assert_eq!(&of("figure_8")["flies"], &json!(true), "its crashes are kills");
    assert_eq!(&of("asymmetric")["flies"], &json!(true), "a storm of faults that flight can make");
}

/// What symbols of madsim are called in either mangling.
const OF_MADSIM: &[u8] = b"6madsim";

fn what_is_built_to_fly_has_nothing_of_the_simulator() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["fly", "raft", "--load", "1s", "--format=json"]).current_dir(root()).stdin(Stdio::null());
    let answer = Answer::of(command);
    assert!(answer.code == 0 || answer.code == 5, "{answer:?}");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |target| root().join(target));
    let node = std::fs::read(target.join("windtunnel/fly/target/release/solution-raft")).unwrap();
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let has = |bytes: &[u8]| bytes.windows(OF_MADSIM.len()).any(|window| window == OF_MADSIM);
    assert!(has(&own), "with the simulator its symbols are found");
    assert!(!has(&node), "a node that flies has none of them");
}
