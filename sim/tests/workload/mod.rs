//! A frozen workload: a small protocol of calls, timers, files and maps. Golden hashes are of this,
//! so that no lab's code moves them. Do not change what it does; write another one.
#![allow(clippy::disallowed_types)] // one of the things that must move nothing
#![allow(dead_code)] // each test target uses its own part

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::collections::HashMap;
use windtunnel::fs::OpenOptions;
use windtunnel::world::{Command, Isolation, LinkWeather, Options, Outcome, Report, Simulation, Tester};
use windtunnel::{Nanos, NodeId, Ppm, Seed, net, node, rand, spawn, time};

#[derive(Serialize, Deserialize, Clone)]
struct Gossip {
    round: u64,
    seen: Vec<(u32, u64)>,
}

impl net::Request for Gossip {
    type Reply = u64;
    const NAME: &'static str = "gossip";
}

#[derive(Serialize, Deserialize)]
struct Probe(u64);

impl net::Request for Probe {
    type Reply = u64;
    const NAME: &'static str = "probe";
}

/// One thing more that a node does; nobody else's weather may notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    pub log_line: bool,
    pub timer: bool,
    pub map: bool,
    pub std_map: bool,
    pub new_rpc: bool,
}

pub const NODES: u32 = 3;

/// What each node runs; `extra` is for node 1 alone.
pub async fn main(extra: Extra) {
    let seen: Rc<RefCell<HashMap<u32, u64>>> = Rc::default();
    let served = seen.clone();
    net::serve(move |from, gossip: Gossip| {
        let served = served.clone();
        async move {
            let mut served = served.borrow_mut();
            for (node, round) in gossip.seen {
                let known = served.entry(node).or_default();
                *known = round.max(*known);
            }
            served.insert(from.0, gossip.round);
            served.values().sum()
        }
    });
    net::serve(|_, Probe(number)| async move { number + 1 });
    if node::id() == NodeId(1) {
        more(extra);
    }
    let log = OpenOptions::new().append(true).create(true).open("log").await.expect("the disk is sound");
    for peer in node::peers() {
        spawn(gossip_with(peer, seen.clone()));
    }
    let jitter = rand::stream("jitter");
    for round in 1u64.. {
        time::sleep(jitter.duration(Duration::from_millis(5), Duration::from_millis(25))).await;
        seen.borrow_mut().insert(node::id().0, round);
        log.append(&round.to_le_bytes()).await.expect("the disk is sound");
        if round % 4 == 0 {
            log.sync_all().await.expect("the disk is sound");
        }
        node::observe("round", &round);
    }
}

async fn gossip_with(peer: NodeId, seen: Rc<RefCell<HashMap<u32, u64>>>) {
    loop {
        time::sleep(Duration::from_millis(20)).await;
        let gossip = {
            let seen = seen.borrow();
            let round = seen.get(&node::id().0).copied().unwrap_or_default();
            Gossip { round, seen: seen.iter().map(|(node, round)| (*node, *round)).collect() }
        };
        let _ = net::call(peer, gossip).timeout(Duration::from_millis(50)).await;
    }
}

fn more(extra: Extra) {
    spawn(async move {
        loop {
            time::sleep(Duration::from_millis(33)).await;
            if extra.log_line {
                tracing::info!(round = 7, "one more line");
            }
            if extra.map {
                let map: HashMap<u64, u64> = (0..9).map(|i| (i, i)).collect();
                std::hint::black_box(map.keys().sum::<u64>());
            }
            if extra.std_map {
                let map: std::collections::HashMap<u64, u64> = (0..9).map(|i| (i, i)).collect();
                std::hint::black_box(map.len());
            }
            if extra.timer {
                spawn(time::sleep(Duration::from_millis(2)));
            }
            if extra.new_rpc {
                let _ = net::call(NodeId(2), Probe(1)).timeout(Duration::from_millis(40)).await;
            }
        }
    });
}

/// What the tester does to it: cuts, kills, a power loss, a pause, a jump of the clock.
pub async fn weather(tester: Tester, slow: bool) {
    let faults = tester.stream("faults");
    let rough = LinkWeather {
        loss_ppm: Ppm(20_000),
        duplicate_ppm: Ppm(20_000),
        tail_ppm: Ppm(50_000),
        reorder_ppm: Ppm(50_000),
        ..LinkWeather::default()
    };
    for from in tester.nodes() {
        for to in tester.nodes() {
            tester.set_link(*from, *to, rough);
        }
    }
    for _ in 0..12 {
        time::sleep(faults.duration(Duration::from_millis(20), Duration::from_millis(150))).await;
        let node = NodeId(faults.below(u64::from(NODES)) as u32 + 1);
        match faults.below(6) {
            0 => tester.kill(node),
            1 => tester.power_loss(node),
            2 => tester.cut(node, NodeId(node.0 % NODES + 1)),
            3 => tester.pause(node),
            4 => tester.apply(Command::ClockJump { node, by_ns: -3_000_000_000 }),
            _ if slow => tester.apply(Command::Slow { node, per_event: Nanos::from_micros(700) }),
            _ => {}
        }
        time::sleep(Duration::from_millis(60)).await;
        tester.resume(node);
        tester.start(node);
    }
}

pub fn run_with(seed: u64, extra: Extra, change: impl FnOnce(&mut Options)) -> Report<()> {
    run_under(seed, extra, true, change)
}

/// Without slow nodes: on those every event costs the others time, as it does in reality.
pub fn run_without_slow_nodes(seed: u64, extra: Extra) -> Report<()> {
    run_under(seed, extra, false, |_| {})
}

fn run_under(seed: u64, extra: Extra, slow: bool, change: impl FnOnce(&mut Options)) -> Report<()> {
    let report = Simulation::new(Seed(seed))
        .nodes(NODES, move || main(extra))
        .with(change)
        .run(move |tester| weather(tester, slow));
    assert!(matches!(report.outcome, Outcome::Finished(())), "seed {seed}: {:?}", report.outcome);
    report
}

pub fn run(seed: u64) -> Report<()> {
    run_with(seed, Extra::default(), |_| {})
}

pub fn in_processes(seed: u64) -> Report<()> {
    run_with(seed, Extra::default(), |options| options.isolation = Isolation::Process)
}
