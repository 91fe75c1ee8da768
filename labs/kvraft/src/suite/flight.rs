//! Clients in flight, and which stories do not fly.

use super::client::Client;
use super::cluster::KvRaftCluster;
use crate::judge::KvRaftJudge;
use lab_harness::cluster::Cluster;
use lab_harness::grounded::{CLOCKS, COUNTS, Grounded, LOSS};
use lab_harness::history::LINEARIZABILITY;
use lab_harness::meter::Meter;
use lab_harness::pairs;
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Clients, Flight};

/// Clients of flights, and the rules of this suite that are bounds of time.
pub(super) fn flight() -> Flight<KvRaftJudge> {
    let bounds =
        &["replicas-differ", "lease-not-used", "no-answer", "no-leader", "state-too-large", "submit-hangs", "too-slow"];
    let whole_history = &[LINEARIZABILITY, "snapshot-contents", "snapshot-rule"];
    // A snapshot of a thousand values of 256 bytes now and then, and reads that ask nobody.
    let settings = &[("lease_ms", 1_000), ("log_limit", 4_000_000)];
    Flight { load, reads: true, client_nodes: 4, settings, bounds, whole_history }
}

/// As many clerks as are asked for, and no fewer than one on each node of clients, as in a storm of the tunnel; on these nodes in turn.
fn load(cluster: Cluster<KvRaftJudge>, load: DrawnLoad, meter: Meter) -> Clients {
    let cluster = KvRaftCluster::new(cluster);
    let nodes = cluster.clients();
    let clerk = |number: u64| nodes[number as usize % nodes.len()].another(number as u32);
    let count = if nodes.is_empty() || load.clients == 0 { 0 } else { load.clients.max(nodes.len() as u64) };
    let clients: Vec<Client> = (0..count).map(clerk).collect();
    let stream = |_| cluster.inner().stream("load");
    pairs::clients(clients, stream, &load, &meter)
}

/// The stories that do not fly.
pub(super) const GROUNDED: &Grounded = &[
    (
        LOSS,
        &[
            "unreliable",
            "one_partition",
            "crashes_unreliable",
            "crashes_partitions_unreliable",
            "crashes_partitions_many_keys",
            "appends_once",
            "snapshots_unreliable",
            "snapshots_crashes_unreliable",
            "snapshots_crashes_partitions",
            "snapshots_crashes_partitions_many_keys",
        ],
    ),
    (CLOCKS, &["leases_and_clocks", "leases_of_deposed_leaders", "leases_and_crashes"]),
    (COUNTS, &["reads_under_a_lease"]),
];
