//! What must be on the disk before anybody is answered. (Figure 2, "Persistent state: updated on
//! stable storage before responding to RPCs")
//!
//! The core notes what changed; the shell takes a [`Record`] of it, writes it, and reports back.

use super::log::Log;
use super::snapshot::Snapshot;
use super::{Core, Recovered};
use crate::messages::Entry;
use lab_raft::{LogIndex, Term};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use windtunnel::NodeId;

/// One change of the persistent state: applying all records in order gives the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// currentTerm.
    pub term: Term,
    /// votedFor.
    pub voted_for: Option<NodeId>,
    /// The entry after which the log changes.
    pub previous: LogIndex,
    /// What follows that entry from now on, if anything changed.
    pub entries: Vec<Entry>,
}

/// A record to write, and how to report it when it is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaved {
    /// A snapshot to write first. The record then holds all that is left of the log, and the
    /// records before it may go.
    pub snapshot: Option<Rc<Snapshot>>,
    /// What to write.
    pub record: Record,
    /// The last entry that will be on the disk.
    pub last_index: LogIndex,
    /// Its term.
    pub last_term: Term,
}

/// How far the disk is behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Durability {
    /// The log is on the disk up to here.
    last_index: LogIndex,
    /// The first entry that no record holds yet.
    unrecorded_from: LogIndex,
    hard_state_changed: bool,
    /// The snapshot on the disk stands for everything up to here.
    snapshot_index: LogIndex,
    /// The last snapshot that was given out to be written does.
    snapshot_taken: LogIndex,
}

impl Durability {
    /// All of this log, and the snapshot before it, is on the disk.
    pub const fn of(log: &Log) -> Self {
        Durability {
            last_index: log.last_index(),
            unrecorded_from: log.last_index().next(),
            hard_state_changed: false,
            snapshot_index: log.base(),
            snapshot_taken: log.base(),
        }
    }

    /// The last entry that is on the disk.
    pub const fn last_index(&self) -> LogIndex {
        self.last_index
    }

    /// What the snapshot on the disk stands for.
    pub const fn snapshot_index(&self) -> LogIndex {
        self.snapshot_index
    }

    /// currentTerm or votedFor is not what the disk says.
    pub const fn hard_state_changed(&mut self) {
        self.hard_state_changed = true;
    }

    fn log_changed_from(&mut self, index: LogIndex) {
        self.last_index = self.last_index.min(index.previous());
        self.unrecorded_from = self.unrecorded_from.min(index);
    }
}

impl Core {
    /// The log is no longer what the disk says, from `index` on.
    pub(super) fn log_changed_from(&mut self, index: LogIndex) {
        self.durability.log_changed_from(index);
        self.shown.log_changed_from(index);
    }

    /// Whether something changed that no record holds yet.
    #[must_use]
    pub const fn has_unsaved(&self) -> bool {
        let Durability { hard_state_changed, unrecorded_from, snapshot_taken, .. } = self.durability;
        hard_state_changed || unrecorded_from.0 <= self.log.last_index().0 || snapshot_taken.0 < self.log.base().0
    }

    /// What changed since the last call, as a record to write. Records must reach the disk in the
    /// order in which they were taken.
    pub fn take_unsaved(&mut self) -> Option<Unsaved> {
        if !self.has_unsaved() {
            return None;
        }
        let (last_index, last_term) = (self.log.last_index(), self.log.last_term());
        let base = self.log.base();
        let snapshot = self.snapshot.clone().filter(|_| self.durability.snapshot_taken < base);
        let first = if snapshot.is_some() { base.next() } else { self.durability.unrecorded_from };
        self.durability.hard_state_changed = false;
        self.durability.snapshot_taken = base;
        self.durability.unrecorded_from = last_index.next();
        let record = Record {
            term: self.term,
            voted_for: self.voted_for,
            previous: first.previous(),
            entries: self.log.from(first).to_vec(),
        };
        Some(Unsaved { snapshot, record, last_index, last_term })
    }

    /// That is on the disk. A record counts only if the log still holds its last entry: then, by the
    /// Log Matching Property, it holds everything before it too. (Figure 3)
    pub fn saved(&mut self, saved: &Unsaved) {
        if let Some(snapshot) = &saved.snapshot {
            self.durability.snapshot_index = snapshot.index;
        }
        let (last_index, last_term) = (saved.last_index, saved.last_term);
        if last_index > self.durability.last_index && self.log.term_at(last_index) == Some(last_term) {
            self.durability.last_index = last_index;
            self.advance_commit();
        }
    }
}

impl Recovered {
    /// Adds the next record of the disk.
    pub fn replay(&mut self, record: &Record) {
        self.term = record.term;
        self.voted_for = record.voted_for;
        self.log.replace_after(record.previous, &record.entries);
    }

    /// The disk holds a snapshot too, maybe a newer one than the records know: then power was lost
    /// before the record behind it was written. Whoever has an entry of a term has seen that term,
    /// and has not voted in it if no record says so.
    pub fn stand_on(&mut self, snapshot: Snapshot) {
        self.log.cover(snapshot.index, snapshot.term);
        if snapshot.term > self.term {
            (self.term, self.voted_for) = (snapshot.term, None);
        }
        self.snapshot = Some(snapshot);
    }
}
