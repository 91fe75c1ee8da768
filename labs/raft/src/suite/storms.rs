//! What happens in a storm besides the weather: clients, and recovery after it.

use super::bounds::{
    AGREEMENT_AFTER_STORM, CLIENT_PATIENCE, LEADER_AFTER_STORM, RECOVERY_BUDGET, TERMS_AFTER_STORM,
    TERMS_WATCHED_AT_LEAST, TERMS_WATCHED_FOR, WAKING,
};
use super::cluster::{Leader, RaftCluster, SnapshotPlan, take_snapshots};
use crate::contract::{LogIndex, NotLeader};
use crate::control::{Reply, Request};
use crate::judge::{Known, RaftJudge};
use lab_harness::at_work::AtWork;
use lab_harness::cluster::Cluster;
use lab_harness::failed::{Failed, TestResult};
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Running, Storm};
use windtunnel::time::{Instant, sleep, timeout};
use windtunnel::{Nanos, NodeId};

/// Clients and recovery of all storms of the lab.
#[must_use]
pub fn storm() -> Storm<RaftJudge> {
    Storm { load, recovery, recovery_budget: RECOVERY_BUDGET }
}

fn load(cluster: Cluster<RaftJudge>, load: DrawnLoad) -> Running<()> {
    cluster.judge().set_clients(load.clients);
    let clients =
        AtWork::begin((1..=load.clients).map(|number| propose_on_and_on(cluster.clone(), number, load.clone())));
    let bytes = usize::try_from(load.snapshot_bytes).expect("snapshots fit the memory");
    let plan = SnapshotPlan { every: load.snapshot_every, bytes };
    let snapshots = (plan.every > 0).then(|| take_snapshots(cluster, plan));
    Box::pin(async move {
        let _end_with_the_storm = (clients, snapshots);
        std::future::pending().await
    })
}

/// Proposes commands that nobody else proposes, to whoever leads as far as is known.
async fn propose_on_and_on(cluster: Cluster<RaftJudge>, client: u64, load: DrawnLoad) {
    let mut leader = cluster.nodes()[(client - 1) as usize % cluster.nodes().len()];
    for number in 1_u64.. {
        sleep(load.propose_every.0.to_duration()).await;
        let request = Request::Propose(command_of(client, number, load.command_bytes));
        let reply = timeout(CLIENT_PATIENCE, cluster.control::<Reply>(leader, &request)).await;
        let known = |node: &NodeId| cluster.nodes().contains(node);
        leader = match reply {
            Ok(Ok(Reply::Proposed(_))) => leader,
            Ok(Ok(Reply::NotLeader(NotLeader { hint: Some(hint) }))) if known(&hint) && hint != leader => hint,
            _ => cluster.after(leader),
        };
    }
}

/// So many bytes, or as many as it takes to be another command than all others.
pub(super) fn command_of(client: u64, number: u64, bytes: u64) -> Vec<u8> {
    let mut command = format!("client {client} command {number} ").into_bytes();
    let bytes = usize::try_from(bytes).expect("commands fit the memory");
    command.resize(command.len().max(bytes), b'.');
    command
}

fn recovery(cluster: Cluster<RaftJudge>) -> Running {
    Box::pin(recover(RaftCluster::new(cluster)))
}

/// All is healed. There is a leader soon; by one deadline a new command is applied on all servers that run (whose disk
/// has failed may have stopped for good) and all have caught up with each other; and since that leader, however long
/// the rest took, only a few terms more have come.
async fn recover(cluster: RaftCluster) -> TestResult {
    let healed = Instant::now();
    // Who wakes from a pause stands at once, each in a term of its own: those terms still belong to the storm.
    cluster.inner().sleep(WAKING).await;
    let first = cluster.leader_within(LEADER_AFTER_STORM - WAKING).await?;
    let watched_until = Instant::now() + TERMS_WATCHED_FOR;
    if cluster.inner().judge().clients() > 0 {
        recover_logs(&cluster, healed).await?;
    }
    // Terms never go back: those that came meanwhile still show.
    let rest = watched_until.duration_since(Instant::now()).max(TERMS_WATCHED_AT_LEAST);
    let what = format!("at most {TERMS_AFTER_STORM} terms come after term {}", first.term);
    cluster.inner().never(what, rest, |judge| unstable(judge.known(), first)).await?;
    cluster.leader_within(LEADER_AFTER_STORM).await.map(drop)
}

/// A new command is applied on all, and then nobody lacks anything that is committed; both in time after the heal.
async fn recover_logs(cluster: &RaftCluster, healed: Instant) -> TestResult {
    cluster.agree_on_all_running(b"after the storm").await?;
    let left = (healed + AGREEMENT_AFTER_STORM).duration_since(Instant::now());
    if left.is_zero() {
        let (took, bound) = (Nanos::from(healed.elapsed()), AGREEMENT_AFTER_STORM.as_secs());
        let title = format!("After the storm a new command was on all servers after {took}, and not within {bound} s.");
        return Err(Failed::new("no-agreement", title));
    }
    let otherwise = || behind(cluster.inner().judge().known());
    let what = "all servers to catch up after the storm";
    cluster.inner().until(what, left, |judge| caught_up(judge.known()), otherwise).await
}

/// Whether too many terms have come since a leader was there after the storm.
fn unstable(known: &Known, first: Leader) -> Option<Failed> {
    let terms = known.highest_term().0.saturating_sub(first.term.0);
    let title = || {
        let (node, term) = (first.node, first.term);
        format!("After the storm {node} led term {term}, and then came {terms} more; {TERMS_AFTER_STORM} would do.")
    };
    (terms > TERMS_AFTER_STORM).then(|| Failed::new("unstable-after-storm", title()))
}

/// All have applied the same entries: all that anybody knows as committed.
fn caught_up(known: &Known) -> Option<()> {
    let committed = known.committed().last_index();
    known.servers().all(|(_, server)| !server.running || server.applied == committed).then_some(())
}

fn behind(known: &Known) -> Failed {
    let committed = known.committed().last_index();
    let behind = |(node, server): (NodeId, &crate::judge::Server)| {
        (server.running && server.applied != committed).then_some((node, server.applied))
    };
    let behind: Vec<(NodeId, LogIndex)> = known.servers().filter_map(behind).collect();
    let words: Vec<String> = behind.iter().map(|(node, applied)| format!("{node} has applied {applied}")).collect();
    let title = format!("Entry {committed} is committed, and long after the storm {}.", words.join(", "));
    Failed::new("not-caught-up", title).on(behind.into_iter().map(|(node, _)| node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_clients_differ_and_are_as_long_as_asked_for() {
        assert_ne!(command_of(1, 11, 16), command_of(11, 1, 16));
        assert_ne!(command_of(1, 1, 200), command_of(1, 2, 200));
        assert_eq!(command_of(1, 1, 200).len(), 200);
    }
}
