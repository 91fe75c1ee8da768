//! Jobs over real files on real processes.

use crate::LAB;
use crate::support::Answer;
use crate::support::place::{Place, root};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// `cargo lab job` of that lab over the handouts of all labs, with the output in the place.
fn command(place: &Place, lab: &str, output: &str, words: &str) -> Command {
    command_for("wordcount --input labs/*/README.md --reduces 5", place, lab, output, words)
}

fn command_for(job: &str, place: &Place, lab: &str, output: &str, words: &str) -> Command {
    let words = format!("job {job} --output {} {words}", place.0.join(output).display());
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(words.split_whitespace()).args(["--format", "json", "--worker"]).arg(&own);
    if words.contains("--fly") {
        command.arg("--node-binary").arg(own);
    }
    command.current_dir(root()).env("CARGO_TARGET_DIR", place.0.join("target")).env(LAB, lab);
    command.stdin(Stdio::null());
    command
}

fn done(answer: &Answer) -> Value {
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer:?}");
    answer.events_of("job").pop().unwrap_or_else(|| panic!("no job: {answer:?}"))
}

/// The parts of an output, by name.
fn parts(place: &Place, output: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(place.0.join(output)).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    entries.map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
}

/// Does it in flight, with the output `out`, and in one go; both are the same.
fn same_as_one_go(place: &Place, words: &str) -> Value {
    let flown = done(&Answer::of(command(place, "mapreduce", "out", &format!("--fly --seed 1 {words}"))));
    let one = done(&Answer::of(command(place, "mapreduce", "one", "--split-kib 4 --sequential")));
    assert_eq!(parts(place, "out"), parts(place, "one"));
    assert_eq!(parts(place, "out").len(), 5);
    for field in ["inputs", "input_bytes", "maps", "records", "pairs", "skipped", "output_bytes", "empty_parts"] {
        assert_eq!(flown[field], one[field], "{field}");
    }
    assert_eq!(place.processes(), Vec::<String>::new());
    assert_eq!(left(place), 0, "of a flight without a fault nothing is left");
    flown
}

/// Directories of runs, and of flights that went wrong.
fn left(place: &Place) -> usize {
    let below = |name: &str| std::fs::read_dir(place.0.join("target/windtunnel").join(name)).map_or(0, Iterator::count);
    below("runs") + below("flights")
}

pub fn the_output_is_that_of_one_go() {
    let place = Place::new("job");
    let flown = same_as_one_go(&place, "--workers 3 --split-kib 4");
    assert_eq!((&flown["way"], &flown["workers"]), (&"flight".into(), &3.into()));
    for only_in_the_tunnel in ["messages", "peak_heap_bytes", "events", "sim_ms", "trace_hash"] {
        assert_eq!(flown[only_in_the_tunnel], Value::Null, "{only_in_the_tunnel}");
    }
    let number = |field: &str| flown[field].as_u64().unwrap();
    assert!(number("fsyncs") > 10 && number("shuffled_bytes") > 0, "{flown}");
    assert!(number("flown_ms") <= number("wall_ms"), "{flown}");
    assert_eq!(flown["unclean"], Value::Array(Vec::new()));
}

/// A worker dies now and then when a task is begun; a power loss is nothing for real machines.
pub fn a_worker_that_is_killed_takes_nothing() {
    let place = Place::new("job-storm");
    let fault = |kind: &str, node: u32| {
        format!(
            "[[fault]]\nkind = \"{kind}\"\nwhere = [{node}]\non_ppm = 1_000_000\n\
             when = {{ after = \"mr.begun\", within = \"2ms\" }}\nchance_ppm = 200_000\ndown = \"400ms\"\n"
        )
    };
    let (kills, losses) = (fault("kill", 2), fault("power-loss", 3));
    let scenario = format!("about = \"x\"\nnodes = 4\nclient_nodes = 1\nduration = \"5s\"\n{kills}{losses}");
    let path = place.0.join("storm.toml");
    std::fs::write(&path, scenario).unwrap();
    let flown = same_as_one_go(&place, &format!("--split-kib 4 --scenario {}", path.display()));
    assert_eq!(flown["workers"], 3);
    assert!(flown["faults"]["kill"].as_u64().unwrap() > 0, "{flown}");
    assert_eq!(flown["unmade"][0]["what"], "power-loss", "{flown}");
}

/// So long a file goes into the store in a hundred pieces.
pub fn a_long_file_comes_into_the_store() {
    let place = Place::new("job-long");
    let line = |number: u32| format!("{number} {}\n", "x".repeat(1_000));
    std::fs::write(place.0.join("long.txt"), (0..7_000).map(line).collect::<String>()).unwrap();
    let job = format!("grep --pattern 77 --reduces 2 --input {}", place.0.join("long.txt").display());
    let flown = done(&Answer::of(command_for(&job, &place, "mapreduce", "out", "--fly --workers 2")));
    assert!(flown["input_bytes"].as_u64().unwrap() > 100 * (64 << 10), "{flown}");
    done(&Answer::of(command_for(&job, &place, "mapreduce", "one", "--sequential")));
    assert_eq!(parts(&place, "out"), parts(&place, "one"));
}

pub fn an_interrupted_job_lands_and_leaves_nothing() {
    let place = Place::new("job-interrupted");
    let command = &mut command(&place, "lazy", "out", "--fly --workers 2");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while place.processes().len() < 4 && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(place.processes().len(), 4, "a coordinator, two workers and the store");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let answer = Answer::from(child.wait_with_output().unwrap());
    assert_eq!((answer.code, &answer.events_of("error")[0]["message"]), (130, &"interrupted".into()), "{answer:?}");
    assert_eq!(place.processes(), Vec::<String>::new());
    assert_eq!(left(&place), 0);
    let names: Vec<_> = std::fs::read_dir(&place.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["target"], "no half an output");
}

/// A bound of time proves nothing on a real machine; what there is of the flight may be looked at.
pub fn a_job_that_stands_still_is_undecided() {
    let place = Place::new("job-still");
    let mut command = command(&place, "lazy", "out", "--fly --workers 2");
    command.env("WINDTUNNEL_FLIGHT_PATIENCE_S", "2");
    let answer = Answer::of(command);
    let message = answer.events_of("error")[0]["message"].as_str().unwrap().to_owned();
    assert!(answer.code == 5 && message.contains("no task was finished in 2 s"), "{answer:?}");
    assert_eq!(place.processes(), Vec::<String>::new());
    assert!(place.0.join("target/windtunnel/flights/mapreduce-job/node-1/log").exists(), "{answer:?}");
    assert!(!place.0.join("out").exists(), "half an output is left behind");
}

pub fn a_job_that_does_not_take_off_is_refused() {
    let place = Place::new("job-refused");
    let refused = |lab: &str, words: &str, piece: &str| {
        let answer = Answer::of(command(&place, lab, "out", words));
        let message = answer.events_of("error")[0]["message"].as_str().unwrap().to_owned();
        assert!(answer.code == 2 && message.contains(piece), "{answer:?}");
        assert!(!place.0.join("out").exists() && left(&place) == 0, "something is left behind");
    };
    refused("mapreduce", "--fly --workers 200", "--workers 97");
    let mut other = command(&place, "mapreduce", "out", "");
    other.args(["--fly", "--node-binary"]).arg("/bin/true");
    let answer = Answer::of(other);
    assert!(answer.code == 2 && answer.stdout.contains("is no node"), "{answer:?}");
}
