//! Part persistence, MIT's 3C: clients at work while servers are cut off, crash and come back.

use super::bounds::ELECTION_TIMEOUT;
use super::cluster::RaftCluster;
use crate::contract::{Digest, LogIndex};
use lab_harness::failed::TestResult;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::{NodeId, spawn};

/// Clients, and rounds of changes. (MIT: 3 and 20)
const CLIENTS: u64 = 3;
const ROUNDS: u32 = 20;

/// A client looks so often, after pauses of so many milliseconds, whether its command was applied. (MIT)
const LOOKS_AFTER: [u64; 5] = [10, 20, 50, 100, 200];

/// MIT `TestReliableChurn3C`. Nothing that a client saw applied is lost in 20 rounds of crashes and cuts.
pub async fn reliable_churn(cluster: RaftCluster) -> TestResult {
    churn(cluster).await
}

/// MIT `TestUnreliableChurn3C`. The same while a tenth of all messages is lost.
pub async fn unreliable_churn(cluster: RaftCluster) -> TestResult {
    cluster.make_unreliable();
    churn(cluster).await
}

async fn churn(cluster: RaftCluster) -> TestResult {
    let stop = Rc::new(Cell::new(false));
    let clients: Vec<_> = (0..CLIENTS).map(|number| spawn(client(cluster.clone(), number, stop.clone()))).collect();
    let stream = cluster.inner().stream("churn");
    let drawn = |node: u64| cluster.nodes()[node as usize];
    let servers = cluster.size() as u64;
    for _ in 0..ROUNDS {
        if stream.below(1000) < 200 {
            cluster.cut_off(&[drawn(stream.below(servers))]);
        }
        if stream.below(1000) < 500 {
            come_back(&cluster, drawn(stream.below(servers)));
        }
        if stream.below(1000) < 200 {
            let node = drawn(stream.below(servers));
            if cluster.is_up(node) {
                cluster.crash(&[node]);
            }
        }
        cluster.sleep(ELECTION_TIMEOUT * 7 / 10).await;
    }
    cluster.sleep(ELECTION_TIMEOUT).await;
    cluster.make_reliable();
    cluster.nodes().iter().for_each(|node| come_back(&cluster, *node));
    stop.set(true);
    let mut seen = Vec::new();
    for client in clients {
        seen.extend(client.await.expect("nobody aborts a client")?);
    }
    cluster.sleep(ELECTION_TIMEOUT).await;
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    cluster.nothing_is_lost(&seen)
}

fn come_back(cluster: &RaftCluster, node: NodeId) {
    if cluster.is_up(node) { cluster.reconnect(&[node]) } else { cluster.restart(&[node]) }
}

/// Offers new commands on and on; where it saw which of them applied.
async fn client(cluster: RaftCluster, number: u64, stop: Rc<Cell<bool>>) -> TestResult<Vec<(LogIndex, Digest)>> {
    let mut seen = Vec::new();
    while !stop.get() {
        let own = cluster.new_command();
        let Some((_, taken)) = cluster.offer(cluster.nodes(), &own).await?.pop() else {
            cluster.sleep(Duration::from_millis(79 + number * 17)).await;
            continue;
        };
        for pause in LOOKS_AFTER {
            if let Some(digest) = cluster.value_at(taken.index) {
                if digest == Digest::of(&own) {
                    seen.push((taken.index, digest));
                }
                break;
            }
            cluster.sleep(Duration::from_millis(pause)).await;
        }
    }
    Ok(seen)
}
