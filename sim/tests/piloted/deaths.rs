//! How nodes and flights end, and that nobody is left behind.

use crate::puppet::order;
use crate::{Ground, Test, flight};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use windtunnel::flight::{Flight, NodeBinary, TakeOffError};
use windtunnel::time::sleep;
use windtunnel::world::{Failure, Moment, Observer, Outcome, Response, Tester};
use windtunnel::{Nanos, NodeId};

pub const TESTS: &[Test] = &[
    ("a_panic_in_a_node_ends_the_flight_and_is_named", a_panic_in_a_node_ends_the_flight_and_is_named),
    ("a_node_that_cannot_begin_is_quoted", a_node_that_cannot_begin_is_quoted),
    (
        "a_node_that_stops_at_its_start_does_not_keep_the_others",
        a_node_that_stops_at_its_start_does_not_keep_the_others,
    ),
    ("a_node_that_never_becomes_ready_is_named", a_node_that_never_becomes_ready_is_named),
    ("a_process_that_somebody_else_kills_is_named", a_process_that_somebody_else_kills_is_named),
    ("a_node_that_ends_because_nobody_looks_on_is_named", a_node_that_ends_because_nobody_looks_on_is_named),
    ("a_binary_that_is_not_there_is_named", a_binary_that_is_not_there_is_named),
    ("the_time_budget_ends_a_body_that_waits_for_ever", the_time_budget_ends_a_body_that_waits_for_ever),
    ("nobody_is_left_behind_however_a_flight_ends", nobody_is_left_behind_however_a_flight_ends),
    ("nobody_is_left_behind_by_a_tester_that_is_killed", nobody_is_left_behind_by_a_tester_that_is_killed),
];

const PATIENCE: Duration = Duration::from_secs(10);
const FLY_UNTIL_KILLED: &str = "fly-until-killed";

fn failure_of<T: std::fmt::Debug>(outcome: Outcome<T>) -> Failure {
    match outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn a_panic_in_a_node_ends_the_flight_and_is_named() {
    let ground = Ground::new();
    let flown = flight(2, &ground.0).run(|tester| async move {
        order(&tester, 2, "panic the hull is breached").await;
        sleep(Duration::from_secs(60)).await;
    });
    let report = flown.expect("it took off").report;
    assert_eq!(report.last_node, NodeId(2));
    let Failure::Panicked { node, report } = failure_of(report.outcome) else { panic!("another failure") };
    assert_eq!((node, report.message.as_str()), (NodeId(2), "the hull is breached"));
    assert!(report.place.contains("puppet.rs"), "{}", report.place);
}

fn shell(script: &str, directory: &Path) -> Flight {
    let arguments = vec!["-c".to_owned(), script.to_owned()];
    Flight::new(NodeBinary { path: "/bin/sh".into(), arguments, program: None }, 2, directory)
}

fn lost_in(flight: Flight) -> String {
    let flown = flight.run(|_| async {}).expect("the shell starts");
    match failure_of(flown.report.outcome) {
        Failure::ProcessLost { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

fn a_node_that_cannot_begin_is_quoted() {
    let ground = Ground::new();
    let message = lost_in(shell("echo the port is taken >&2; exit 2", &ground.0));
    assert!(message.contains("exit status: 2") && message.contains("the port is taken"), "{message}");
}

fn a_node_that_stops_at_its_start_does_not_keep_the_others() {
    let ground = Ground::new();
    for (node, mark) in [("node-1", "doomed"), ("node-2", "slow")] {
        let directory = ground.0.join(node);
        std::fs::create_dir_all(&directory).and_then(|()| std::fs::write(directory.join(mark), "")).expect("a file");
    }
    let flown = flight(2, &ground.0).run(|tester| async move {
        let reply = order(&tester, 2, "read").await;
        (reply, tester.is_running(NodeId(1)))
    });
    let report = flown.expect("it took off").report;
    assert!(matches!(report.outcome, Outcome::Finished((_, false))), "{:?}", report.outcome);
    assert_eq!(report.counters.stops, 1);
}

fn a_node_that_never_becomes_ready_is_named() {
    let ground = Ground::new();
    let flight = shell("echo sleeps; sleep 60 & sleep 60", &ground.0)
        .with(|options| options.ready_within = Duration::from_millis(300));
    let begin = Instant::now();
    let message = lost_in(flight);
    assert!(message.starts_with("it was not ready within 0.3 s") && message.contains("sleeps"), "{message}");
    assert!(begin.elapsed() < PATIENCE, "it was not waited for");
}

fn a_process_that_somebody_else_kills_is_named() {
    let ground = Ground::new();
    let flown = flight(1, &ground.0).run(|tester| async move {
        let pid = order(&tester, 1, "pid").await;
        let killed = Command::new("kill").args(["-9", &pid]).status().expect("there is a kill");
        assert!(killed.success());
        sleep(Duration::from_secs(60)).await;
    });
    let Failure::ProcessLost { node, message } = failure_of(flown.expect("it took off").report.outcome) else {
        panic!("another failure")
    };
    assert_eq!(node, NodeId(1));
    assert!(message.contains("signal: 9"), "{message}");
}

/// As a node ends of which 64 MiB wait to be seen; its last words may not reach a tester that is so far behind.
fn a_node_that_ends_because_nobody_looks_on_is_named() {
    let ground = Ground::new();
    let flown = shell("exit 4", &ground.0).run(|_| async {}).expect("the shell starts");
    let failure = failure_of(flown.report.outcome);
    assert!(matches!(failure, Failure::Unobserved { .. }), "{failure}");
    assert!(failure.to_string().ends_with("the machine is too slow, or too busy, for this load"), "{failure}");
}

fn a_binary_that_is_not_there_is_named() {
    let ground = Ground::new();
    let error = Flight::new(NodeBinary::at("/nowhere/node"), 1, &ground.0).run(|_| async {}).unwrap_err();
    assert!(matches!(error, TakeOffError::Binary { .. }) && error.to_string().contains("/nowhere/node"), "{error}");
}

fn the_time_budget_ends_a_body_that_waits_for_ever() {
    let ground = Ground::new();
    let flown = flight(1, &ground.0)
        .with(|options| options.time_budget = Nanos::from_millis(1_500))
        .run(|tester| async move { tester.changed().await });
    assert_eq!(failure_of(flown.expect("it took off").report.outcome), Failure::OutOfTime);
}

fn exists(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

async fn pids(tester: &Tester, nodes: u32) -> Vec<String> {
    let mut pids = Vec::new();
    for node in 1..=nodes {
        pids.push(order(tester, node, "pid").await);
    }
    pids
}

struct Careless;

impl Observer for Careless {
    fn observed(&mut self, _: Moment, _: NodeId, kind: &str, _: &[u8]) -> Response {
        assert!(kind != "shown", "an observer with a bug");
        Response::Continue
    }
}

fn nobody_is_left_behind_however_a_flight_ends() {
    // By a body that ends while one node is paused, by a body that panics, and by an observer that does.
    for last_order in ["none", "fail", "show 1"] {
        let ground = Ground::new();
        let (sender, known) = mpsc::channel();
        let body = move |tester: Tester| async move {
            sender.send(pids(&tester, 3).await).expect("somebody listens");
            tester.pause(NodeId(3));
            assert!(last_order != "fail", "a body with a bug");
            order(&tester, 1, last_order).await;
        };
        let directory = ground.0.clone();
        let fly = move || flight(3, &directory).observe(move || (Careless, body), drop).map(drop);
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(fly));
        assert_eq!(ended.is_err(), last_order == "show 1");
        let pids: Vec<String> = known.recv().expect("the body has come so far");
        assert_eq!(pids.len(), 3);
        assert!(!pids.iter().any(|pid| exists(pid)), "after `{last_order}` some of {pids:?} are left");
    }
}

/// A process that flies until it is killed, after it has said who its nodes are.
pub fn fly_until_killed_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != FLY_UNTIL_KILLED {
        return None;
    }
    let directory = arguments.next().expect("a directory");
    let flown = flight(3, Path::new(&directory)).run(|tester| async move {
        println!("{}", pids(&tester, 3).await.join(" "));
        tester.pause(NodeId(3));
        sleep(Duration::from_secs(60)).await;
    });
    drop(flown);
    Some(ExitCode::SUCCESS)
}

fn nobody_is_left_behind_by_a_tester_that_is_killed() {
    let ground = Ground::new();
    let this = std::env::current_exe().expect("this executable has a path");
    let mut tester = Command::new(this)
        .arg(FLY_UNTIL_KILLED)
        .arg(&ground.0)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this executable runs");
    let mut line = String::new();
    let output = tester.stdout.take().expect("a pipe");
    BufReader::new(output).read_line(&mut line).expect("it says who its nodes are");
    let pids: Vec<&str> = line.split_whitespace().collect();
    assert!(pids.len() == 3 && pids.iter().all(|pid| exists(pid)), "{line}");
    tester.kill().and_then(|()| tester.wait()).expect("it is killed");
    let deadline = Instant::now() + PATIENCE;
    while pids.iter().any(|pid| runs(pid)) {
        assert!(Instant::now() < deadline, "some of {pids:?} are left");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process exists that is more than an entry of the table: orphans are buried by somebody else.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
}
