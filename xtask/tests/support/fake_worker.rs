//! A worker that speaks the protocol and misbehaves on demand: each test does what its name says.
//! For tests of the command line alone; nothing is simulated.

use lab_harness::protocol::{
    Failure, FlightBroken, FlightLink, FlightNode, FlightResult, FlightRow, FlightSkipped, FlightState, FlightVerdict,
    FlyRequest, Hello, Isolation, JOB_ARGUMENT, JobAnswer, JobDone, JobInFlight, JobInTunnel, JobOnNodes, JobPlace,
    JobProgress, JobRequest, JobSkipped, JobWay, OutputRecord, OutputStream, PROTOCOL_VERSION, PartInfo, Refusal,
    RefusalKind, Request, Response, Row, RowKind, RunRequest, RunResult, SCENARIO_TEST, TestInfo, TraceHash, Verdict,
    progress,
};
use std::collections::BTreeMap;
use std::io::{self, BufRead as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::time::Duration;
use windtunnel::fold;
use windtunnel::{NodeId, Seed};

/// Name, MIT name, part, tag.
const TESTS: [(&str, &str, &str, &str); 18] = [
    ("initial_election", "TestInitialElection3A", "election", "mit"),
    ("re_election", "TestReElection3A", "election", "mit"),
    ("fails_on_odd_seeds", "", "election", "storm"),
    ("undecided", "", "log", "storm"),
    ("aborts", "", "misbehaving", ""),
    ("exits_with_zero", "", "misbehaving", ""),
    ("overflows_its_stack", "", "misbehaving", ""),
    ("runs_out_of_memory", "", "misbehaving", ""),
    ("panics_in_a_drop", "", "misbehaving", ""),
    ("never_yields", "", "misbehaving", ""),
    ("prints_garbage", "", "misbehaving", ""),
    ("counts_in_a_static", "", "misbehaving", ""),
    ("differs_in_processes", "", "misbehaving", ""),
    ("differs_now_and_then", "", "misbehaving", ""),
    ("is_refused", "", "misbehaving", ""),
    ("takes_its_time", "", "misbehaving", ""),
    ("is_talkative", "", "misbehaving", ""),
    ("dies_on_seed_two", "", "misbehaving", ""),
];

fn main() {
    let first = std::env::args().nth(1);
    if first.as_deref() == Some(JOB_ARGUMENT) {
        return job();
    }
    assert_eq!(first.as_deref(), Some("worker"));
    match std::env::var("FAKE_HELLO").as_deref() {
        Ok("silent") => std::process::exit(0),
        Ok("garbage") => return println!("good morning"),
        _ => say(&Response::Hello(hello())),
    }
    let mut runs = 0;
    for line in io::stdin().lock().lines() {
        match serde_json::from_str(&line.unwrap()).unwrap() {
            Request::Run(request) => {
                runs += 1;
                show(runs, request.seed, 812, 2, 1_310_000_000);
                let response = run(&request, runs);
                say(&response);
            }
            Request::Schedule(request) => {
                let lines = if request.seed == Seed(99) { 1_000 } else { 1 };
                say(&Response::Schedule { text: format!("# {} {}\n", request.test, request.seed).repeat(lines) });
            }
            Request::Fly(request) => return fly(&request),
            Request::Quit => return,
        }
    }
}

/// A job of which one record is skipped.
fn job() {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).unwrap();
    let request: JobRequest = serde_json::from_str(&line).unwrap();
    let place = Some(JobPlace { input: request.inputs[0].clone(), line: 3 });
    let skipped = JobSkipped { task: "map 0".into(), record: 2, place, why: Some("too much".into()) };
    let faults = BTreeMap::from([("kill".to_owned(), 1)]);
    let nodes = Some(JobOnNodes { workers: 4, faults, ..JobOnNodes::default() });
    let what = FlightSkipped { what: "power-loss".into(), why: "the machine cannot be switched off".into(), count: 2 };
    let unclean = vec!["node 3: signal: 9 (SIGKILL)".into()];
    let flight = JobInFlight { fsyncs: 720, unmade: vec![what], unclean, stood_still_ms: 3 };
    let (tunnel, flight) = match request.way {
        JobWay::Flight { .. } => (None, Some(flight)),
        _ => (Some(JobInTunnel::default()), None),
    };
    let done = JobDone { skipped: vec![skipped], nodes, tunnel, flight, ..JobDone::default() };
    for answer in [JobAnswer::Progress(JobProgress::default()), JobAnswer::GoesOn, JobAnswer::Done(Box::new(done))] {
        println!("{}", serde_json::to_string(&answer).unwrap());
    }
}

/// A flight of which a rule breaks on odd seeds, and a bound is missed on seed 2.
fn fly(request: &FlyRequest) {
    let (role, state) = ("leader".into(), FlightState::Up);
    let node = FlightNode { node: NodeId(1), role, term: 2, commit: 64, applied: 63, state };
    let faults = BTreeMap::from([("kill-1".to_owned(), 1)]);
    let row = FlightRow {
        at_ms: 1_000,
        nodes: vec![node],
        operations: Some(640),
        p99_us: Some(9_000),
        faults: faults.clone(),
        cut: vec![[NodeId(1), NodeId(2)]],
        late: vec![FlightLink { from: NodeId(2), to: NodeId(1), up_to_us: 3_000 }],
    };
    say(&Response::Flying(Box::new(row)));
    let verdict = match request.seed.0 {
        2 => FlightVerdict::Undecided,
        seed if seed % 2 == 1 => FlightVerdict::Violated,
        _ => FlightVerdict::Safe,
    };
    let broken = (verdict != FlightVerdict::Safe).then(|| FlightBroken {
        rule: "election-safety".into(),
        title: "Election safety is broken: node 1 and node 3 both lead term 5.".into(),
        source: Some("Raft, section 5.2".into()),
        facts: vec!["        role, term".into(), "node 1  leader 5".into()],
        at_ms: 900,
    });
    let skipped =
        FlightSkipped { what: "power-loss".into(), why: "the machine cannot be switched off".into(), count: 2 };
    say(&Response::Flown(Box::new(FlightResult {
        verdict,
        broken,
        operations: Some(640),
        unknown: Some(64),
        ops_per_s: Some(640),
        p50_us: Some(800),
        p99_us: Some(9_000),
        fsyncs: 720,
        fsyncs_per_1000: Some(1_125),
        faults,
        skipped: vec![skipped],
        unclean: vec!["node 3: signal: 9 (SIGKILL)".into()],
        stood_still_ms: 3,
        wall_ms: 1_200,
        history_error: None,
    })));
}

fn say(response: &Response) {
    println!("{}", serde_json::to_string(response).unwrap());
    io::stdout().flush().unwrap();
}

/// Writes what a mapped file would show.
fn show(run: u64, seed: Seed, event: u64, node: u64, at_ns: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(std::env::var(progress::VARIABLE).unwrap()).unwrap();
    for (index, word) in [(progress::SEED, seed.0), (progress::EVENT, event), (progress::NODE, node)] {
        file.write_all_at(&word.to_le_bytes(), index as u64 * 8).unwrap();
    }
    file.write_all_at(&at_ns.to_le_bytes(), progress::TIME as u64 * 8).unwrap();
    file.write_all_at(&run.to_le_bytes(), progress::RUN as u64 * 8).unwrap();
}

fn hello() -> Hello {
    let part = |name: &str, alias: &str| {
        let points = if name == "misbehaving" { 0 } else { 10 };
        PartInfo { name: name.into(), alias: (!alias.is_empty()).then(|| alias.into()), points }
    };
    let test = |(name, mit, part, tag): (&str, &str, &str, &str)| TestInfo {
        name: name.into(),
        mit: (!mit.is_empty()).then(|| mit.into()),
        part: part.into(),
        tags: if tag.is_empty() { vec![] } else { vec![tag.into()] },
        points: if part == "misbehaving" { 0 } else { 5 },
        about: format!("A test of the command line: {}.", name.replace('_', " ")),
        grounded: (tag == "storm").then(|| "flight makes none of its faults (loss)".into()),
        skipped: if name == "initial_election" { vec!["loss".into(), "power-loss".into()] } else { vec![] },
        storm: (tag == "storm").then(|| format!("{name}-weather")),
    };
    let weather_version = std::env::var("FAKE_WEATHER").map_or(1, |version| version.parse().unwrap());
    Hello {
        protocol: PROTOCOL_VERSION,
        weather_version,
        lab: "raft".into(),
        parts: vec![part("election", "3A"), part("log", "3B"), part("misbehaving", "")],
        tests: TESTS.into_iter().map(test).collect(),
    }
}

fn run(request: &RunRequest, runs: u64) -> Response {
    let seed = request.seed.0;
    let own = fold::of_bytes(format!("{} {seed}", request.test).as_bytes());
    let mut result = passed(request, own);
    if let Some(events) = request.stop_after {
        if request.record {
            story().into_iter().for_each(|row| say(&Response::Row(row)));
        }
        (result.events, result.verdict) = (events, Verdict::Failed);
        result.failure = Some(Failure { rule: "out-of-events".into(), ..two_leaders(request) });
        return Response::Result(Box::new(result));
    }
    let edited = std::env::var("FAKE_EDIT").unwrap_or_default();
    match request.test.as_str() {
        "fails_on_odd_seeds" | SCENARIO_TEST if seed % 2 == 1 && edited != "fixed" => {
            if request.record {
                story().into_iter().for_each(|row| say(&Response::Row(row)));
            }
            result.verdict = Verdict::Failed;
            result.failure = Some(two_leaders(request));
            if edited == "other" {
                result.trace_hash = TraceHash(1);
                result.failure.as_mut().unwrap().rule = "log-matching".into();
            }
        }
        "undecided" => {
            result.verdict = Verdict::Undecided;
            let title = "The checker ran out of its budget of 1,000 steps.".into();
            result.failure = Some(Failure { rule: "undecided".into(), title, ..Failure::default() });
        }
        "aborts" => std::process::abort(),
        "exits_with_zero" => std::process::exit(0),
        "overflows_its_stack" => drop(deeper(1)),
        "runs_out_of_memory" => std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; 4096]>()),
        "panics_in_a_drop" => {
            let _bomb = Bomb;
            panic!("the first");
        }
        "never_yields" => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        "prints_garbage" => println!("let me out"),
        "counts_in_a_static" => differ(&mut result, request, runs > 1),
        "differs_now_and_then" => {
            differ(&mut result, request, runs > 2);
            result.verdict = Verdict::Nondeterministic;
            result.failure = Some(two_leaders(request));
        }
        "differs_in_processes" => differ(&mut result, request, request.isolate == Isolation::Process),
        "is_refused" => {
            let message = "line 3: unknown kind `strom`, expected `storm`".into();
            return Response::Refused(Refusal { kind: RefusalKind::BadInput, message });
        }
        "takes_its_time" => std::thread::sleep(Duration::from_millis(100)),
        "is_talkative" => {
            result.verdict = Verdict::Failed;
            result.failure = Some(talkative(request));
        }
        "dies_on_seed_two" if seed == 2 => std::process::exit(7),
        _ => {}
    }
    Response::Result(Box::new(result))
}

fn passed(request: &RunRequest, hash: u64) -> RunResult {
    RunResult {
        test: request.test.clone(),
        seed: request.seed,
        verdict: Verdict::Passed,
        trace_hash: TraceHash(hash),
        hash_at: request.hash_at.map(|event| TraceHash(hash ^ event)),
        events: 1_000,
        sim_ns: 2_500_000_000,
        faults: BTreeMap::from([("partition".to_owned(), 2)]),
        rough: Vec::new(),
        never_struck: vec!["kill at event 5000".to_owned()],
        counted: (request.test == "re_election").then(|| ("turns".to_owned(), 10 + hash % 3)).into_iter().collect(),
        messages: 120,
        bytes: 4_096,
        peak_heap_bytes: 65_536,
        failure: None,
    }
}

/// From event 700 on everything is otherwise.
fn differ(result: &mut RunResult, request: &RunRequest, differs: bool) {
    if request.record {
        let text = "becomes leader of 3".to_owned();
        let row = |event| Row {
            event,
            at_ns: event * 1_000_000,
            node: NodeId(2),
            kind: RowKind::Observation,
            text: text.clone(),
            peer: None,
            peer_text: None,
        };
        (690..=710).map(row).for_each(|row| say(&Response::Row(row)));
    }
    if differs {
        result.trace_hash.0 ^= 1;
        result.hash_at = request.hash_at.map(|event| TraceHash(event ^ u64::from(event >= 700)));
    } else {
        result.hash_at = request.hash_at.map(TraceHash);
    }
}

#[allow(unconditional_recursion, reason = "it is what the test is about")]
fn deeper(depth: u64) -> [u64; 64] {
    let mut below = deeper(depth + 1);
    below[0] += depth;
    std::hint::black_box(below)
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the second");
    }
}

fn row(event: u64, at_ms: u64, node: u32, kind: RowKind, text: &str, peer: Option<(u32, &str)>) -> Row {
    Row {
        event,
        at_ns: at_ms * 1_000_000,
        node: NodeId(node),
        kind,
        text: text.into(),
        peer: peer.map(|(peer, _)| NodeId(peer)),
        peer_text: peer.map(|(_, text)| text.into()),
    }
}

fn story() -> Vec<Row> {
    vec![
        row(801, 1_204, 1, RowKind::Message, "candidate of 5", Some((2, "votes for node 1"))),
        row(801, 1_204, 2, RowKind::Disk, "fsync begins", None),
        row(802, 1_205, 2, RowKind::Message, "(vote sent)", Some((1, "leader of 5"))),
        row(803, 1_205, 2, RowKind::Fault, "power loss, vote not on disk", None),
        row(804, 1_290, 2, RowKind::Start, "starts, voted_for = none", None),
        row(811, 1_308, 3, RowKind::Message, "candidate of 5", Some((2, "votes for node 3"))),
        row(812, 1_310, 3, RowKind::Violation, "leader of 5", None),
    ]
}

fn two_leaders(request: &RunRequest) -> Failure {
    let record = |event, at_ms: u64, text: &str| OutputRecord {
        event,
        at_ns: at_ms * 1_000_000,
        node: NodeId(2),
        stream: OutputStream::Stdout,
        text: text.into(),
    };
    let log = request.log.map(|level| lab_harness::protocol::LogRecord {
        event: 804,
        at_ns: 1_290_000_000,
        node: NodeId(2),
        level,
        target: "raft".into(),
        message: "nothing on disk".into(),
    });
    Failure {
        rule: "election-safety".into(),
        title: "Election safety is broken: node 1 and node 3 both lead term 5.".into(),
        source: Some("Raft, section 5.2: a server votes for at most one candidate in a term.".into()),
        node: Some(NodeId(3)),
        event: Some(812),
        at_ns: 1_310_000_000,
        story: story(),
        log: log.into_iter().collect(),
        output: vec![record(804, 1_290, "hello from println")],
        schedule: Some("# a schedule\n".into()),
        ..Failure::default()
    }
}

/// As long as a failure can get: seven nodes, hundreds of rows, words without end.
fn talkative(request: &RunRequest) -> Failure {
    let long = "a very long explanation of what happened \u{1b}[31mhere ".repeat(20);
    let rows = (0..300).map(|n| row(n, n, (n % 7) as u32 + 1, RowKind::Observation, &long, None)).collect();
    Failure {
        title: long.clone(),
        source: Some(long.clone()),
        hint: Some(long.clone()),
        facts: vec![long.clone(); 30],
        story: rows,
        ..two_leaders(request)
    }
}
