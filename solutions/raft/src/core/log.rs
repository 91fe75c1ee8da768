//! The log: entries in order, and what it means for two logs to match. (Section 5.3)

use crate::messages::Entry;
use lab_raft::{LogIndex, Term};

/// The entries of one server, counted from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    entries: Vec<Entry>,
}

impl Log {
    /// A log of these entries.
    #[must_use]
    pub const fn of(entries: Vec<Entry>) -> Self {
        Log { entries }
    }

    /// The last entry's place; 0 if there is none.
    #[must_use]
    pub const fn last_index(&self) -> LogIndex {
        LogIndex::ZERO.plus(self.entries.len())
    }

    /// The last entry's term; 0 if there is none.
    #[must_use]
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(Term::ZERO, |entry| entry.term)
    }

    /// The term of the entry at `index`; 0 before the first, nothing past the last.
    #[must_use]
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == LogIndex::ZERO {
            return Some(Term::ZERO);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// The entry at `index`.
    #[must_use]
    pub fn get(&self, index: LogIndex) -> Option<&Entry> {
        self.entries.get(index.since(LogIndex(1)).min(self.entries.len())).filter(|_| index > LogIndex::ZERO)
    }

    /// The entries from `first` on.
    #[must_use]
    pub fn from(&self, first: LogIndex) -> &[Entry] {
        self.entries.get(first.previous().since(LogIndex::ZERO)..).unwrap_or_default()
    }

    /// Adds an entry of this server's own at the end. Leaders do nothing else to their logs.
    /// (Figure 3, "Leader Append-Only")
    pub fn push(&mut self, entry: Entry) -> LogIndex {
        self.entries.push(entry);
        self.last_index()
    }

    /// Makes the log hold `entries` after `previous`, and says where it changed, if it did.
    ///
    /// "If an existing entry conflicts with a new one (same index but different terms), delete the
    /// existing entry and all that follow it; append any new entries not already in the log."
    /// (Figure 2.) Nothing is deleted without a conflict: an old message, come late, must not take
    /// away what was acknowledged since.
    pub fn merge(&mut self, previous: LogIndex, entries: &[Entry]) -> Option<LogIndex> {
        let held = self.from(previous.next());
        let same = held.iter().zip(entries).take_while(|(held, new)| held.term == new.term).count();
        if same == entries.len() {
            return None;
        }
        let first_new = previous.plus(same).next();
        self.replace_after(first_new.previous(), &entries[same..]);
        Some(first_new)
    }

    /// Puts `entries` in the place of everything after `previous`.
    pub fn replace_after(&mut self, previous: LogIndex, entries: &[Entry]) {
        self.entries.truncate(previous.since(LogIndex::ZERO));
        self.entries.extend_from_slice(entries);
    }

    /// The first entry of the run of entries of `index`'s term that ends at `index`.
    #[must_use]
    pub fn first_of_term_at(&self, index: LogIndex) -> LogIndex {
        let term = self.term_at(index);
        let mut first = index;
        while first > LogIndex(1) && self.term_at(first.previous()) == term {
            first = first.previous();
        }
        first
    }

    /// The last entry of `term`, if there is one. Terms never fall along a log.
    #[must_use]
    pub fn last_of_term(&self, term: Term) -> Option<LogIndex> {
        let count = self.entries.partition_point(|entry| entry.term <= term);
        let last = LogIndex::ZERO.plus(count);
        (count > 0 && self.term_at(last) == Some(term)).then_some(last)
    }
}
