//! What is committed, and what the state machine gets. (Sections 5.3 and 5.4.2)

use super::snapshot::Snapshot;
use super::{Core, Standing};
use crate::messages::Entry;
use lab_raft::LogIndex;
use std::rc::Rc;

/// What the state machine gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToApply {
    /// The next committed command.
    Entry(LogIndex, Entry),
    /// A state in place of everything up to its index.
    Snapshot(Rc<Snapshot>),
}

impl Core {
    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and
    /// log[N].term == currentTerm: set commitIndex = N." (Figure 2, Leaders)
    pub(super) fn advance_commit(&mut self) {
        let Standing::Leader { followers, .. } = &self.standing else { return };
        // The leader counts itself only for what is on its own disk. (Dissertation, 10.2.1)
        let own = self.durability.last_index();
        let mut matched: Vec<LogIndex> = followers.values().map(|follower| follower.matched).chain([own]).collect();
        matched.sort_unstable_by(|a, b| b.cmp(a));
        let on_a_majority = matched[self.majority() - 1];
        // "Only log entries from the leader's current term are committed by counting replicas";
        // earlier ones then are too, by the Log Matching Property. (Section 5.4.2 and figure 8)
        if on_a_majority > self.commit && self.log.term_at(on_a_majority) == Some(self.term) {
            self.commit = on_a_majority;
        }
    }

    /// What the state machine gets next. "If commitIndex > lastApplied: increment lastApplied,
    /// apply log\[lastApplied\] to state machine." (Figure 2, All Servers) What is not in the log
    /// any more comes as the snapshot, once that is on the disk. (Figure 13, step 8)
    pub fn next_to_apply(&mut self) -> Option<ToApply> {
        if self.applied >= self.commit {
            return None;
        }
        if self.applied < self.log.base() {
            let snapshot = self.snapshot.clone().filter(|newest| newest.index <= self.durability.snapshot_index())?;
            self.applied = snapshot.index;
            return Some(ToApply::Snapshot(snapshot));
        }
        let index = self.applied.next();
        let entry = self.log.get(index).expect("committed entries are in the log").clone();
        self.applied = index;
        Some(ToApply::Entry(index, entry))
    }
}
