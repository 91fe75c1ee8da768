//! Nodes in processes of their own do what nodes in the world's thread do.
//!
//! A target without libtest, since this executable is also the node process.

#[path = "support/own_node.rs"]
mod own_node;
mod workload;

use std::alloc::System;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::executor::Program;
use windtunnel::isolate::run_node_if_asked;
use windtunnel::memory::{CountingAllocator, set_limit_of_simulations};
use windtunnel::time::sleep;
use windtunnel::world::{Failure, Isolation, Outcome, Simulation};
use windtunnel::{NodeId, Seed, fs, node, spawn};
use workload::{Extra, in_processes, run};

#[global_allocator]
static ALLOCATOR: CountingAllocator<System> = CountingAllocator(System);

const SEEDS: u64 = 12;
/// A node that takes memory and gives none back.
const HOG: NodeId = NodeId(7);
const HOG_LIMIT: u64 = 32 << 20;
/// A node that ends itself at every start but the third.
const QUITTER: NodeId = NodeId(4);

const TESTS: [(&str, fn()); 3] = [
    ("processes_give_the_hash_and_the_heap_of_the_thread", processes_give_the_hash_and_the_heap_of_the_thread),
    ("a_node_that_stops_is_the_same_run_in_a_process", a_node_that_stops_is_the_same_run_in_a_process),
    ("a_node_process_that_wants_too_much_memory_is_named", a_node_process_that_wants_too_much_memory_is_named),
];

fn main() -> ExitCode {
    if let Some(code) = run_node_if_asked(&program()) {
        return code;
    }
    own_node::run(&TESTS)
}

fn program() -> Program {
    Program::new(|| async {
        match node::id() {
            HOG => hog().await,
            QUITTER => quit().await,
            _ => workload::main(Extra::default()).await,
        }
    })
}

/// Leaves operations in flight behind.
async fn quit() {
    let tries = fs::read("tries").await.unwrap_or_default().len() as u64;
    let file = fs::OpenOptions::new().append(true).create(true).open("tries").await.expect("the disk is sound");
    let file = Rc::new(file);
    file.append(b"x").await.expect("the disk is sound");
    node::observe("tries", &tries);
    if tries < 2 {
        for _ in 0..2 {
            let file = file.clone();
            spawn(async move { file.append(b"y").await });
        }
        sleep(Duration::from_nanos(1_500)).await;
        node::stop(format!("try {tries} failed"));
    }
}

async fn hog() {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(vec![1; 1 << 20]);
        sleep(Duration::from_millis(1)).await;
    }
}

fn processes_give_the_hash_and_the_heap_of_the_thread() {
    for seed in 0..SEEDS {
        let (thread, processes) = (run(seed), in_processes(seed));
        assert_eq!(thread.trace_hash, processes.trace_hash, "seed {seed}");
        assert_eq!(thread.events, processes.events, "seed {seed}");
        let (thread, processes) = (thread.counters.peak_heap, processes.counters.peak_heap);
        assert!(thread > 0 && thread.abs_diff(processes) * 4 < thread, "seed {seed}: {thread} and {processes} bytes");
    }
}

fn a_node_that_stops_is_the_same_run_in_a_process() {
    let run = |seed, isolation| {
        let report = Simulation::new(Seed(seed))
            .program(QUITTER.0, program())
            .with(|options| options.isolation = isolation)
            .run(|tester| async move {
                for _ in 0..3 {
                    sleep(Duration::from_millis(30)).await;
                    tester.start(QUITTER);
                }
                tester.is_running(QUITTER)
            });
        assert!(matches!(report.outcome, Outcome::Finished(true)), "seed {seed}: {:?}", report.outcome);
        assert!((1..=2).contains(&report.counters.stops), "seed {seed}: {}", report.counters.stops);
        (report.trace_hash, report.events, report.counters.stops)
    };
    for seed in 0..SEEDS {
        assert_eq!(run(seed, Isolation::Thread), run(seed, Isolation::Process), "seed {seed}");
    }
}

fn a_node_process_that_wants_too_much_memory_is_named() {
    set_limit_of_simulations(Some(HOG_LIMIT));
    let report = Simulation::new(Seed(1))
        .program(HOG.0, program())
        .with(|options| options.isolation = Isolation::Process)
        .run(|_| sleep(Duration::from_secs(1)));
    set_limit_of_simulations(None);
    let Outcome::Failed(Failure::ProcessLost { node, message }) = report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert_eq!(node, HOG);
    assert_eq!(message, "it wanted more memory than its limit of 32 MiB");
}
