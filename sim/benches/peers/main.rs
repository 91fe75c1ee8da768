//! How fast is Windtunnel beside its peers: `cargo bench -p windtunnel --bench peers`.
//!
//! Five rounds, in each of which madsim, turmoil and Windtunnel take ten short turns at every workload,
//! so that whatever else the machine does falls on all three; medians of the five. Each simulator runs on
//! one thread, so seconds are those of the process's CPU clock, which other programs disturb less than
//! the wall clock. It is read outside of the simulations. The workloads and what
//! counts as one are defined in `workload`; each peer has a file of its own, in its own idiom.
//! With an argument (`windtunnel`, `madsim`, `turmoil`) only that peer runs, for a profiler.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // peers have their own

mod with_madsim;
mod with_turmoil;
mod with_windtunnel;
mod workload;

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

const ROUNDS: usize = 5;
/// Turns of each peer in a round.
const TURNS: usize = 10;

/// A simulator under measurement. Each function does an amount of work and says how much it was.
struct Peer {
    name: &'static str,
    workloads: [Workload; 3],
}

struct Workload {
    run: fn(u64) -> u64,
    /// How much makes about a twentieth of a second: calls, or virtual seconds.
    amount: u64,
}

const NAMES: [&str; 3] = ["RPC calls/s", "messages/s", "timers/s"];
const RPC: usize = 0;
const MESSAGES: usize = 1;
const TIMERS: usize = 2;

const MADSIM: Peer = Peer {
    name: "madsim",
    workloads: [
        Workload { run: with_madsim::rpc, amount: 15_000 },
        Workload { run: with_madsim::messages, amount: 6 },
        Workload { run: with_madsim::timers, amount: 6 },
    ],
};

const TURMOIL: Peer = Peer {
    name: "turmoil",
    workloads: [
        Workload { run: with_turmoil::rpc, amount: 3_000 },
        Workload { run: with_turmoil::messages, amount: 3 },
        Workload { run: with_turmoil::timers, amount: 3 },
    ],
};

const WINDTUNNEL: Peer = Peer {
    name: "windtunnel",
    workloads: [
        Workload { run: with_windtunnel::rpc, amount: 70_000 },
        Workload { run: with_windtunnel::messages, amount: 25 },
        Workload { run: with_windtunnel::timers, amount: 12 },
    ],
};

fn main() {
    let only: Option<String> = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let peers: Vec<Peer> = [MADSIM, TURMOIL, WINDTUNNEL]
        .into_iter()
        .filter(|peer| only.as_ref().is_none_or(|only| only == peer.name))
        .collect();
    let mut rates: Vec<[Vec<f64>; 3]> = peers.iter().map(|_| Default::default()).collect();
    for _ in 0..ROUNDS {
        for workload in [RPC, MESSAGES, TIMERS] {
            for (rate, rates) in round(&peers, workload).into_iter().zip(&mut rates) {
                rates[workload].push(rate);
            }
        }
    }
    let medians: Vec<[f64; 3]> = rates.iter_mut().map(|rates| rates.each_mut().map(|rates| median(rates))).collect();
    println!("{:<12}{:>14}{:>14}{:>14}", "", NAMES[RPC], NAMES[MESSAGES], NAMES[TIMERS]);
    for (peer, [rpc, messages, timers]) in peers.iter().zip(&medians) {
        println!("{:<12}{rpc:>14.0}{messages:>14.0}{timers:>14.0}", peer.name);
    }
    if let [madsim, turmoil, windtunnel] = &medians[..] {
        println!(
            "ratios rpc_vs_madsim={:.2} rpc_vs_turmoil={:.2} messages_vs_madsim={:.2} timers_vs_madsim={:.2}",
            windtunnel[RPC] / madsim[RPC],
            windtunnel[RPC] / turmoil[RPC],
            windtunnel[MESSAGES] / madsim[MESSAGES],
            windtunnel[TIMERS] / madsim[TIMERS],
        );
    }
}

/// The rate of each peer over its turns. Turns are short, so that what slows the machine for
/// a while (a neighbour's load, a clock that is turned down) slows all peers alike.
fn round(peers: &[Peer], workload: usize) -> Vec<f64> {
    let mut spent = vec![(0, Duration::ZERO); peers.len()];
    for _ in 0..TURNS {
        for (peer, (count, time)) in peers.iter().zip(&mut spent) {
            let Workload { run, amount } = peer.workloads[workload];
            let begin = cpu_time();
            *count += run(amount);
            *time += cpu_time() - begin;
        }
    }
    spent.into_iter().map(|(count, time)| count as f64 / time.as_secs_f64()).collect()
}

/// What this process has used of all cores.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
