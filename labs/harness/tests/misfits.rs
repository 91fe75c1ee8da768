//! Lab code that kills its worker, or never gives it back: what the parent can still say.
//!
//! This executable is its own worker (a target without libtest): the parent starts it again as
//! `cargo lab` would, with a progress file, and speaks the protocol.
#![allow(clippy::disallowed_methods)] // what lab code must not do, and a parent in real time

use lab_harness::CountingAllocator;
use lab_harness::cluster::Cluster;
use lab_harness::failed::Failed;
use lab_harness::judge::{Interest, Judge};
use lab_harness::protocol::{Request, Response, RunRequest, RunResult, Verdict, WORKER_ARGUMENT, progress};
use lab_harness::suite::{Body, Lab, Part, Running, Storm, Test};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use windtunnel::executor::Program;
use windtunnel::time::sleep;
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId, Seed, node};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Sees nothing.
struct Nobody;

impl Judge for Nobody {
    fn new(_: u32) -> Self {
        Nobody
    }

    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Result<Interest, Failed> {
        Ok(Interest::None)
    }
}

/// Tells node 2 what to do, 100 ms after the start.
async fn tell(cluster: Cluster<Nobody>, order: &'static str) -> Result<(), Failed> {
    sleep(Duration::from_millis(100)).await;
    let _ = cluster.control::<()>(NodeId(2), &order).await;
    Ok(())
}

macro_rules! misfit {
    ($name:literal) => {
        Test {
            name: $name,
            mit: None,
            part: "misfits",
            points: 1,
            about: $name,
            body: Body::Directed {
                nodes: 3,
                time_budget: Nanos::from_secs(5),
                run: |cluster| -> Running { Box::pin(tell(cluster, $name)) },
            },
        }
    };
}

fn lab() -> Lab<Nobody> {
    Lab {
        name: "misfits",
        parts: vec![Part { name: "misfits", alias: "0" }],
        tests: vec![
            misfit!("behaves"),
            misfit!("prints"),
            misfit!("panics"),
            misfit!("aborts"),
            misfit!("exits"),
            misfit!("overflows_the_stack"),
            misfit!("runs_out_of_memory"),
            misfit!("never_yields"),
            misfit!("locks_twice"),
            misfit!("counts_in_a_static"),
        ],
        observations: &["count"],
        storm: Storm {
            load: |_, _| Box::pin(std::future::pending()),
            recovery: |_| Box::pin(async { Ok(()) }),
            recovery_budget: Nanos::from_secs(1),
        },
    }
}

/// What nodes run: they do as they are told.
async fn main_of_node() {
    node::control(|order| async move {
        obey(&postcard::from_bytes::<String>(&order).expect("the tester sends words"));
        Vec::new()
    });
}

fn obey(order: &str) {
    match order {
        "panics" => panic!("as it was told"),
        "prints" => println!("a line that could break the protocol"),
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

/// A worker as `cargo lab` has it.
struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    progress: PathBuf,
}

impl Worker {
    fn start() -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let progress = std::env::temp_dir().join(format!("windtunnel-misfits-{}-{number}", std::process::id()));
        progress::create(&progress).expect("a file can be made");
        let mut child = Command::new(std::env::current_exe().expect("this executable is there"))
            .arg(WORKER_ARGUMENT)
            .env(progress::VARIABLE, &progress)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this executable starts");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut worker = Worker { child, input, output, progress };
        assert!(matches!(worker.hear(), Some(Response::Hello(hello)) if hello.lab == "misfits"));
        worker
    }

    fn ask(&mut self, test: &str, change: impl FnOnce(&mut RunRequest)) {
        let mut run = RunRequest::new(test, Seed(7));
        change(&mut run);
        let line = serde_json::to_string(&Request::Run(Box::new(run))).expect("a request serialises");
        writeln!(self.input, "{line}").expect("the worker listens");
    }

    /// The next answer, or `None` if the worker is gone.
    fn hear(&mut self) -> Option<Response> {
        let mut line = String::new();
        let length = self.output.read_line(&mut line).expect("a pipe can be read");
        (length > 0).then(|| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    fn run(&mut self, test: &str) -> Option<RunResult> {
        self.ask(test, |_| {});
        match self.hear()? {
            Response::Result(result) => Some(*result),
            other => panic!("{other:?}"),
        }
    }

    fn end(mut self) -> (ExitStatus, progress::Progress) {
        let status = self.child.wait().expect("the worker has ended");
        let progress = progress::read(&self.progress).expect("the progress file is there");
        std::fs::remove_file(&self.progress).expect("the progress file is there");
        (status, progress)
    }
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
