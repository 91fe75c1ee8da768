//! Short flights of one scenario file, which runs in the tunnel as well.

use crate::support::Answer;
use crate::support::place::{Place, root};
use crate::{result_of, until_safe};
use lab_harness::scenario::Scenario;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use windtunnel::Seed;

/// The node that is killed and the link that is cut lead or do not: nobody knows before.
pub const SHORT: &str = r#"
about = "One kill and one cut"
nodes = 3
duration = "3s"

[load]
clients = 2
propose_every = "20ms"

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

pub fn file(place: &Place, text: &str) -> PathBuf {
    let path = place.0.join("short.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// Operations that were answered in seconds that began after that time.
fn operations_after(answer: &Answer, at_ms: u64) -> u64 {
    let rows = answer.events_of("flight_second");
    let after = rows.iter().filter(|row| row["at_ms"].as_u64().unwrap() > at_ms + 1_100);
    after.map(|row| row["operations"].as_u64().unwrap()).sum()
}

pub fn a_kill_and_a_cut_lose_nothing_and_leave_no_process() {
    let place = Place::new("short");
    let words = format!("fly raft --seed 1 --load 5s --scenario {}", file(&place, SHORT).display());
    let answer = until_safe(|| place.lab(&words));
    let summary = answer.summary();
    let struck = ["kill", "cut", "power-loss"].map(|family| &summary["faults"][family]);
    assert_eq!(struck, [&json!(1), &json!(1), &Value::Null], "a power loss is none that happened");
    assert_eq!(summary["skipped"][0]["what"], "power-loss");
    assert!(operations_after(&answer, 2_500) > 10, "after the cut it goes on: {answer:?}");
    assert!(summary["p99_us"].as_u64() >= summary["p50_us"].as_u64() && summary["p50_us"].is_u64(), "{summary}");
    // To count a command two nodes have to have it on their disks; one fsync may do for many.
    assert!(summary["fsyncs"].as_u64().unwrap() > 10 && summary["fsyncs_per_1000"].as_u64().unwrap() > 0, "{summary}");
    assert_eq!(place.processes(), Vec::<String>::new());
    let left = std::fs::read_dir(place.0.join("windtunnel").join("flights"));
    let left = left.map(|entries| entries.count()).unwrap_or_default();
    assert_eq!(left, 0, "of a flight without a fault nothing is left");
}

/// The same file in the tunnel, where the power is lost as well.
pub fn the_file_that_flies_runs_in_the_tunnel() {
    let place = Place::new("tunnel");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["test", "raft", "--seed", "1", "--format", "json", "--scenario"]).arg(file(&place, SHORT));
    command.arg("--worker").arg(std::env::current_exe().unwrap());
    command.current_dir(root()).env("CARGO_TARGET_DIR", &place.0).stdin(Stdio::null());
    let answer = Answer::of(command);
    let summary = answer.summary();
    assert_eq!((answer.code, &summary["passed"]), (0, &json!(1)), "{answer:?}");
    assert_eq!(summary["faults"], json!({ "kill": 1, "cut": 1, "power-loss": 1 }));
}

/// A partition every half second or so.
const PARTITIONS: &str = r#"
about = "Partitions"
nodes = 3
duration = "5s"

[[fault]]
kind = "partition"
shapes = ["isolate-one"]
every = "500ms"
lasts = "200ms"
on_ppm = 1_000_000
"#;

pub fn connections_are_left_half_open_and_nothing_is_lost() {
    let place = Place::new("half-open");
    let words = format!("fly raft --seed 1 --load 5s --scenario {}", file(&place, PARTITIONS).display());
    let answer = until_safe(|| place.lab(&words));
    assert!(result_of(&answer)["faults"]["half-open"].as_u64() > Some(0), "{answer:?}");
    let last = answer.events_of("flight_second").pop().unwrap();
    assert!(last["faults"]["half-open"].as_u64() > Some(0), "{last}");
}

/// `cargo lab list raft --flight`.
pub fn listed(place: &Place) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["list", "raft", "--flight", "--format", "json", "--worker"]).arg(std::env::current_exe().unwrap());
    command.current_dir(root()).env("CARGO_TARGET_DIR", &place.0).stdin(Stdio::null());
    Answer::of(command)
}

/// What the list says of a test.
pub fn test_of(listed: &Answer, name: &str) -> Value {
    let tests = listed.events_of("test");
    tests.into_iter().find(|test| test["test"] == name).unwrap_or_else(|| panic!("{name} is not listed"))
}

/// By the names that the flight itself says: all that it skips was told before.
pub fn the_list_says_what_a_storm_flies_without() {
    let place = Place::new("without");
    let listed = listed(&place);
    let skipped = |name: &str| test_of(&listed, name)["skipped"].clone();
    assert_eq!((skipped("re_election"), skipped("unsynced_votes")), (json!([]), Value::Null), "stories");
    let storm = skipped("failing_disks");
    assert_eq!(storm, json!(["bit-rot", "disk", "disk-error", "disk-full", "disk-slow", "power-loss"]));
    let words = "fly raft --seed 1 --load 4s --scenario scenarios/raft/failing-disks.toml";
    let flown = until_safe(|| place.lab(words)).summary()["skipped"].clone();
    let flown = flown.as_array().unwrap();
    assert!(
        !flown.is_empty() && flown.iter().all(|skip| storm.as_array().unwrap().contains(&skip["what"])),
        "{flown:?}"
    );
}

pub fn every_scenario_is_one_of_its_lab() {
    let mut labs = 0;
    for lab in std::fs::read_dir(root().join("scenarios")).unwrap() {
        let (lab, path) = lab.map(|lab| (lab.file_name(), lab.path())).unwrap();
        let vocabulary = match lab.to_str().unwrap() {
            "kv" => lab_kv::suite::lab().vocabulary(),
            "kvraft" => lab_kvraft::suite::lab().vocabulary(),
            "mapreduce" => lab_mapreduce::suite::lab().vocabulary(),
            "raft" => lab_raft::suite::lab().vocabulary(),
            other => panic!("scenarios/{other} are of no lab"),
        };
        let files: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|file| file.unwrap().path()).collect();
        for file in &files {
            let name = file.strip_prefix(root()).unwrap_or(Path::new("?")).display().to_string();
            let text = std::fs::read_to_string(file).unwrap();
            let scenario = Scenario::parse_for(&name, &text, vocabulary).unwrap_or_else(|error| panic!("{error}"));
            assert!(!scenario.draw(Seed(1)).node.is_empty(), "{name}");
        }
        assert!(!files.is_empty(), "{}", lab.display());
        labs += 1;
    }
    assert_eq!(labs, 4);
}
