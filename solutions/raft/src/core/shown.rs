//! The view for the oracle: no part of Raft.

use super::Core;
use lab_raft::{Digest, LogIndex, View};
use std::cell::Cell;

/// The first entry that the oracle has not seen as it is now.
#[derive(Debug)]
pub(super) struct Shown {
    unseen_from: Cell<LogIndex>,
}

impl Shown {
    pub const fn nothing() -> Self {
        Shown { unseen_from: Cell::new(LogIndex(1)) }
    }

    pub fn log_changed_from(&self, index: LogIndex) {
        self.unseen_from.set(self.unseen_from.get().min(index));
    }
}

impl Core {
    /// The state, and the entries that changed since the last view.
    #[must_use]
    pub fn view(&self) -> View {
        let (status, base, last_index) = (self.status(), self.log.base(), self.log.last_index());
        let changed_from = self.shown.unseen_from.replace(last_index.next()).max(base.next());
        let entries = self.log.from(changed_from);
        View {
            term: status.term,
            voted_for: self.voted_for,
            role: status.role,
            commit: self.commit,
            snapshot_index: base,
            snapshot_term: self.log.base_term(),
            last_index,
            changed_from,
            changed: entries.iter().map(|entry| (entry.term, Digest::of(&entry.command))).collect(),
        }
    }
}
