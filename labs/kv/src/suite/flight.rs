//! Clients in flight, and which stories do not fly.

use super::cluster::{Client, KvCluster};
use crate::contract::{GetError, Version, Versioned};
use crate::control::{Reply, Request};
use crate::judge::KvJudge;
use lab_harness::cluster::Cluster;
use lab_harness::grounded::{CLOCKS, COUNTS, Grounded, LOSS, OVERTAKES, POWER};
use lab_harness::history::LINEARIZABILITY;
use lab_harness::meter::Meter;
use lab_harness::pairs::{self, PairsClient, Put};
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Clients, Flight};

/// Clients of flights, and the rules of this suite that are bounds of time.
pub(super) fn flight() -> Flight<KvJudge> {
    // A process that the machine lets stand still tells late that its lease is over: that nobody can see from outside.
    let bounds = &["lock-of-the-dead", "never-maybe", "no-answer", "one-holder", "unfair-turns"];
    Flight { load, client_nodes: 0, settings: &[], bounds, whole_history: &[LINEARIZABILITY, "fencing-token"] }
}

/// As many clerks as are asked for, on the nodes of clients in turn.
fn load(cluster: Cluster<KvJudge>, load: DrawnLoad, meter: Meter) -> Clients {
    let cluster = KvCluster::new(cluster);
    let nodes = cluster.clients();
    let clerk = |number: u64| Clerk { client: nodes[number as usize % nodes.len()].clone(), number: number as u32 };
    let clerks: Vec<Clerk> = if nodes.is_empty() { Vec::new() } else { (0..load.clients).map(clerk).collect() };
    let stream = |_| cluster.inner().stream("load");
    pairs::clients(clerks, stream, &load, &meter)
}

/// One clerk of many on a client's node.
#[derive(Clone)]
struct Clerk {
    client: Client,
    number: u32,
}

impl Clerk {
    async fn ask(&self, request: Request) -> Option<Reply> {
        self.client.cluster().inner().control(self.client.node(), &request).await.ok()
    }
}

impl PairsClient for Clerk {
    async fn get(&self, key: &str) -> Option<u64> {
        match self.ask(Request::Get { clerk: self.number, key: key.to_owned() }).await? {
            Reply::Got(Ok(Versioned { version, .. })) => Some(version.0),
            Reply::Got(Err(GetError::NoKey)) => Some(0),
            _ => None,
        }
    }

    async fn put(&self, key: &str, value: &str, version: u64) -> Option<Put> {
        let (key, value, version) = (key.to_owned(), value.to_owned(), Version(version));
        match self.ask(Request::Put { clerk: self.number, key, value, version }).await? {
            Reply::Put(Ok(())) => Some(Put::Done),
            Reply::Put(Err(_)) => Some(Put::Other),
            _ => None,
        }
    }
}

/// The stories that do not fly.
pub(super) const GROUNDED: &Grounded = &[
    (POWER, &["power_loss_at_the_answer", "torn_writes", "kill_and_then_power_loss"]),
    (LOSS, &["unreliable_net", "one_client_unreliable", "many_clients_unreliable"]),
    (OVERTAKES, &["duplicates_and_overtakers"]),
    (CLOCKS, &["clients_come_and_go", "clocks_drift", "late_answers", "answer_after_the_lease"]),
    (COUNTS, &["many_clients"]),
];
