//! Events a second with every node in a process of its own: `cargo bench -p windtunnel --bench isolation`.
//!
//! Three nodes ask each other every 10 ms, 64 bytes each way. A long and a very short run are
//! taken and subtracted from each other, which leaves the start and the end of processes out; five
//! times, and the median counts. The same in one thread stands beside it.
#![allow(clippy::disallowed_methods)] // it measures real time

#[path = "peers/workload.rs"]
#[allow(dead_code)]
mod workload;

use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use windtunnel::executor::Program;
use windtunnel::isolate::run_node_if_asked;
use windtunnel::world::{Isolation, Outcome, Simulation};
use windtunnel::{Nanos, NodeId, Seed, net, node, spawn, time};
use workload::{PERIOD, Payload, SEED};

const NODES: u32 = 3;
const ROUNDS: usize = 5;
const SHORT: u64 = 1;
const LONG: u64 = 31;

#[derive(Serialize, Deserialize)]
struct Echo(Payload);

impl net::Request for Echo {
    type Reply = Payload;
    const NAME: &'static str = "echo";
}

async fn all_to_all() {
    net::serve(|_, Echo(payload)| async { payload });
    let mut ticks = time::interval(PERIOD);
    loop {
        ticks.tick().await;
        for peer in node::peers() {
            let ask = async move |peer: NodeId| net::call(peer, Echo(Payload::sample())).await;
            spawn(async move { ask(peer).await.expect("nothing is lost") });
        }
    }
}

fn main() -> ExitCode {
    let program = Program::new(all_to_all);
    if let Some(code) = run_node_if_asked(&program) {
        return code;
    }
    for isolation in [Isolation::Thread, Isolation::Process] {
        let mut rates: Vec<f64> = (0..ROUNDS).map(|_| rate(&program, isolation)).collect();
        rates.sort_by(f64::total_cmp);
        println!("isolation {isolation:?}: {:.0} events/s", rates[ROUNDS / 2]);
    }
    ExitCode::SUCCESS
}

fn rate(program: &Program, isolation: Isolation) -> f64 {
    let ((few, short), (many, long)) = (run(program, isolation, SHORT), run(program, isolation, LONG));
    (many - few) as f64 / (long - short).as_secs_f64()
}

/// Events of a run of so many virtual seconds, and what it took.
fn run(program: &Program, isolation: Isolation, seconds: u64) -> (u64, Duration) {
    let begin = Instant::now();
    let report = Simulation::new(Seed(SEED))
        .program(NODES, program.clone())
        .with(|options| {
            options.isolation = isolation;
            options.time_budget = Nanos::MAX;
        })
        .run(move |_| time::sleep(Duration::from_secs(seconds)));
    assert!(matches!(report.outcome, Outcome::Finished(())), "the run did not finish: {:?}", report.outcome);
    (report.events, begin.elapsed())
}
