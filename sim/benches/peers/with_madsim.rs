//! The workloads in madsim's idiom: `Endpoint` with its RPC extension, on its default links of 1 to
//! 10 ms. madsim hands the request over as an object; so that bytes go over the wire as elsewhere,
//! the object is the serialised payload. Its calls have no deadline here, which spares it a timer.

use crate::workload::{NODES, PERIOD, Payload, SEED, SLEEPERS, Tally, nap};
use madsim::net::Endpoint;
use madsim::net::rpc::Request;
use madsim::runtime::Runtime;
use madsim::time;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

#[derive(Serialize, Deserialize)]
struct Echo(Vec<u8>);

impl Request for Echo {
    type Response = Vec<u8>;
    const ID: u64 = 1;
}

/// Runs `body` in a runtime, on a thread of its own as Windtunnel does.
fn simulate(body: impl FnOnce(&Runtime) + Send + 'static) {
    let run = move || body(&Runtime::with_seed_and_config(SEED, madsim::Config::default()));
    std::thread::spawn(run).join().expect("the run finishes");
}

fn address(node: u32) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, node as u8], 1))
}

fn encode(payload: &Payload) -> Vec<u8> {
    postcard::to_stdvec(payload).expect("a payload serialises")
}

fn decode(bytes: &[u8]) -> Payload {
    postcard::from_bytes(bytes).expect("a payload deserialises")
}

/// Answers all requests that come to the endpoint.
fn serve(endpoint: &Endpoint, tally: Tally) {
    endpoint.add_rpc_handler(move |Echo(bytes)| {
        tally.one();
        async move { encode(&decode(&bytes)) }
    });
}

async fn call(endpoint: &Endpoint, to: SocketAddr, payload: &Payload) -> Payload {
    decode(&endpoint.call(to, Echo(encode(payload))).await.expect("nothing is lost"))
}

pub fn rpc(calls: u64) -> u64 {
    simulate(move |runtime| {
        let server = runtime.create_node().ip(address(1).ip()).build();
        let serving = server.spawn(async {
            let endpoint = Endpoint::bind(address(1)).await.expect("the address is free");
            serve(&endpoint, Tally::default());
        });
        let client = runtime.create_node().ip(address(2).ip()).build();
        let calling = client.spawn(async move {
            serving.await.expect("the server starts");
            let endpoint = Endpoint::bind(address(2)).await.expect("the address is free");
            for _ in 0..calls {
                let payload = Payload::sample();
                assert_eq!(call(&endpoint, address(1), &payload).await, payload);
            }
        });
        runtime.block_on(calling).expect("the client finishes");
    });
    calls
}

pub fn messages(seconds: u64) -> u64 {
    let tally = Tally::default();
    let count = tally.clone();
    simulate(move |runtime| {
        for node in 1..=NODES {
            let tally = tally.clone();
            runtime.create_node().ip(address(node).ip()).build().spawn(all_to_all(node, tally));
        }
        runtime.block_on(async move { time::sleep(Duration::from_secs(seconds)).await });
    });
    count.count()
}

async fn all_to_all(node: u32, tally: Tally) {
    let endpoint = Endpoint::bind(address(node)).await.expect("the address is free");
    serve(&endpoint, tally.clone());
    // The others have to be there before the first request: madsim drops what comes too early.
    let mut ticks = time::interval_at(time::Instant::now() + PERIOD, PERIOD);
    loop {
        ticks.tick().await;
        for peer in (1..=NODES).filter(|peer| *peer != node) {
            let (endpoint, replies) = (endpoint.clone(), tally.clone());
            madsim::task::spawn(async move {
                call(&endpoint, address(peer), &Payload::sample()).await;
                replies.one();
            });
        }
    }
}

pub fn timers(seconds: u64) -> u64 {
    let tally = Tally::default();
    let count = tally.clone();
    simulate(move |runtime| {
        let node = runtime.create_node().build();
        for task in 0..SLEEPERS {
            let tally = tally.clone();
            node.spawn(async move {
                for number in 0.. {
                    time::sleep(nap(task, number)).await;
                    tally.one();
                }
            });
        }
        runtime.block_on(async move { time::sleep(Duration::from_secs(seconds)).await });
    });
    count.count()
}
