//! The workloads in Windtunnel's idiom: `net::serve` and `net::call`, a deadline on every call.

use crate::workload::{NODES, PERIOD, Payload, SEED, SLEEPERS, Tally, nap};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use windtunnel::world::{Outcome, Report, Simulation};
use windtunnel::{Nanos, NodeId, Seed, net, node, spawn, time};

#[derive(Serialize, Deserialize)]
struct Echo(Payload);

impl net::Request for Echo {
    type Reply = Payload;
    const NAME: &'static str = "echo";
}

fn simulation() -> Simulation {
    Simulation::new(Seed(SEED)).with(|options| options.time_budget = Nanos::MAX)
}

fn finished<T>(report: Report<T>) {
    assert!(matches!(report.outcome, Outcome::Finished(_)), "the run did not finish");
}

pub fn rpc(calls: u64) -> u64 {
    let server = || async { net::serve(|_, Echo(payload)| async { payload }) };
    let report = simulation().nodes(1, server).run(move |_| async move {
        for _ in 0..calls {
            let payload = Payload::sample();
            let reply = net::call(NodeId(1), Echo(payload.clone())).await.expect("nothing is lost");
            assert_eq!(reply, payload);
        }
    });
    finished(report);
    calls
}

pub fn messages(seconds: u64) -> u64 {
    let tally = Tally::default();
    let count = tally.clone();
    let main = move || all_to_all(tally.clone());
    finished(simulation().nodes(NODES, main).run(move |_| time::sleep(Duration::from_secs(seconds))));
    count.count()
}

async fn all_to_all(tally: Tally) {
    let requests = tally.clone();
    net::serve(move |_, Echo(payload)| {
        requests.one();
        async { payload }
    });
    let mut ticks = time::interval(PERIOD);
    loop {
        ticks.tick().await;
        for peer in node::peers() {
            let replies = tally.clone();
            spawn(async move {
                net::call(peer, Echo(Payload::sample())).await.expect("nothing is lost");
                replies.one();
            });
        }
    }
}

pub fn timers(seconds: u64) -> u64 {
    let tally = Tally::default();
    let count = tally.clone();
    let main = move || {
        let tally = tally.clone();
        async move {
            for task in 0..SLEEPERS {
                let tally = tally.clone();
                spawn(async move {
                    for number in 0.. {
                        time::sleep(nap(task, number)).await;
                        tally.one();
                    }
                });
            }
        }
    };
    finished(simulation().nodes(1, main).run(move |_| time::sleep(Duration::from_secs(seconds))));
    count.count()
}
