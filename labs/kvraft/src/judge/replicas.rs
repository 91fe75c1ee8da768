//! What servers have shown of their replicas: how high the counter of part rsm is, and how large snapshots are.

use crate::observation::{Counted, Taken};
use lab_harness::failed::Failed;
use lab_raft::LogIndex;
use std::collections::BTreeMap;
use windtunnel::NodeId;

const SPOILT: &str =
    "The contract, Replicated::submit: who offered the command led nobody who could have agreed to it.";

/// All replicas.
#[derive(Debug, Default)]
pub struct Replicas {
    counters: BTreeMap<NodeId, u64>,
    largest_snapshots: BTreeMap<NodeId, u64>,
    /// The last entry that a server's last snapshot covers, taken by itself or delivered by its Raft.
    covered: BTreeMap<NodeId, LogIndex>,
    most_entries: Option<(u64, NodeId)>,
    /// How many snapshots a server has taken since it was started.
    taken: BTreeMap<NodeId, u64>,
}

impl Replicas {
    /// How high a server's counter is; nothing if its replica has not done anything since it was started.
    #[must_use]
    pub fn counter(&self, node: NodeId) -> Option<u64> {
        self.counters.get(&node).copied()
    }

    /// How many servers' counters are exactly so high.
    #[must_use]
    pub fn at(&self, value: u64) -> usize {
        self.counters.values().filter(|counter| **counter == value).count()
    }

    /// The size of the largest snapshot that a server ever handed its Raft, and whose it was.
    #[must_use]
    pub fn largest_snapshot(&self) -> Option<(NodeId, u64)> {
        self.largest_snapshots.iter().map(|(node, bytes)| (*node, *bytes)).max_by_key(|(_, bytes)| *bytes)
    }

    /// A server hands its Raft a snapshot.
    pub fn snapshot(&mut self, node: NodeId, taken: &Taken) {
        let largest = self.largest_snapshots.entry(node).or_default();
        *largest = taken.bytes.max(*largest);
        *self.taken.entry(node).or_default() += 1;
        let before = self.covered.insert(node, taken.index).unwrap_or_default();
        self.most_entries = self.most_entries.max(Some((taken.index.0.saturating_sub(before.0), node)));
    }

    /// A server's Raft delivers a snapshot.
    pub fn delivered(&mut self, node: NodeId, index: LogIndex) {
        self.covered.insert(node, index);
    }

    /// The most entries from one snapshot of a server to the next that it took, and whose they were.
    #[must_use]
    pub const fn most_entries_between_snapshots(&self) -> Option<(u64, NodeId)> {
        self.most_entries
    }

    /// How many entries a server has applied behind its last snapshot; all of them if it has none.
    #[must_use]
    pub fn entries_since_snapshot(&self, node: NodeId, applied: LogIndex) -> u64 {
        applied.0.saturating_sub(self.covered.get(&node).map_or(0, |covered| covered.0))
    }

    /// How many snapshots a server has taken since it was started.
    #[must_use]
    pub fn taken(&self, node: NodeId) -> u64 {
        self.taken.get(&node).copied().unwrap_or_default()
    }

    /// A server's counter has changed, or has not.
    ///
    /// # Errors
    /// If somebody has spoilt it.
    pub fn counted(&mut self, node: NodeId, counted: Counted) -> Result<(), Failed> {
        if counted.spoilt {
            let title = format!("{node} has executed a command that no majority can have agreed to.");
            return Err(Failed::new("lost-command-executed", title).from_source(SPOILT).on([node]));
        }
        self.counters.insert(node, counted.value);
        Ok(())
    }

    /// A server's replica is gone: its next one begins anew.
    pub fn died(&mut self, node: NodeId) {
        self.counters.remove(&node);
        self.covered.remove(&node);
        self.taken.remove(&node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    #[test]
    fn replicas_are_counted_while_they_live_and_a_spoilt_one_is_told() {
        let mut replicas = Replicas::default();
        for node in [A, B] {
            replicas.counted(node, Counted { value: 3, spoilt: false }).expect("it is whole");
        }
        assert_eq!((replicas.at(3), replicas.counter(A)), (2, Some(3)));
        replicas.died(A);
        assert_eq!((replicas.at(3), replicas.counter(A)), (1, None));
        let failed = replicas.counted(B, Counted { value: 3, spoilt: true }).expect_err("it is spoilt");
        assert_eq!((failed.rule, failed.nodes), ("lost-command-executed", vec![B]));
    }

    #[test]
    fn the_largest_snapshot_is_remembered() {
        let mut replicas = Replicas::default();
        assert_eq!(replicas.largest_snapshot(), None);
        for (node, bytes) in [(A, 10), (B, 30), (B, 20)] {
            replicas.snapshot(node, &Taken { index: lab_raft::LogIndex(1), bytes, digest: lab_raft::Digest(0) });
        }
        assert_eq!(replicas.largest_snapshot(), Some((B, 30)));
    }

    #[test]
    fn entries_are_counted_from_snapshot_to_snapshot_taken_or_delivered() {
        let mut replicas = Replicas::default();
        let take = |replicas: &mut Replicas, node, index| {
            replicas.snapshot(node, &Taken { index: LogIndex(index), bytes: 1, digest: lab_raft::Digest(0) });
            replicas.most_entries_between_snapshots()
        };
        assert_eq!(replicas.most_entries_between_snapshots(), None);
        assert_eq!(take(&mut replicas, A, 30), Some((30, A)));
        replicas.delivered(B, LogIndex(30));
        assert_eq!(take(&mut replicas, B, 61), Some((31, B)));
        assert_eq!(take(&mut replicas, A, 62), Some((32, A)));
        let since = |replicas: &Replicas, node| replicas.entries_since_snapshot(node, LogIndex(70));
        assert_eq!((since(&replicas, A), since(&replicas, B), since(&replicas, NodeId(3))), (8, 9, 70));
        assert_eq!((replicas.taken(A), replicas.taken(B), replicas.taken(NodeId(3))), (2, 1, 0));
        replicas.died(B); // it has nothing until its Raft delivers what it has kept
        replicas.delivered(B, LogIndex(61));
        assert_eq!(take(&mut replicas, B, 90), Some((32, A)));
    }
}
