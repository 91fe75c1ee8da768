//! How cost grows with the number of nodes: `cargo bench -p windtunnel --bench growth`.
//!
//! Two loads, each with 3 to 101 nodes: a leader's heartbeats (node 1 asks all others every 10 ms)
//! and all to all (every node does). About half a million events each; the median of three runs.
//! Memory is what the simulation's thread holds at the end of the run, world included, by node,
//! and the most that one node held.
#![allow(clippy::disallowed_methods)] // it measures real time

#[path = "peers/workload.rs"]
#[allow(dead_code)]
mod workload;

use serde::{Deserialize, Serialize};
use std::alloc::System;
use std::time::Instant;
use windtunnel::memory::{CountingAllocator, held};
use windtunnel::world::{Outcome, Report, Simulation};
use windtunnel::{Nanos, NodeId, Seed, net, node, spawn, time};
use workload::{PERIOD, Payload, SEED};

#[global_allocator]
static ALLOCATOR: CountingAllocator<System> = CountingAllocator(System);

const SIZES: [u32; 5] = [3, 5, 9, 31, 101];
const EVENTS: u64 = 500_000;
const ROUNDS: usize = 3;

#[derive(Serialize, Deserialize)]
struct Echo(Payload);

impl net::Request for Echo {
    type Reply = Payload;
    const NAME: &'static str = "echo";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    Heartbeats,
    AllToAll,
}

async fn ask_all(load: Load) {
    net::serve(|_, Echo(payload)| async { payload });
    if load == Load::Heartbeats && node::id() != NodeId(1) {
        return;
    }
    let mut ticks = time::interval(PERIOD);
    loop {
        ticks.tick().await;
        for peer in node::peers() {
            spawn(async move { net::call(peer, Echo(Payload::sample())).await.expect("nothing is lost") });
        }
    }
}

fn main() {
    println!(
        "{:<12}{:>6}{:>10}{:>12}{:>14}{:>18}",
        "load", "nodes", "events", "ns/event", "bytes/node", "peak of one node"
    );
    for load in [Load::Heartbeats, Load::AllToAll] {
        for nodes in SIZES {
            let mut runs: Vec<(u128, Report<i64>)> = (0..ROUNDS).map(|_| run(load, nodes)).collect();
            runs.sort_by_key(|(nanos, _)| *nanos);
            let (nanos, report) = &runs[ROUNDS / 2];
            let Outcome::Finished(held) = report.outcome else {
                panic!("the run did not finish: {:?}", report.outcome)
            };
            println!(
                "{:<12}{nodes:>6}{:>10}{:>12}{:>14}{:>18}",
                format!("{load:?}"),
                report.events,
                nanos / u128::from(report.events),
                held / i64::from(nodes),
                report.counters.peak_heap,
            );
        }
    }
}

fn run(load: Load, nodes: u32) -> (u128, Report<i64>) {
    let pairs = u64::from(nodes - 1) * if load == Load::AllToAll { u64::from(nodes) } else { 1 };
    let periods = EVENTS / (2 * pairs);
    let duration = PERIOD * periods as u32;
    let begin = Instant::now();
    let report = Simulation::new(Seed(SEED))
        .nodes(nodes, move || ask_all(load))
        .with(|options| options.time_budget = Nanos::MAX)
        .run(move |_| async move {
            time::sleep(duration).await;
            held()
        });
    (begin.elapsed().as_nanos(), report)
}
