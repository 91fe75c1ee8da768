//! The state machines' side of snapshots: when each server is handed one, and what is in it.

use super::super::bounds::{LOOK_EVERY, RAFT_STATE_BYTES, RAFT_STATE_WITHIN};
use super::RaftCluster;
use crate::contract::{Digest, LogIndex};
use crate::control::{Reply, Request};
use crate::judge::{Known, RaftJudge};
use lab_harness::cluster::Cluster;
use lab_harness::failed::{Failed, TestResult};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use windtunnel::task::JoinHandle;
use windtunnel::time::Instant;
use windtunnel::{NodeId, spawn};

/// How often a state machine takes a snapshot, and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotPlan {
    /// After so many entries. (MIT: 10)
    pub every: u64,
    /// So many bytes.
    pub bytes: usize,
}

/// State machines that take snapshots, until this is dropped.
#[derive(Debug)]
pub struct Snapshots(JoinHandle<()>);

impl Drop for Snapshots {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl SnapshotPlan {
    /// The last entry up to which a state machine that has applied `index` has taken a snapshot; MIT's takes
    /// its first one at 9, and so do these.
    const fn due(self, applied: LogIndex) -> LogIndex {
        LogIndex(((applied.0 + 1) / self.every * self.every).saturating_sub(1))
    }

    /// The next entry after `index` at which it takes one.
    pub const fn due_after(self, index: LogIndex) -> LogIndex {
        LogIndex((index.0 + 1) / self.every * self.every + self.every - 1)
    }

    /// The state of whoever has applied all entries up to `index`, the same on each server. It says what those
    /// entries were, again and again: so each piece of it differs from that of any other state.
    fn state_at(self, known: &Known, index: LogIndex) -> Option<Vec<u8>> {
        let phrase = phrase_at(known, index)?;
        let mut state = phrase.repeat(self.bytes.div_ceil(phrase.len()).max(1));
        state.truncate(self.bytes.max(phrase.len()));
        Some(state)
    }

    /// So much of a snapshot is on a disk where its phrase stands so often. There may be two copies for a while, of
    /// which one is too many.
    fn bytes_on_disk(self, phrase: usize, times: u64) -> u64 {
        let bytes = self.bytes.max(phrase) as u64;
        let phrase = phrase as u64;
        if times >= bytes / phrase { bytes } else { times * phrase }
    }
}

/// What the state up to `index` says again and again.
fn phrase_at(known: &Known, index: LogIndex) -> Option<Vec<u8>> {
    let chain = known.committed().get(index)?.chain;
    Some(format!("all up to {index}: {chain} ").into_bytes())
}

/// Hands each server a snapshot after every so many entries that it applied.
pub fn take_snapshots(cluster: Cluster<RaftJudge>, plan: SnapshotPlan) -> Snapshots {
    Snapshots(spawn(async move {
        let taken = HandedOver::default();
        loop {
            cluster.nodes().iter().for_each(|node| hand_over_if_due(&cluster, plan, *node, &taken));
            cluster.tester().changed().await;
        }
    }))
}

/// The last snapshot that each server was handed, and after which start: what was handed to it before is lost if it
/// was not saved yet.
type HandedOver = Rc<RefCell<BTreeMap<NodeId, (u64, LogIndex)>>>;

fn hand_over_if_due(cluster: &Cluster<RaftJudge>, plan: SnapshotPlan, node: NodeId, taken: &HandedOver) {
    let judge = cluster.judge();
    let known = judge.known();
    let server = known.server(node);
    let index = plan.due(server.applied);
    let is_taken = taken.borrow().get(&node).is_some_and(|(start, last)| *start == server.starts && *last >= index);
    if !server.running || is_taken || server.head.is_none_or(|head| head.snapshot_index >= index) {
        return;
    }
    let Some(data) = plan.state_at(known, index) else { return };
    taken.borrow_mut().insert(node, (server.starts, index));
    known.note_snapshot(index, Digest::of(&data));
    let (cluster, taken) = (cluster.clone(), taken.clone());
    // A server that stands still or dies does not keep the others waiting.
    spawn(async move {
        if cluster.control::<Reply>(node, &Request::Snapshot { index, data }).await.is_err() {
            taken.borrow_mut().remove(&node); // it never got it
        }
    });
}

impl RaftCluster {
    /// State machines that take snapshots from now on.
    pub fn take_snapshots(&self, plan: SnapshotPlan) -> Snapshots {
        take_snapshots(self.cluster.clone(), plan)
    }

    /// Hands a server its state machine's snapshot of all up to `index` once more.
    pub async fn hand_over(&self, node: NodeId, plan: SnapshotPlan, index: LogIndex) {
        let Some(data) = plan.state_at(self.cluster.judge().known(), index) else { return };
        let _ = self.cluster.control::<Reply>(node, &Request::Snapshot { index, data }).await; // it may be down
    }

    /// All that is on a server's disk besides its snapshot's own bytes, as far as these are there.
    async fn raft_state_bytes(&self, node: NodeId, plan: SnapshotPlan) -> u64 {
        let bytes = self.cluster.tester().disk_bytes(node);
        if bytes < RAFT_STATE_BYTES {
            return bytes; // small enough, whatever it is
        }
        let index = self.head(node).map_or(LogIndex::ZERO, |head| head.snapshot_index);
        let Some(phrase) = phrase_at(self.cluster.judge().known(), index) else { return bytes };
        let length = phrase.len();
        let times = match self.cluster.control::<Reply>(node, &Request::OnDisk(phrase)).await {
            Ok(Reply::OnDisk(Some(times))) => times,
            _ => 0, // down, or changing: it is looked at again
        };
        self.cluster.tester().disk_bytes(node).saturating_sub(plan.bytes_on_disk(length, times))
    }

    /// That soon no server that runs keeps more on its disk, besides its snapshot, than MIT allows, nor what its
    /// newest snapshot stands for. One that is cut off hears of nothing new, and what it has applied it has been handed a
    /// snapshot of. A server may be about to replace what it has, and needs room for both; so this waits a little.
    ///
    /// # Errors
    /// When one does.
    pub async fn small_state(&self, plan: SnapshotPlan) -> TestResult {
        let deadline = Instant::now() + RAFT_STATE_WITHIN;
        loop {
            let mut excess = None;
            for node in self.nodes() {
                if excess.is_none() && self.is_up(*node) {
                    excess = self.excess(*node, plan).await;
                }
            }
            let Some(failed) = excess else { return Ok(()) };
            if Instant::now() >= deadline {
                return Err(failed);
            }
            self.sleep(LOOK_EVERY).await;
        }
    }

    /// What a server keeps and should not, if anything. Who writes nothing has a small disk; so the log counts too.
    async fn excess(&self, node: NodeId, plan: SnapshotPlan) -> Option<Failed> {
        let bytes = self.raft_state_bytes(node, plan).await;
        if bytes >= RAFT_STATE_BYTES {
            let title = format!(
                "The disk of {node} holds {bytes} bytes besides the snapshot's {}; less than {RAFT_STATE_BYTES} would \
                 do for the {} entries since the last one.",
                plan.bytes, plan.every
            );
            return Some(self.failed("state-too-large", title).on([node]));
        }
        let judge = self.cluster.judge();
        let server = judge.known().server(node);
        let handed = plan.due(server.applied);
        let base = server.head.map_or(LogIndex::ZERO, |head| head.snapshot_index);
        (base < handed).then(|| {
            let first = base.next();
            let title =
                format!("{node} was handed a snapshot of all up to {handed}, and its log still begins at {first}.");
            self.failed("log-not-cut", title).on([node])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_counts_as_much_as_the_disk_holds_of_it() {
        let plan = SnapshotPlan { every: 10, bytes: 4_000 };
        let held = [0, 1, 99, 100, 101, 200].map(|times| plan.bytes_on_disk(39, times));
        assert_eq!(held, [0, 39, 3_861, 3_900, 3_939, 4_000], "102 whole phrases and a part of one make it up");
        assert_eq!(plan.bytes_on_disk(39, 102), 4_000);
        assert_eq!(SnapshotPlan { every: 10, bytes: 20 }.bytes_on_disk(39, 1), 39, "no smaller than its phrase");
    }

    #[test]
    fn snapshots_are_due_where_mit_takes_them() {
        let plan = SnapshotPlan { every: 10, bytes: 0 };
        let due = [0, 8, 9, 10, 18, 19, 20, 29].map(|applied| plan.due(LogIndex(applied)).0);
        assert_eq!(due, [0, 0, 9, 9, 9, 19, 19, 29]);
        let next = [0, 8, 9, 10, 18, 19].map(|index| plan.due_after(LogIndex(index)).0);
        assert_eq!(next, [9, 9, 19, 19, 19, 29]);
    }
}
