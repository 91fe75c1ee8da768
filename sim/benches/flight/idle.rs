//! What a node costs that nobody asks for anything: memory, and how often it wakes.
//!
//! Three processes, this executable's own: first they have nothing to do, then the first of them sends each of the others
//! a heartbeat every 100 ms, as an idle leader does. A wake is a voluntary switch of any thread of a process, as the
//! kernel counts them (`/proc/PID/task/TID/status`): who has run and sleeps again has woken once.

use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::time::Duration;
use windtunnel::executor::Program;
use windtunnel::flight::{Flight, NodeBinary};
use windtunnel::net::{self, Request};
use windtunnel::time::sleep;
use windtunnel::world::{Outcome, Tester};
use windtunnel::{NodeId, node, spawn};

const NODES: u32 = 3;
const LEADER: NodeId = NodeId(1);
const HEARTBEAT: Duration = Duration::from_millis(100);
/// Until everything that comes with a start is over.
const SETTLED: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(5);

#[derive(Serialize, Deserialize)]
struct Beat(u64);

impl Request for Beat {
    type Reply = ();
    const NAME: &'static str = "beat";
}

/// Who begins to beat once it is asked to.
pub fn program() -> Program {
    Program::new(|| async {
        net::serve(|_, _: Beat| async {});
        node::control(|_| async {
            for peer in (1..=NODES).map(NodeId).filter(|peer| *peer != node::id()) {
                spawn(async move {
                    for beat in 1.. {
                        let _ = net::call(peer, Beat(beat)).await;
                        sleep(HEARTBEAT).await;
                    }
                });
            }
            Vec::new()
        });
    })
}

/// Flies them and prints what they cost.
pub fn measure(directory: &Path) {
    let own = std::env::current_exe().expect("this executable has a path");
    let flown = Flight::new(NodeBinary::at(own), NODES, directory).run(body).expect("a flight takes off");
    let Outcome::Finished(rows) = flown.report.outcome else { panic!("the flight ended early: {:?}", flown.report) };
    println!("a node of {NODES} that nobody asks for anything, over {} s", MEASURED.as_secs());
    for (what, Cost { resident_kb, wakes }) in rows {
        let megabytes = format!("{}.{}", resident_kb / 1_024, resident_kb % 1_024 * 10 / 1_024);
        println!("{what:<22} {megabytes:>6} MB resident {:>6} wakes a second", wakes / MEASURED.as_secs());
    }
}

/// What one process costs.
#[derive(Clone, Copy, Debug)]
struct Cost {
    resident_kb: u64,
    wakes: u64,
}

async fn body(tester: Tester) -> Vec<(&'static str, Cost)> {
    let processes = children();
    assert_eq!(processes.len(), NODES as usize, "a process a node, in the order of their starts");
    let [leader, follower] = [processes[0], processes[1]];
    sleep(SETTLED).await;
    let idle = costs(&[leader]).await;
    tester.control(LEADER, Vec::new()).await.expect("it runs");
    sleep(SETTLED).await;
    let beating = costs(&[leader, follower]).await;
    vec![("nothing to do", idle[0]), ("sends heartbeats", beating[0]), ("is sent heartbeats", beating[1])]
}

async fn costs(processes: &[u64]) -> Vec<Cost> {
    let before: Vec<u64> = processes.iter().map(|process| wakes(*process)).collect();
    sleep(MEASURED).await;
    let cost = |(process, before): (&u64, u64)| Cost {
        resident_kb: field(Path::new(&format!("/proc/{process}/status")), "VmRSS:"),
        wakes: wakes(*process) - before,
    };
    processes.iter().zip(before).map(cost).collect()
}

fn wakes(process: u64) -> u64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the process runs").flatten();
    threads.map(|thread| field(&thread.path().join("status"), "voluntary_ctxt_switches:")).sum()
}

/// The processes that this one has started, in that order.
fn children() -> Vec<u64> {
    let own = u64::from(std::process::id());
    let names = fs::read_dir("/proc").expect("a Linux machine").flatten().map(|entry| entry.file_name());
    let processes = names.filter_map(|name| name.to_str()?.parse().ok());
    let is_child = |process: &u64| {
        let status = format!("/proc/{process}/status");
        fs::read_to_string(&status).is_ok() && field(Path::new(&status), "PPid:") == own
    };
    let mut children: Vec<u64> = processes.filter(is_child).collect();
    children.sort_unstable();
    children
}

fn field(status: &Path, name: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap();
    let words = text.lines().find_map(|line| line.strip_prefix(name)).expect("a process that lives has it");
    words.split_whitespace().next().unwrap().parse().unwrap()
}
