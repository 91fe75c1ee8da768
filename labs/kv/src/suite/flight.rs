//! Clients in flight, and which stories do not fly.

use super::cluster::{Client, KvCluster};
use super::storms::take_turns;
use crate::judge::KvJudge;
use lab_harness::cluster::Cluster;
use lab_harness::grounded::{CLOCKS, COUNTS, Grounded, LOSS, OVERTAKES, POWER};
use lab_harness::history::LINEARIZABILITY;
use lab_harness::meter::Meter;
use lab_harness::pairs;
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Clients, Flight};

/// Who takes turns, beside as many clerks as get and put.
const HOLDER: u32 = u32::MAX;

/// Clients of flights, and the rules of this suite that are bounds of time.
pub(super) fn flight() -> Flight<KvJudge> {
    // A process that the machine lets stand still tells late that its lease is over: that nobody can see from outside.
    let bounds =
        &["free-lock", "lock-of-the-dead", "never-maybe", "no-answer", "one-holder", "short-lease", "unfair-turns"];
    Flight {
        load,
        reads: true,
        client_nodes: 0,
        settings: &[],
        bounds,
        whole_history: &[LINEARIZABILITY, "fencing-token"],
    }
}

/// As many clerks as are asked for, on the nodes of clients in turn. Those who take turns in the tunnel do so here, whoever
/// else works on their nodes.
fn load(cluster: Cluster<KvJudge>, load: DrawnLoad, meter: Meter) -> Clients {
    let cluster = KvCluster::new(cluster);
    let nodes = cluster.clients();
    let clerk = |number: u64| nodes[number as usize % nodes.len()].another(number as u32);
    let clerks: Vec<Client> = if nodes.is_empty() { Vec::new() } else { (0..load.clients).map(clerk).collect() };
    let stream = |_| cluster.inner().stream("load");
    let Clients { at_work, nothing_lost } = pairs::clients(clerks, stream, &load, &meter);
    let turns = take_turns(&holders(&nodes, load.scenario_clients));
    let at_work = Box::pin(async move {
        let _end_with_the_load = turns;
        at_work.await;
    });
    Clients { at_work, nothing_lost }
}

/// A clerk of its own on each node that the scenario leaves to take turns; nobody in calm weather.
fn holders(nodes: &[Client], scenario_clients: Option<u64>) -> Vec<Client> {
    let workers = scenario_clients.map_or(nodes.len(), |clients| usize::try_from(clients).unwrap_or(usize::MAX));
    nodes.iter().skip(workers).map(|node| node.another(HOLDER)).collect()
}

/// The stories that do not fly.
pub(super) const GROUNDED: &Grounded = &[
    (POWER, &["power_loss_at_the_answer", "torn_writes", "kill_and_then_power_loss"]),
    (LOSS, &["unreliable_net", "one_client_unreliable", "many_clients_unreliable", "locks_in_locks"]),
    (OVERTAKES, &["duplicates_and_overtakers", "late_copies"]),
    (CLOCKS, &["clients_come_and_go", "clocks_drift", "late_answers", "answer_after_the_lease"]),
    (COUNTS, &["many_clients"]),
];
