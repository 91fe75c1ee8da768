//! A server's state, shown to the oracle.

use super::{Digest, LogIndex, Role, Term};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use windtunnel::NodeId;

/// What the oracle sees of a server. (Figure 2, "State", and section 7 for the snapshot)
///
/// Of the log it shows each entry's term and the digest of its command: the whole log after the
/// snapshot every time (simple), or only the end of it that changed since the last view (fast).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// currentTerm.
    pub term: Term,
    /// votedFor in that term.
    pub voted_for: Option<NodeId>,
    /// What the server is in that term.
    pub role: Role,
    /// commitIndex.
    pub commit: LogIndex,
    /// lastIncludedIndex of the snapshot that stands for the log's beginning; 0 without one.
    pub snapshot_index: LogIndex,
    /// lastIncludedTerm.
    pub snapshot_term: Term,
    /// The last entry of the log; `snapshot_index` if there is none after the snapshot.
    pub last_index: LogIndex,
    /// The first entry that `changed` shows: after `snapshot_index`, at most one past `last_index`.
    pub changed_from: LogIndex,
    /// The entries `changed_from..=last_index`; what is before them is as in the last view.
    pub changed: Vec<(Term, Digest)>,
}

/// How a view contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ViewFault {
    /// The entries shown are not as many as its indices say.
    #[error(
        "view() shows {shown} entries, but from changed_from {changed_from} to last_index {last_index} it is {expected}"
    )]
    WrongCount {
        /// How many there are.
        shown: usize,
        /// How many there should be.
        expected: usize,
        /// The first entry it claims to show.
        changed_from: LogIndex,
        /// The last.
        last_index: LogIndex,
    },
    /// It shows entries that are in the snapshot, or leaves a hole after it.
    #[error(
        "view() says changed_from {changed_from}; after snapshot_index {snapshot_index} it may be {lowest} to {highest}"
    )]
    OutOfPlace {
        /// The first entry it claims to show.
        changed_from: LogIndex,
        /// Where its snapshot ends.
        snapshot_index: LogIndex,
        /// The lowest place where it could begin.
        lowest: LogIndex,
        /// The highest.
        highest: LogIndex,
    },
}

impl View {
    /// Checks that the entries shown are those that the indices promise.
    ///
    /// # Errors
    ///
    /// Says what does not fit.
    pub fn check(&self) -> Result<(), ViewFault> {
        let View { snapshot_index, changed_from, last_index, .. } = *self;
        let (lowest, highest) = (snapshot_index.next(), last_index.next());
        if changed_from < lowest || changed_from > highest {
            return Err(ViewFault::OutOfPlace { changed_from, snapshot_index, lowest, highest });
        }
        let (shown, expected) = (self.changed.len(), highest.since(changed_from));
        if shown != expected {
            return Err(ViewFault::WrongCount { shown, expected, changed_from, last_index });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(changed_from: u64, last_index: u64, shown: usize) -> View {
        View {
            changed_from: LogIndex(changed_from),
            last_index: LogIndex(last_index),
            changed: vec![(Term(1), Digest(0)); shown],
            ..View::default()
        }
    }

    #[test]
    fn a_view_shows_as_many_entries_as_its_indices_say() {
        assert_eq!(view(1, 3, 3).check(), Ok(()));
        assert_eq!(view(4, 3, 0).check(), Ok(()));
        assert!(matches!(view(1, 3, 2).check(), Err(ViewFault::WrongCount { shown: 2, expected: 3, .. })));
    }

    #[test]
    fn a_view_begins_after_its_snapshot_and_leaves_no_hole() {
        assert!(matches!(view(0, 3, 4).check(), Err(ViewFault::OutOfPlace { .. })));
        assert!(matches!(view(5, 3, 0).check(), Err(ViewFault::OutOfPlace { .. })));
        let mut after_snapshot = view(5, 5, 1);
        after_snapshot.snapshot_index = LogIndex(4);
        assert_eq!(after_snapshot.check(), Ok(()));
    }
}
