//! The log: entries in order, and what it means for two logs to match. (Section 5.3) Its beginning
//! may have gone into a snapshot. (Section 7)

use crate::messages::Entry;
use lab_raft::{LogIndex, Term};

/// The entries of one server, counted from 1, but for those that a snapshot stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// lastIncludedIndex: the snapshot stands for everything up to here; 0 without one.
    base: LogIndex,
    /// lastIncludedTerm.
    base_term: Term,
    entries: Vec<Entry>,
}

impl Log {
    /// A log of these entries.
    #[must_use]
    pub const fn of(entries: Vec<Entry>) -> Self {
        Log { base: LogIndex::ZERO, base_term: Term::ZERO, entries }
    }

    /// An empty log behind a snapshot.
    #[must_use]
    pub const fn behind(base: LogIndex, base_term: Term) -> Self {
        Log { base, base_term, entries: Vec::new() }
    }

    /// The last entry that the snapshot stands for.
    #[must_use]
    pub const fn base(&self) -> LogIndex {
        self.base
    }

    /// The term of that entry.
    #[must_use]
    pub const fn base_term(&self) -> Term {
        self.base_term
    }

    /// The last entry's place; 0 if there is none.
    #[must_use]
    pub const fn last_index(&self) -> LogIndex {
        self.base.plus(self.entries.len())
    }

    /// The last entry's term; 0 if there is none.
    #[must_use]
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(self.base_term, |entry| entry.term)
    }

    /// The term of the entry at `index`; 0 before the first. Nothing is known past the last, nor
    /// before the snapshot's last.
    #[must_use]
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == self.base {
            return Some(self.base_term);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// The entry at `index`, unless it is in the snapshot.
    #[must_use]
    pub fn get(&self, index: LogIndex) -> Option<&Entry> {
        let place = index.since(self.base).checked_sub(1)?;
        self.entries.get(place)
    }

    /// The entries from `first` on, as far as they are not in the snapshot.
    #[must_use]
    pub fn from(&self, first: LogIndex) -> &[Entry] {
        self.entries.get(first.previous().since(self.base)..).unwrap_or_default()
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
        // What the snapshot stands for is committed, so it is the same in every leader's log.
        let covered = self.base.since(previous).min(entries.len());
        let (previous, entries) = (previous.max(self.base), &entries[covered..]);
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
        self.entries.truncate(previous.since(self.base));
        self.entries.extend_from_slice(entries);
    }

    /// A snapshot takes the place of everything up to `index`; says whether what followed is kept.
    ///
    /// "If existing log entry has same index and term as snapshot's last included entry, retain log
    /// entries following it"; if not, "discard the entire log". (Figure 13, steps 6 and 7)
    pub fn cover(&mut self, index: LogIndex, term: Term) -> bool {
        if index <= self.base {
            return true;
        }
        let matches = self.term_at(index) == Some(term);
        let gone = if matches { index.since(self.base) } else { self.entries.len() };
        self.entries.drain(..gone);
        (self.base, self.base_term) = (index, term);
        matches
    }

    /// The first entry of the run of entries of `index`'s term that ends at `index`, as far as it
    /// is not in the snapshot.
    #[must_use]
    pub fn first_of_term_at(&self, index: LogIndex) -> LogIndex {
        let term = self.term_at(index);
        let mut first = index;
        while first > self.base.next() && self.term_at(first.previous()) == term {
            first = first.previous();
        }
        first
    }

    /// The last entry of `term`, if there is one. Terms never fall along a log.
    #[must_use]
    pub fn last_of_term(&self, term: Term) -> Option<LogIndex> {
        let count = self.entries.partition_point(|entry| entry.term <= term);
        let last = self.base.plus(count);
        (last > LogIndex::ZERO && self.term_at(last) == Some(term)).then_some(last)
    }
}
