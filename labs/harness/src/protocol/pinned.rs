//! Every line of the protocol once, with all its fields, as it is written: whoever changes one raises the version.
//!
//! What is pinned stands in `lines/VERSION.jsonl`. Literals without `..` and matches without `_` make a field or a
//! variant that is added show here first.

use super::*;
use crate::protocol::failure::{LogRecord, OutputRecord};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use windtunnel::line::LogLevel;
use windtunnel::{NodeId, Seed};

#[test]
fn a_line_that_changes_takes_a_new_version_of_the_protocol() {
    let file = format!("src/protocol/lines/{PROTOCOL_VERSION}.jsonl");
    let pinned = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap_or_default();
    let lines: String = [requests(), responses(), words()].concat().iter().map(|line| format!("{line}\n")).collect();
    if pinned.is_empty() {
        panic!("{file} is not there; a new version of the protocol needs it, with these lines:\n{lines}");
    }
    for (pinned, line) in pinned.lines().zip(lines.lines()) {
        assert_eq!(line, pinned, "the protocol has changed: raise PROTOCOL_VERSION, and pin the new one beside {file}");
    }
    assert_eq!(pinned.lines().count(), lines.lines().count(), "raise PROTOCOL_VERSION: lines came or went");
}

fn json(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("the protocol is plain data")
}

fn requests() -> Vec<String> {
    let scenario = ScenarioText { name: "storm.toml".into(), text: "about = \"x\"".into() };
    let run = RunRequest {
        test: "re_election".into(),
        seed: Seed(7),
        scenario: Some(scenario.clone()),
        isolate: Isolation::Process,
        record: true,
        whole: true,
        stop_after: Some(9),
        check: true,
        log: Some(LogLevel::Debug),
        hash_at: Some(5),
    };
    let load = FlightLoad {
        lasts_ns: 1,
        window: 64,
        bytes: 256,
        snapshot_every: 2_000,
        snapshot_bytes: 65_536,
        reads_percent: Some(50),
    };
    let fly = |course| {
        let (directory, node_binary) = ("flight".into(), "node".into());
        Request::Fly(Box::new(FlyRequest { course, seed: Seed(7), directory, node_binary }))
    };
    let schedule = ScheduleRequest { test: "re_election".into(), seed: Seed(7), scenario: Some(scenario.clone()) };
    let requests = [
        Request::Run(Box::new(run)),
        Request::Schedule(schedule),
        fly(FlightCourse::Test { test: "re_election".into() }),
        fly(FlightCourse::Scenario { scenario, nodes: Some(3), load: Some(load) }),
        fly(FlightCourse::Calm { nodes: 3, load }),
        Request::Quit,
    ];
    for request in &requests {
        match request {
            Request::Run(_) | Request::Schedule(_) | Request::Fly(_) | Request::Quit => {}
        }
    }
    requests.iter().map(json).collect()
}

fn responses() -> Vec<String> {
    let refusal = Refusal { kind: RefusalKind::BadInput, message: "no such test".into() };
    let responses = [
        Response::Hello(hello()),
        Response::Row(row()),
        Response::Result(Box::new(result())),
        Response::Schedule { text: "about = \"x\"".into() },
        Response::Flying(Box::new(flying())),
        Response::Flown(Box::new(flown())),
        Response::Refused(refusal),
    ];
    for response in &responses {
        match response {
            Response::Hello(_) | Response::Row(_) | Response::Result(_) | Response::Schedule { .. } => {}
            Response::Flying(_) | Response::Flown(_) | Response::Refused(_) => {}
        }
    }
    responses.iter().map(json).collect()
}

fn hello() -> Hello {
    let test = TestInfo {
        name: "re_election".into(),
        mit: Some("TestReElection3A".into()),
        part: "election".into(),
        tags: vec!["mit".into()],
        points: 25,
        about: "a leader is replaced".into(),
        storm: Some("pauses".into()),
        grounded: Some("it counts calls".into()),
        skipped: vec!["power-loss".into()],
    };
    let part = PartInfo { name: "election".into(), alias: Some("3A".into()), points: 70 };
    // The version itself is not what is pinned.
    Hello { protocol: 0, weather_version: 1, lab: "raft".into(), parts: vec![part], tests: vec![test] }
}

fn row() -> Row {
    Row {
        event: 5,
        at_ns: 1_000,
        node: NodeId(1),
        kind: RowKind::Message,
        text: "votes".into(),
        peer: Some(NodeId(2)),
        peer_text: Some("asks".into()),
    }
}

fn result() -> RunResult {
    let (at_ns, node) = (1_000, NodeId(1));
    let log =
        LogRecord { event: 5, at_ns, node, level: LogLevel::Debug, target: "raft".into(), message: "votes".into() };
    let output = OutputRecord { event: 5, at_ns, node, stream: OutputStream::Stderr, text: "a panic".into() };
    let failure = Failure {
        rule: "one-vote".into(),
        title: "It votes twice.".into(),
        source: Some("Raft, section 5.2".into()),
        hint: Some("Save the vote.".into()),
        facts: vec!["node 1  leader 5".into()],
        node: Some(node),
        event: Some(5),
        at_ns,
        story: vec![row()],
        log: vec![log],
        output: vec![output],
        schedule: Some("about = \"x\"".into()),
    };
    RunResult {
        test: "re_election".into(),
        seed: Seed(7),
        verdict: Verdict::Failed,
        trace_hash: TraceHash(0xabc),
        hash_at: Some(TraceHash(0xdef)),
        events: 5,
        sim_ns: 1_000,
        faults: BTreeMap::from([("kill".into(), 2)]),
        rough: vec!["new-leader".into()],
        never_struck: vec!["fault 1".into()],
        counted: BTreeMap::from([("turns".into(), 12)]),
        messages: 3,
        bytes: 30,
        peak_heap_bytes: 4_096,
        failure: Some(failure),
    }
}

fn flying() -> FlightRow {
    let node = FlightNode {
        node: NodeId(1),
        role: "leader".into(),
        term: 2,
        commit: 9,
        applied: 8,
        state: FlightState::Paused,
    };
    FlightRow {
        at_ms: 1_000,
        nodes: vec![node],
        operations: Some(640),
        p99_us: Some(9_000),
        faults: BTreeMap::from([("kill-1".into(), 1)]),
        cut: vec![[NodeId(1), NodeId(2)]],
        late: vec![FlightLink { from: NodeId(2), to: NodeId(1), up_to_us: 3_000 }],
    }
}

fn flown() -> FlightResult {
    let broken = FlightBroken {
        rule: "one-vote".into(),
        title: "It votes twice.".into(),
        source: Some("Raft, section 5.2".into()),
        facts: vec!["node 1  leader 5".into()],
        at_ms: 900,
    };
    FlightResult {
        verdict: FlightVerdict::Violated,
        broken: Some(broken),
        operations: Some(640),
        unknown: Some(64),
        ops_per_s: Some(640),
        p50_us: Some(800),
        p99_us: Some(9_000),
        fsyncs: 720,
        fsyncs_per_1000: Some(1_125),
        faults: BTreeMap::from([("kill-1".into(), 1)]),
        skipped: vec![FlightSkipped { what: "power-loss".into(), why: "it cannot".into(), count: 2 }],
        unclean: vec!["node 3: signal: 9".into()],
        stood_still_ms: 3,
        wall_ms: 1_200,
        history_error: Some("the disk is full".into()),
    }
}

/// What fields may say besides.
fn words() -> Vec<String> {
    use FlightState::{Down, Paused, Up};
    use RowKind::{Connection, Control, Disk, Fault, Log, Message, Observation, Output, Start, Timer, Violation};
    let kinds = [Start, Message, Connection, Timer, Disk, Control, Observation, Fault, Log, Output, Violation];
    let verdicts = [Verdict::Passed, Verdict::Undecided, Verdict::Failed, Verdict::Nondeterministic];
    use FlightVerdict::{Interrupted, Linearizable, Safe, Undecided, Violated};
    let flown = [Safe, Linearizable, Undecided, Interrupted, Violated];
    let levels = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];
    let refusals = [RefusalKind::BadInput, RefusalKind::Harness];
    let streams = [OutputStream::Stdout, OutputStream::Stderr];
    let isolations = [Isolation::None, Isolation::Process];
    vec![
        json(&kinds),
        json(&verdicts),
        json(&flown),
        json(&levels),
        json(&refusals),
        json(&streams),
        json(&isolations),
        json(&[Up, Paused, Down]),
    ]
}
