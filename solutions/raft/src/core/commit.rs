//! What is committed, and what the state machine gets. (Sections 5.3 and 5.4.2)

use super::{Core, Standing};
use crate::messages::Entry;
use lab_raft::LogIndex;

impl Core {
    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and
    /// log[N].term == currentTerm: set commitIndex = N." (Figure 2, Leaders)
    pub(super) fn advance_commit(&mut self) {
        let Standing::Leader { followers } = &self.standing else { return };
        // The leader counts itself only for what is on its own disk. (Dissertation, 10.2.1)
        let mut matched: Vec<LogIndex> = followers.values().map(|follower| follower.matched).collect();
        matched.push(self.durability.last_index());
        matched.sort_unstable_by(|a, b| b.cmp(a));
        let on_a_majority = matched[self.majority() - 1];
        // "Only log entries from the leader's current term are committed by counting replicas";
        // earlier ones then are too, by the Log Matching Property. (Section 5.4.2 and figure 8)
        if on_a_majority > self.commit && self.log.term_at(on_a_majority) == Some(self.term) {
            self.commit = on_a_majority;
        }
    }

    /// The next entry for the state machine. "If commitIndex > lastApplied: increment lastApplied,
    /// apply log\[lastApplied\] to state machine." (Figure 2, All Servers)
    pub fn next_to_apply(&mut self) -> Option<(LogIndex, Entry)> {
        if self.applied >= self.commit {
            return None;
        }
        let index = self.applied.next();
        let entry = self.log.get(index).expect("committed entries are in the log").clone();
        self.applied = index;
        Some((index, entry))
    }
}
