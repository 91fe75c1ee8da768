//! Lab code that kills its worker, or never gives it back: what the parent can still say.
//!
//! This executable is its own worker (a target without libtest): the parent starts it again as
//! `cargo lab` would, with a progress file, and speaks the protocol.
#![allow(clippy::disallowed_methods)] // what lab code must not do, and a parent in real time

#[path = "misfits/parent.rs"]
mod parent;

use lab_harness::cluster::Cluster;
use lab_harness::failed::Failed;
use lab_harness::history::{History, UNDECIDED};
use lab_harness::judge::{Interest, Judge};
use lab_harness::protocol::{RefusalKind, Response, ScenarioText, Verdict, WORKER_ARGUMENT, progress};
use lab_harness::suite::{Body, Lab, Part, Running, Test};
use parent::Worker;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use windtunnel::check::models::{Kv, KvAnswer, KvAsk};
use windtunnel::executor::Program;
use windtunnel::time::sleep;
use windtunnel::world::Moment;
use windtunnel::{EventNumber, Nanos, NodeId, node};

/// Sees nothing.
struct Nobody;

impl Judge for Nobody {
    fn new(_: u32) -> Self {
        Nobody
    }

    fn observed(&mut self, _: Moment, _: NodeId, kind: &str, _: &[u8]) -> Result<Interest, Failed> {
        assert_ne!(kind, "nonsense", "a judge with a bug");
        Ok(Interest::None)
    }
}

/// Tells node 2 what to do, 100 ms after the start.
async fn tell(cluster: Cluster<Nobody>, order: &'static str) -> Result<(), Failed> {
    sleep(Duration::from_millis(100)).await;
    let _ = cluster.control::<()>(NodeId(2), &order).await;
    Ok(())
}

/// Waits for what never comes, inside of a wait for something else.
async fn wait_in_vain(cluster: Cluster<Nobody>) -> Result<(), Failed> {
    let _outer = cluster.awaiting("the end of the tale");
    let nothing = |_: &Nobody| None;
    cluster.until("a count of 3", Duration::from_secs(60), nothing, || Failed::new("no-count", "No count.")).await
}

/// Starts two waits at once and gives one of them up: the other one is still on.
async fn give_one_up(cluster: Cluster<Nobody>) -> Result<(), Failed> {
    let still_on = cluster.clone();
    let _first = windtunnel::spawn(async move {
        let _awaiting = still_on.awaiting("what nobody will do");
        std::future::pending::<()>().await;
    });
    let _ = windtunnel::time::timeout(Duration::from_secs(1), async {
        let _awaiting = cluster.awaiting("what is given up");
        std::future::pending::<()>().await;
    })
    .await;
    std::future::pending().await
}

/// A history that no check can take: an answer before its call.
fn answer_before_the_call() -> Result<(), Failed> {
    let mut history = History::<Kv, ()>::new(&Kv);
    let at = |now| Moment { at: Nanos(now), event: EventNumber(now) };
    history.called(at(2), NodeId(2), 1, KvAsk::Get("k".into()), ())?;
    history.returned(at(1), NodeId(2), 1, Some(KvAnswer::NoKey))
}

macro_rules! misfit {
    ($name:literal) => {
        misfit!($name, |cluster| tell(cluster, $name))
    };
    ($name:literal, |$cluster:ident| $body:expr) => {
        Test {
            name: $name,
            mit: None,
            part: "misfits",
            points: 1,
            about: $name,
            grounded: None,
            body: Body::Directed {
                nodes: 3,
                client_nodes: 0,
                settings: &[],
                time_budget: Nanos::from_secs(5),
                run: |$cluster| -> Running { Box::pin($body) },
            },
        }
    };
}

fn lab() -> Lab<Nobody> {
    Lab {
        parts: vec![Part { name: "misfits", alias: "0" }],
        tests: vec![
            misfit!("behaves"),
            misfit!("prints"),
            misfit!("panics"),
            misfit!("stops"),
            misfit!("meets_a_bug_of_the_judge"),
            misfit!("aborts"),
            misfit!("exits"),
            misfit!("overflows_the_stack"),
            misfit!("runs_out_of_memory"),
            misfit!("never_yields"),
            misfit!("locks_twice"),
            misfit!("counts_in_a_static"),
            misfit!("yields_for_ever"),
            misfit!("panics_in_the_middle_of_a_line"),
            misfit!("panics_after_many_lines"),
            misfit!("waits_in_vain", |cluster| wait_in_vain(cluster)),
            misfit!("gives_one_wait_up", |cluster| give_one_up(cluster)),
            misfit!("cannot_be_judged", |_cluster| async { answer_before_the_call() }),
            misfit!("sleeps_in_the_facade", |_cluster| async {
                sleep(Duration::from_secs(60)).await;
                Ok(())
            }),
        ],
        observations: &["count"],
        ..Lab::bare("misfits")
    }
}

/// Lines of 1 KiB, three times as many as are kept.
const MANY_LINES: usize = 3 << 10;

/// What nodes run: they do as they are told.
async fn main_of_node() {
    node::control(|order| async move {
        let order = postcard::from_bytes::<String>(&order).expect("the tester sends words");
        if order == "yields_for_ever" {
            loop {
                windtunnel::task::yield_now().await;
            }
        }
        obey(&order);
        Vec::new()
    });
}

fn obey(order: &str) {
    match order {
        "panics" => panic!("as it was told"),
        "stops" => node::stop("as it was told"),
        "prints" => println!("a line that could break the protocol"),
        "panics_in_the_middle_of_a_line" => {
            print!("its last words");
            panic!("as it was told");
        }
        "panics_after_many_lines" => {
            (0..MANY_LINES).for_each(|number| println!("line {number:1018}"));
            panic!("as it was told");
        }
        "meets_a_bug_of_the_judge" => node::observe("nonsense", &()),
        "aborts" => std::process::abort(),
        "exits" => std::process::exit(0),
        "overflows_the_stack" => drop(std::hint::black_box(dig(0))),
        "runs_out_of_memory" => drop(std::hint::black_box(hoard())),
        "never_yields" => loop {
            std::hint::black_box(());
        },
        "locks_twice" => {
            let lock = std::sync::Mutex::new(());
            let _first = lock.lock();
            let _second = lock.lock();
        }
        "counts_in_a_static" => {
            use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
            static COUNT: AtomicU64 = AtomicU64::new(0);
            node::observe("count", &COUNT.fetch_add(1, Relaxed));
        }
        _ => {}
    }
}

#[allow(unconditional_recursion)]
fn dig(depth: u64) -> u64 {
    let ballast = std::hint::black_box([depth; 64]);
    dig(depth + 1) + ballast[1]
}

fn hoard() -> Vec<Vec<u8>> {
    (0..1_000u64).map(|number| std::hint::black_box(vec![number as u8; 64 << 20])).collect()
}

fn sound_tests_pass_and_printing_breaks_no_line() {
    let mut worker = Worker::start();
    for test in ["behaves", "prints"] {
        assert_eq!(worker.run(test).expect("an answer").verdict, Verdict::Passed);
    }
    worker.ask("prints", |run| run.record = true);
    let rows = std::iter::from_fn(|| worker.hear()).take_while(|answer| matches!(answer, Response::Row(_))).count();
    assert!(rows > 3, "{rows} rows");
    drop(worker.input);
    assert!(worker.child.wait().expect("it ends with its input").success());
}

fn a_panic_is_told_with_node_event_and_what_was_printed() {
    let mut worker = Worker::start();
    let failure = worker.run("panics").and_then(|result| result.failure).expect("a failure");
    assert_eq!((failure.rule.as_str(), failure.node), ("panic", Some(NodeId(2))));
    assert!(failure.title.contains("as it was told") && failure.title.contains("misfits.rs:"), "{}", failure.title);
    assert_eq!(failure.at_ns, 100_000_000);
    assert_eq!(worker.run("behaves").expect("the worker goes on").verdict, Verdict::Passed);
    worker.child.kill().expect("it can be killed");
    worker.end();
}

/// Its disk gave it no cause; the judge of the lab has nothing to do with it.
fn a_node_that_stops_without_a_cause_is_told_with_its_reason() {
    let mut worker = Worker::start();
    let failure = worker.run("stops").and_then(|result| result.failure).expect("a failure");
    assert_eq!((failure.rule.as_str(), failure.node), ("stopped-without-cause", Some(NodeId(2))));
    assert_eq!(failure.title, "Node 2 stopped for good, and its disk is no cause: as it was told.");
    let told = failure.story.iter().any(|row| (row.node, row.text.as_str()) == (NodeId(2), "stops: as it was told"));
    assert!(told, "{:?}", failure.story);
    assert_eq!(worker.run("behaves").expect("the worker goes on").verdict, Verdict::Passed);
    worker.child.kill().expect("it can be killed");
    worker.end();
}

/// A bug of the harness is called one, and the worker goes on.
fn a_panic_of_the_harness_is_not_blamed_on_the_submission() {
    let mut worker = Worker::start();
    worker.ask("meets_a_bug_of_the_judge", |_| {});
    match worker.hear() {
        Some(Response::Refused(refusal)) => {
            assert_eq!(refusal.kind, RefusalKind::Harness);
            for part in ["the harness itself panicked", "a judge with a bug", "misfits.rs:", "seed 7"] {
                assert!(refusal.message.contains(part), "{part}: {}", refusal.message);
            }
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(worker.run("behaves").expect("the worker goes on").verdict, Verdict::Passed);
    worker.child.kill().expect("it can be killed");
    worker.end();
}

/// When time or events run out, or nothing happens any more: what the test was waiting for is said.
fn what_was_awaited_is_told() {
    let mut worker = Worker::start();
    let cases = [
        ("waits_in_vain", "out-of-time", "The test had no virtual time left (5 s) while it waited for a count of 3."),
        (
            "gives_one_wait_up",
            "deadlock",
            "The test came to a point where nothing more could happen, while it waited for what nobody will do.",
        ),
        (
            "sleeps_in_the_facade",
            "out-of-time",
            "The test had no virtual time left (5 s) while its body slept, or waited for what it did not name.",
        ),
        (
            "yields_for_ever",
            "never-idle",
            "Node 2 never becomes idle: its tasks were polled 100000 times in one event; \
             the test waited for an answer of node 2.",
        ),
    ];
    for (test, rule, title) in cases {
        let failure = worker.run(test).and_then(|result| result.failure).expect("a failure");
        assert_eq!((failure.rule.as_str(), failure.title.as_str()), (rule, title), "{test}");
    }
    worker.child.kill().expect("it can be killed");
    worker.end();
}

/// A history that cannot be judged is no pass, and no failure of the submission either.
fn what_cannot_be_judged_is_undecided() {
    let mut worker = Worker::start();
    let result = worker.run("cannot_be_judged").expect("an answer");
    let rule = result.failure.map(|failure| failure.rule);
    assert_eq!((result.verdict, rule.as_deref()), (Verdict::Undecided, Some(UNDECIDED)));
    worker.child.kill().expect("it can be killed");
    worker.end();
}

/// What was printed last is there though its line has no end; of very much, the first MiB is.
fn what_was_printed_is_kept_to_the_last_word_or_to_the_cap() {
    let mut worker = Worker::start();
    let failure = worker.run("panics_in_the_middle_of_a_line").and_then(|result| result.failure).expect("a failure");
    let printed: Vec<(NodeId, &str)> = failure.output.iter().map(|line| (line.node, line.text.as_str())).collect();
    assert_eq!(printed, [(NodeId(2), "its last words")]);

    let failure = worker.run("panics_after_many_lines").and_then(|result| result.failure).expect("a failure");
    let (last, lines) = failure.output.split_last().expect("it printed");
    assert_eq!(last.text, "(2097152 bytes more were written; of one run 1048576 are kept)");
    assert!(lines.iter().all(|line| line.node == NodeId(2) && line.text.len() == 1023));
    assert_eq!(lines.len(), MANY_LINES / 3);
    assert_eq!(worker.run("behaves").expect("the worker goes on").verdict, Verdict::Passed);
    worker.child.kill().expect("it can be killed");
    worker.end();
}

/// A storm of three faults that wait for an event's number, and one of each kind that has a time.
const NUMBERED: &str = r#"
about = "faults that wait for an event's number"
nodes = 3
duration = "1s"
load = { clients = 0 }
event = [
  { at_event = 4, do = "kill", node = 1 },
  { at_event = 1_000_000, do = "kill", node = 3 },
  { at_event = 1_000_001, do = "pause", node = 2, strike = "pause-9.1" },
  { at = "100ms", do = "pause", node = 2, strike = "pause-1.1" },
  { at = "200ms", do = "resume", node = 2, strike = "pause-1.1" },
]
"#;

/// A fault whose event never comes is no fault, holds nobody, and is told.
fn a_fault_whose_event_never_comes_did_not_strike() {
    let mut worker = Worker::start();
    worker.ask("behaves", |run| {
        run.scenario = Some(ScenarioText { name: "numbered.toml".into(), text: NUMBERED.into() });
        run.record = true;
    });
    let mut resumed = Vec::new();
    let result = loop {
        match worker.hear().expect("an answer") {
            Response::Row(row) if row.text == "resumed" => resumed.push((row.node, row.at_ns)),
            Response::Row(_) => {}
            Response::Result(result) => break result,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(result.verdict, Verdict::Passed, "{:?}", result.failure);
    let faults: Vec<(&str, u64)> = result.faults.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(faults, [("kill", 1), ("pause", 1)]);
    assert_eq!(result.never_struck, ["kill at event 1000000", "pause at event 1000001"]);
    // Nobody but the strike that is over holds node 2.
    assert!(resumed.contains(&(NodeId(2), 200_000_000)), "{resumed:?}");
    worker.child.kill().expect("it can be killed");
    worker.end();
}

/// Those that take the worker with them: the progress file says where they were.
fn the_dead_leave_their_place() {
    for test in ["aborts", "exits", "overflows_the_stack", "runs_out_of_memory"] {
        let mut worker = Worker::start();
        assert!(worker.run(test).is_none(), "{test} gave an answer");
        let (status, progress) = worker.end();
        assert_eq!(status.success(), test == "exits", "{test}: {status}");
        assert_eq!((progress.seed, progress.node, progress.at_ns), (7, 2, 100_000_000), "{test}");
        assert!(progress.event > 3, "{test}: {progress:?}");
        assert_eq!(progress.out_of_memory(), test == "runs_out_of_memory", "{test}");
    }
}

/// Those that never come back: the page stands still, at the place where they are.
fn the_silent_stand_at_their_place() {
    for test in ["never_yields", "locks_twice"] {
        let mut worker = Worker::start();
        worker.ask(test, |_| {});
        let deadline = Instant::now() + Duration::from_secs(20);
        while progress::read(&worker.progress).expect("the file is there").at_ns < 100_000_000 {
            assert!(Instant::now() < deadline, "{test} never came to its place");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(200));
        assert!(worker.child.try_wait().expect("it can be asked").is_none(), "{test} ended");
        worker.child.kill().expect("it can be killed");
        let (_, progress) = worker.end();
        assert_eq!((progress.seed, progress.node, progress.at_ns), (7, 2, 100_000_000), "{test}");
    }
}

/// A static outlives a run in the same process: the second run has another hash.
fn a_static_shows_in_the_hash_of_the_second_run() {
    let mut worker = Worker::start();
    let hashes = [(); 2].map(|()| worker.run("counts_in_a_static").expect("an answer").trace_hash);
    assert_ne!(hashes[0], hashes[1]);
    let sound = [(); 2].map(|()| worker.run("behaves").expect("an answer").trace_hash);
    assert_eq!(sound[0], sound[1]);
    worker.child.kill().expect("it can be killed");
    worker.end();
}

fn main() -> ExitCode {
    let program = Program::new(main_of_node);
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == WORKER_ARGUMENT || first.starts_with("windtunnel-")) {
        return lab_harness::worker::main(&lab(), &program);
    }
    let trials = [
        ("sound_tests_pass_and_printing_breaks_no_line", sound_tests_pass_and_printing_breaks_no_line as fn()),
        ("a_panic_is_told_with_node_event_and_what_was_printed", a_panic_is_told_with_node_event_and_what_was_printed),
        (
            "a_node_that_stops_without_a_cause_is_told_with_its_reason",
            a_node_that_stops_without_a_cause_is_told_with_its_reason,
        ),
        (
            "a_panic_of_the_harness_is_not_blamed_on_the_submission",
            a_panic_of_the_harness_is_not_blamed_on_the_submission,
        ),
        ("what_was_awaited_is_told", what_was_awaited_is_told),
        ("what_cannot_be_judged_is_undecided", what_cannot_be_judged_is_undecided),
        (
            "what_was_printed_is_kept_to_the_last_word_or_to_the_cap",
            what_was_printed_is_kept_to_the_last_word_or_to_the_cap,
        ),
        ("a_fault_whose_event_never_comes_did_not_strike", a_fault_whose_event_never_comes_did_not_strike),
        ("the_dead_leave_their_place", the_dead_leave_their_place),
        ("the_silent_stand_at_their_place", the_silent_stand_at_their_place),
        ("a_static_shows_in_the_hash_of_the_second_run", a_static_shows_in_the_hash_of_the_second_run),
    ];
    let trials = trials.map(|(name, body)| {
        libtest_mimic::Trial::test(name, move || {
            body();
            Ok(())
        })
    });
    libtest_mimic::run(&libtest_mimic::Arguments::from_args(), trials.into()).exit_code()
}
