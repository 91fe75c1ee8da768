//! Short flights through the command line: the reference submission in processes of its own.
//!
//! This executable is its own worker and its own nodes (a target without libtest), so that nothing is built but with
//! the test. Only under WINDTUNNEL_END_TO_END=1, as in CI, `cargo lab` builds the node itself, in release.

#[path = "fly/data.rs"]
mod data;
#[path = "fly/disks.rs"]
mod disks;
#[path = "support/idle.rs"]
mod idle;
#[path = "fly/short.rs"]
mod short;
mod support;

use libtest_mimic::{Arguments, Trial};
use object::{Object as _, ObjectSymbol as _};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use support::Answer;
use support::place::{Place, root};
use support::until_well::{result_of, until_well};

/// Makes this executable a node of the lab kvraft.
const OTHER_LAB: &str = "WINDTUNNEL_TEST_OTHER_LAB";

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    if std::env::var_os(OTHER_LAB).is_some() {
        return lab_kvraft::worker::<solution_kvraft::Submission, solution_raft::Raft>();
    }
    if first == lab_harness::protocol::WORKER_ARGUMENT || first == "node" {
        return lab_raft::worker::<solution_raft::Raft>();
    }
    let trials = trials().map(|(name, body)| {
        let gated = name.starts_with("what_is_built") && std::env::var_os("WINDTUNNEL_END_TO_END").is_none();
        let run = move || {
            body();
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(gated)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn trials() -> [(&'static str, fn()); 28] {
    [
        (
            "a_kill_and_a_cut_lose_nothing_and_leave_no_process",
            short::a_kill_and_a_cut_lose_nothing_and_leave_no_process,
        ),
        ("the_file_that_flies_runs_in_the_tunnel", short::the_file_that_flies_runs_in_the_tunnel),
        (
            "connections_are_left_half_open_and_nothing_is_lost",
            short::connections_are_left_half_open_and_nothing_is_lost,
        ),
        ("every_scenario_is_one_of_its_lab", short::every_scenario_is_one_of_its_lab),
        ("the_list_says_what_a_storm_flies_without", short::the_list_says_what_a_storm_flies_without),
        ("a_story_that_crashes_servers_kills_their_processes", a_story_that_crashes_servers_kills_their_processes),
        (
            "a_scenario_on_too_few_nodes_names_the_one_that_is_missing",
            a_scenario_on_too_few_nodes_names_the_one_that_is_missing,
        ),
        ("a_share_of_reads_is_refused_where_nobody_reads", a_share_of_reads_is_refused_where_nobody_reads),
        ("data_of_another_node_is_named", data::data_of_another_node_is_named),
        ("data_of_another_cluster_or_version_is_named", data::data_of_another_cluster_or_version_is_named),
        ("data_of_more_nodes_or_fewer_is_named", data::data_of_more_nodes_or_fewer_is_named),
        ("data_of_another_flight_is_left_alone", data::data_of_another_flight_is_left_alone),
        ("a_flight_of_the_same_name_is_left_alone", data::a_flight_of_the_same_name_is_left_alone),
        ("a_binary_that_is_no_node_is_named", a_binary_that_is_no_node_is_named),
        ("a_node_of_another_lab_is_named", a_node_of_another_lab_is_named),
        ("a_port_that_is_taken_is_named", a_port_that_is_taken_is_named),
        (
            "more_nodes_than_open_files_allow_are_refused_and_a_soft_limit_is_raised",
            more_nodes_than_open_files_allow_are_refused_and_a_soft_limit_is_raised,
        ),
        (
            "a_node_that_does_not_end_as_asked_leaves_the_files_of_its_flight",
            a_node_that_does_not_end_as_asked_leaves_the_files_of_its_flight,
        ),
        (
            "a_node_whose_disk_is_full_stops_and_nothing_is_lost",
            disks::a_node_whose_disk_is_full_stops_and_nothing_is_lost,
        ),
        ("a_node_whose_disk_fails_stops_and_nothing_is_lost", disks::a_node_whose_disk_fails_stops_and_nothing_is_lost),
        (
            "a_node_that_cannot_begin_again_on_a_full_disk_decides_nothing",
            disks::a_node_that_cannot_begin_again_on_a_full_disk_decides_nothing,
        ),
        (
            "a_node_that_cannot_say_why_it_cannot_begin_again_decides_nothing",
            disks::a_node_that_cannot_say_why_it_cannot_begin_again_decides_nothing,
        ),
        ("an_interrupted_flight_lands", an_interrupted_flight_lands),
        ("a_flight_that_is_killed_leaves_no_process", a_flight_that_is_killed_leaves_no_process),
        ("a_story_that_cannot_fly_says_why", a_story_that_cannot_fly_says_why),
        (
            "the_handout_says_of_every_mutant_what_flight_made_of_it",
            the_handout_says_of_every_mutant_what_flight_made_of_it,
        ),
        ("what_is_built_to_fly_has_nothing_of_the_simulator", what_is_built_to_fly_has_nothing_of_the_simulator),
        ("what_is_built_to_fly_sleeps_when_idle", what_is_built_to_fly_sleeps_when_idle),
    ]
}

/// A node's executable: a script before the real one, which finds its configuration in `$3`.
fn node_behind(place: &Place, script: &str) -> PathBuf {
    let path = place.0.join("node.sh");
    let own = std::env::current_exe().unwrap();
    std::fs::write(&path, format!("#!/bin/sh\n{script}\nexec '{}' \"$@\"\n", own.display())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Flies until all is well, thrice at the most.
fn until_safe(fly: impl Fn() -> Answer) -> Answer {
    until_well("safe", fly)
}

/// Half of these crashes are power losses in the tunnel.
fn a_story_that_crashes_servers_kills_their_processes() {
    let place = Place::new("crashes");
    let data = place.0.join("data");
    let answer = until_safe(|| {
        let _ = std::fs::remove_dir_all(&data);
        place.lab(&format!("fly raft --tests persist_1 --seed 1 --data {}", data.display()))
    });
    let history = std::fs::read_to_string(data.join("persist_1").join("history.jsonl")).unwrap();
    assert!(!history.contains("power-loss"), "nothing is asked for that flight cannot make");
    let kills = history.matches("\"command\":\"kill\"").count();
    assert_eq!(kills, 6);
    let (summary, rows) = (answer.summary(), answer.events_of("flight_second"));
    assert_eq!(summary["faults"], json!({ "kill": 6 }), "{answer:?}");
    assert_eq!((&summary["operations"], &summary["unknown"]), (&Value::Null, &Value::Null), "nobody counts them");
    assert!(rows.iter().all(|row| row["operations"].is_null()), "{rows:?}");
}

fn a_scenario_on_too_few_nodes_names_the_one_that_is_missing() {
    let place = Place::new("few");
    let scenario = short::file(&place, short::SHORT);
    let answer = place.lab(&format!("fly raft --seed 1 --nodes 2 --load 3s --scenario {}", scenario.display()));
    assert_eq!(answer.code, 2, "{answer:?}");
    let message = error_of(&answer);
    assert!(message.contains("node 3"), "{message}");
}

fn a_share_of_reads_is_refused_where_nobody_reads() {
    let answer = Place::new("reads").lab("fly raft --seed 1 --reads 90");
    assert_eq!((answer.code, answer.events_of("flight_result").len()), (2, 0), "{answer:?}");
    assert!(error_of(&answer).contains("no client of lab raft reads"), "{answer:?}");
}

fn a_binary_that_is_no_node_is_named() {
    let place = Place::new("other");
    for (node, words) in [
        ("/bin/true", "/bin/true is no node of `lab_raft`: its main must call `lab_raft::worker`; exit status: 0"),
        ("/nowhere/node", "/nowhere/node cannot be started: No such file or directory"),
    ] {
        let answer = Answer::of(place.command("fly raft --seed 1 --load 300ms", Path::new(node)));
        assert_eq!((answer.code, answer.events_of("error").len()), (2, 1), "{answer:?}");
        assert!(error_of(&answer).starts_with(words), "{answer:?}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["fly", "raft", "--seed", "1", "--format", "json", "--worker", "/bin/true"]);
    command.args(["--node-binary", "/bin/true"]).current_dir(root()).env("CARGO_TARGET_DIR", &place.0);
    let answer = Answer::of(command);
    assert_eq!(answer.code, 70, "{answer:?}");
    let words = "/bin/true is no worker: its main must call `lab_raft::worker`; it exited with code 0 before its hello";
    assert_eq!(error_of(&answer), words);
}

fn error_of(answer: &Answer) -> String {
    answer.events_of("error")[0]["message"].as_str().unwrap().to_owned()
}

/// Whoever flew it would call it a Raft that lies.
fn a_node_of_another_lab_is_named() {
    let place = Place::new("foreign");
    let node = node_behind(&place, &format!("export {OTHER_LAB}=1"));
    let answer = Answer::of(place.command("fly raft --seed 1 --load 300ms", &node));
    assert_eq!(answer.code, 2, "{answer:?}");
    let words = "is no node of `lab_raft`: its main must call `lab_raft::worker`; it is one of `lab_kvraft`";
    assert_eq!(error_of(&answer), format!("{} {words}", node.display()));
    assert_eq!(place.processes(), Vec::<String>::new());
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
    let message = error_of(&answer);
    assert!(message.contains("does not take off") && message.contains("node 2"), "{message}");
    let words = format!("listen = {address}: Address already in use (os error 98); is another node running there?");
    assert!(message.contains(&words), "{message}");
    assert_eq!(place.processes(), Vec::<String>::new());
}

/// Of the open files that a process may have, hard and soft or soft alone, so many.
fn with_open_files(place: &Place, words: &str, limit: &str) -> Answer {
    let lab = place.command(words, &std::env::current_exe().unwrap());
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("ulimit {limit} && exec \"$@\"")).arg("sh").arg(lab.get_program());
    command.args(lab.get_args()).env("CARGO_TARGET_DIR", &place.0).current_dir(root()).stdin(Stdio::null());
    Answer::of(command)
}

/// Whose ports could not be opened would wait for them for ever.
fn more_nodes_than_open_files_allow_are_refused_and_a_soft_limit_is_raised() {
    let place = Place::new("files");
    let refused = with_open_files(&place, "fly raft --nodes 12 --seed 1 --load 300ms", "-n 500");
    assert_eq!(refused.code, 2, "{refused:?}");
    let message = error_of(&refused);
    assert!(message.contains("12 nodes takes 640 open files") && message.contains("`ulimit -n 640`"), "{message}");
    let raised = with_open_files(&place, "fly raft --nodes 7 --seed 1 --load 300ms", "-Sn 100");
    assert!(raised.code == 0 || raised.code == 5, "it takes off: {raised:?}");
    assert_eq!(place.processes(), Vec::<String>::new());
}

/// Its flight is safe all the same; but somebody will want to know.
fn a_node_that_does_not_end_as_asked_leaves_the_files_of_its_flight() {
    let place = Place::new("unclean");
    let own = std::env::current_exe().unwrap();
    let script = format!(
        "case \"$3\" in */node-2/*) exec 3<&0; trap 'exit 7' TERM; '{}' \"$@\" <&3 & wait; exit 8;; esac",
        own.display()
    );
    let answer = Answer::of(place.command("fly raft --seed 1 --load 1s", &node_behind(&place, &script)));
    let result = result_of(&answer);
    assert_eq!(result["unclean"], json!(["node 2: exit status: 7"]), "{answer:?}");
    let directory = result["directory"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
    assert!(root().join(directory).join("node-2").join("log").is_file(), "{directory}");
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

/// Who pilots a flight finds that nobody wants it any more, and nodes die with their pilot, also one that is paused.
fn a_flight_that_is_killed_leaves_no_process() {
    for pilot_too in [false, true] {
        let place = Place::new(if pilot_too { "pilot-killed" } else { "killed" });
        let mut command = place.command("fly raft --seed 1 --load 60s", &std::env::current_exe().unwrap());
        let mut flight = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for_nodes(&place);
        let workers = children_of(flight.id());
        assert_eq!(workers.len(), 1);
        signal("-STOP", children_of(workers[0])[0]);
        flight.kill().unwrap();
        flight.wait().unwrap();
        if pilot_too {
            signal("-KILL", workers[0]);
        }
        let began = Instant::now();
        let is_there = || !place.processes().is_empty() || runs(workers[0]);
        while is_there() && began.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(place.processes(), Vec::<String>::new());
        assert!(!is_there(), "the worker goes on");
    }
}

/// One that nobody has buried yet does not.
fn runs(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

fn children_of(process: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent = format!("PPid:\t{process}");
    let is_child = |child: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
        status.lines().any(|line| line == parent)
    };
    processes.filter(is_child).collect()
}

fn wait_for_nodes(place: &Place) {
    let began = Instant::now();
    while place.processes().len() < 3 && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(place.processes().len(), 3);
}

fn interrupt(process: &Child) {
    signal("-INT", process.id());
}

fn a_story_that_cannot_fly_says_why() {
    let place = Place::new("grounded");
    let answer = place.lab("fly raft --tests unsynced_votes");
    assert_eq!(answer.code, 4, "{answer:?}");
    let message = answer.events_of("error")[0]["message"].clone();
    assert!(message.as_str().unwrap().contains("power that is lost"), "{message}");
    let listed = short::listed(&place);
    let of = |name: &str| short::test_of(&listed, name);
    assert_eq!((&of("re_election")["flies"], &of("unsynced_votes")["flies"]), (&json!(true), &json!(false)));
    assert_eq!(&of("figure_8")["flies"], &json!(true), "its crashes are kills");
    assert_eq!(&of("asymmetric")["flies"], &json!(true), "a storm of faults that flight can make");
}

/// Each in one row, in the words of its patch; and in the numbers above the tables, which two other pages repeat.
fn the_handout_says_of_every_mutant_what_flight_made_of_it() {
    let handout = std::fs::read_to_string(root().join("labs/raft/README.md")).unwrap();
    let (_, flown) = handout.split_once("## Why the tunnel comes first").unwrap();
    let rows: Vec<&str> = flown.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let patches = std::fs::read_dir(root().join("solutions/raft/mutants")).unwrap();
    let patches: Vec<PathBuf> = patches.map(|entry| entry.unwrap().path()).collect();
    let mut equivalent = 0;
    for path in &patches {
        let text = std::fs::read_to_string(path).unwrap();
        let what = text.lines().find_map(|line| line.strip_prefix("what: ")).unwrap();
        let told = format!("{}`: {what}", path.file_stem().unwrap().to_str().unwrap());
        let found = rows.iter().filter(|row| row.starts_with(&told)).count();
        assert_eq!(found, 1, "rows of the handout that begin with: | `{told}");
        equivalent += usize::from(text.lines().any(|line| line.starts_with("equivalent: ")));
    }
    assert_eq!(rows.len(), patches.len(), "and of no others");
    let wrong = patches.len() - equivalent;
    assert!(flown.contains(&format!("{} servers known to be wrong", patches.len())));
    let caught = rows.iter().filter(|row| row.ends_with(" s |")).count();
    assert!(flown.contains(&format!("| caught, of {wrong} | {wrong}, most of them under the first seed | {caught}, ")));
    for page in ["README.md", "docs/POWER.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let counts = format!("{caught} of the {wrong}");
        assert!(text.contains(&counts), "{page} does not say {counts}");
    }
}

/// What madsim defines in place of the C library, as far as it does on every machine.
const OVERRIDES: [&str; 8] = [
    "clock_gettime",
    "gettimeofday",
    "getrandom",
    "getentropy",
    "sysconf",
    "sched_getaffinity",
    "pthread_attr_init",
    "gethostname",
];

/// Of the C library's functions that madsim replaces, those that an executable defines itself; and how many of its
/// symbols are madsim's own, whose paths are in either mangling.
fn of_the_simulator(executable: &Path) -> (Vec<&'static str>, usize) {
    let bytes = std::fs::read(executable).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let defined = file.symbols().filter(|symbol| symbol.is_definition());
    let defined: Vec<&str> = defined.filter_map(|symbol| symbol.name().ok()).collect();
    assert!(defined.contains(&"main"), "{} has symbols", executable.display());
    let overridden = OVERRIDES.into_iter().filter(|name| defined.contains(name)).collect();
    (overridden, defined.iter().filter(|name| name.contains("6madsim")).count())
}

/// The reference's node as `cargo lab fly` builds it, which has flown for a second.
fn built_node() -> &'static Path {
    static NODE: OnceLock<PathBuf> = OnceLock::new();
    NODE.get_or_init(|| {
        let place = Place::new("built");
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["fly", "raft", "--seed", "1", "--load", "1s", "--format=json"]);
        command.arg("--worker").arg(std::env::current_exe().unwrap()).arg("--data").arg(&place.0);
        let answer = Answer::of({
            command.current_dir(root()).stdin(Stdio::null());
            command
        });
        assert!(answer.code == 0 || answer.code == 5, "{answer:?}");
        assert!(answer.summary()["operations"].as_u64().unwrap() > 0, "{answer:?}");
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        root().join(target).join("windtunnel/fly/target/release/solution-raft")
    })
}

fn what_is_built_to_fly_has_nothing_of_the_simulator() {
    let (overridden, of_madsim) = of_the_simulator(&std::env::current_exe().unwrap());
    assert!(overridden == OVERRIDES && of_madsim > 0, "a simulated worker has them: {overridden:?}, {of_madsim}");
    assert_eq!(of_the_simulator(built_node()), (vec![], 0), "a node that flies has none of them");
}

/// Clusters of three and of five without a client: nobody wakes more often than 50 times a second, nor holds 20 MB.
fn what_is_built_to_fly_sleeps_when_idle() {
    const SETTLED: Duration = Duration::from_secs(3);
    const MEASURED: u64 = 4;
    let place = Place::new("idle");
    let clusters = [3, 5].map(|nodes| idle::Cluster::start(built_node(), nodes, &place.0.join(nodes.to_string())));
    std::thread::sleep(SETTLED);
    let before = clusters.each_ref().map(idle::Cluster::wakes);
    std::thread::sleep(Duration::from_secs(MEASURED));
    for (cluster, before) in clusters.iter().zip(before) {
        let wakes: Vec<u64> = cluster.wakes().iter().zip(before).map(|(now, then)| (now - then) / MEASURED).collect();
        let kilobytes = cluster.resident_kilobytes();
        eprintln!("{} idle nodes: {wakes:?} wakes a second, {kilobytes:?} kB", wakes.len());
        assert!(wakes.iter().any(|wakes| *wakes >= 20), "one of them leads: {wakes:?}");
        assert!(wakes.iter().all(|wakes| *wakes <= 50), "{wakes:?}");
        assert!(kilobytes.iter().all(|kilobytes| *kilobytes <= 20_000), "{kilobytes:?}");
    }
}
