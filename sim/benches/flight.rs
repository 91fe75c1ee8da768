//! A round trip of an RPC in flight, against a ping-pong of the same bytes over bare tokio TCP; and, with the feature
//! `flight`, what an idle node costs (`flight/idle.rs`).
//!
//! Both round trips are between two threads, each with a current-thread runtime of its own, over loopback, and all four threads
//! are on one core: on two the kernel puts one pair together and the other apart as it likes, which is a factor of three.
//! Rounds are short and alternate, so that what slows the machine for a while slows both; the ratio is the median of those of
//! two rounds side by side.
#![allow(clippy::disallowed_methods)] // threads and real time are what is measured

#[path = "../tests/support/fleet.rs"]
mod fleet;
#[cfg(feature = "flight")]
#[path = "flight/idle.rs"]
mod idle;

use fleet::Fleet;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use windtunnel::executor::Program;
use windtunnel::net::{self, Request};
use windtunnel::{NodeId, node};

const ROUNDS: usize = 201;
const CALLS: u32 = 400;
const BYTES: usize = 64;
/// Room that the bare ends read into.
const ROOM: usize = 8_192;
const CALLER: NodeId = NodeId(1);
const SERVER: NodeId = NodeId(2);

#[derive(Serialize, Deserialize)]
struct Ping(#[serde(with = "serde_bytes")] Vec<u8>);

#[derive(Serialize, Deserialize)]
struct Pong(#[serde(with = "serde_bytes")] Vec<u8>);

impl Request for Ping {
    type Reply = Pong;
    const NAME: &'static str = "ping";
}

fn main() -> ExitCode {
    #[cfg(feature = "flight")]
    if let Some(code) = windtunnel::real::main_if_asked(&idle::program()) {
        return code; // a node of the idle ones
    }
    // The threads it starts are where it is itself.
    thread::spawn(|| round_trips(pin_to_one_core())).join().expect("nodes and pair run");
    #[cfg(feature = "flight")]
    {
        let directory = std::env::temp_dir().join(format!("windtunnel-bench-flight-{}", std::process::id()));
        idle::measure(&directory);
        let _ = std::fs::remove_dir_all(directory);
    }
    ExitCode::SUCCESS
}

/// Pins this thread, and those it starts from now on, to the core it runs on; what came of it.
fn pin_to_one_core() -> &'static str {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
        let mut core = CpuSet::new();
        core.set(sched_getcpu());
        if sched_setaffinity(None, &core).is_ok() {
            return "all on one core";
        }
    }
    "on cores as the kernel likes, which makes the ratio a matter of luck"
}

fn round_trips(place: &str) {
    let mut fleet = Fleet::new(2, Program::new(program));
    fleet.start(SERVER);
    fleet.start(CALLER);
    let raw = RawPair::new();
    let (mut rpc_ns, mut raw_ns) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        rpc_ns.push(rpc_round(&mut fleet));
        raw_ns.push(raw.round());
    }
    let mut permille: Vec<u64> = rpc_ns.iter().zip(&raw_ns).map(|(rpc, raw)| rpc * 1_000 / raw).collect();
    let (rpc, raw, ratio) = (median(&mut rpc_ns), median(&mut raw_ns), median(&mut permille));
    println!("one caller, {BYTES} bytes, {ROUNDS} rounds of {CALLS} in turn, {place}; medians");
    println!("raw tokio TCP   {raw:>8} ns a round trip   ({} to {})", raw_ns[0], raw_ns[ROUNDS - 1]);
    println!("windtunnel RPC  {rpc:>8} ns a round trip   ({} to {})", rpc_ns[0], rpc_ns[ROUNDS - 1]);
    println!("ratio rpc_vs_raw={}.{:02}", ratio / 1_000, ratio % 1_000 / 10);
}

/// A node that calls when it is asked to, and says how long it took.
async fn program() {
    net::serve(|_, Ping(bytes)| async { Pong(bytes) });
    node::control(|_| async {
        let begin = Instant::now();
        for _ in 0..CALLS {
            let reply = net::call(SERVER, Ping(vec![7; BYTES])).await;
            assert!(reply.is_ok_and(|Pong(bytes)| bytes.len() == BYTES));
        }
        postcard::to_stdvec(&(begin.elapsed().as_nanos() as u64)).expect("a number serialises")
    });
}

fn rpc_round(fleet: &mut Fleet) -> u64 {
    let took = fleet.ask(CALLER, Vec::new()).unwrap_or_else(|error| panic!("no answer: {error:?}"));
    postcard::from_bytes::<u64>(&took).expect("a number") / u64::from(CALLS)
}

/// Two threads with a connection.
struct RawPair {
    go: SyncSender<()>,
    took: Receiver<u64>,
}

impl RawPair {
    fn new() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        listener.set_nonblocking(true).expect("a socket can be so");
        let (go, begin) = sync_channel(0);
        let (tell, took) = sync_channel(0);
        thread::spawn(move || {
            run(async {
                let (mut stream, _) = TcpListener::from_std(listener).unwrap().accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut room = [0; ROOM];
                while read_some(&mut stream, &mut room).await.is_some() {
                    stream.write_all(&room[..BYTES]).await.unwrap();
                }
            });
        });
        thread::spawn(move || {
            run(async {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut room = [7; ROOM];
                while begin.recv().is_ok() {
                    let begin = Instant::now();
                    for _ in 0..CALLS {
                        stream.write_all(&room[..BYTES]).await.unwrap();
                        read_some(&mut stream, &mut room).await.expect("the other end is there");
                    }
                    tell.send(begin.elapsed().as_nanos() as u64 / u64::from(CALLS)).unwrap();
                }
            });
        });
        RawPair { go, took }
    }

    fn round(&self) -> u64 {
        self.go.send(()).expect("the pair runs");
        self.took.recv().expect("the pair runs")
    }
}

/// Reads as who reads frames does, with room for more: into a buffer that is full then, tokio would look for more once more.
/// Nothing is there to read when the other end has gone.
async fn read_some(stream: &mut TcpStream, room: &mut [u8; ROOM]) -> Option<()> {
    let mut count = 0;
    while count < BYTES {
        let more = stream.read(&mut room[count..]).await.ok().filter(|more| *more > 0)?;
        count += more;
    }
    Some(())
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}
