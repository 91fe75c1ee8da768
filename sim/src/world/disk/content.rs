//! The content of one file: what the page cache holds, and how to get back to what is durable.
//!
//! The bytes are kept once, as the page cache has them. Beside them lies an undo journal: of each change
//! since the last fsync, the bytes it overwrote or cut off. So an append stores nothing twice, an fsync
//! empties the journal and copies nothing, and only a power loss pays for going back.

use super::bytes::Bytes;
use super::scratch::Scratch;
use super::young::Young;
use crate::line::DiskError;
use std::collections::VecDeque;
use std::ops::Range;

/// Changes a file may have unsynced. Past it the oldest are written back, as an operating system does in
/// its own time, so that a node that never syncs does not fill the memory.
const MOST_UNSYNCED: usize = 1_024;
/// Overwritten bytes that the journal of a file may hold, for the same reason.
const MOST_OVERWRITTEN: usize = 4 << 20;

/// What a change of content was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Bytes written at an offset.
    Write { offset: u64, length: u64 },
    /// The file cut or grown.
    SetLength { length: u64 },
}

/// How far a change is from being durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The next fsync makes it durable.
    Dirty,
    /// An fsync failed over it and its pages count as clean: no later fsync looks at it again.
    Abandoned,
    /// Durable, but behind an abandoned one and therefore still in the journal.
    Synced,
}

/// A change and the way back.
#[derive(Clone, Debug)]
pub(super) struct Unsynced {
    pub change: Change,
    pub standing: Standing,
    /// How long the file was before.
    pub length_before: u64,
    /// What it overwrote or cut off. A power loss turns it around: then it is what was written.
    pub other: Vec<u8>,
}

/// The content of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) bytes: Bytes,
    pub(super) journal: VecDeque<Unsynced>,
    overwritten: usize,
    /// Whether an fsync has failed and the journal remembers it.
    pub(super) failed: bool,
    young: Young,
}

impl Content {
    /// An empty file, whose bytes may be in that scratch file.
    pub fn new(scratch: Option<Scratch>) -> Self {
        Content { bytes: Bytes::new(scratch), ..Content::default() }
    }

    pub fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Up to `length` bytes at `offset`; fewer, or none, at the end of the file.
    pub fn read(&self, offset: u64, length: u64) -> Vec<u8> {
        let found = self.found(offset, length);
        self.bytes.copy(found.start as usize, found.end as usize)
    }

    /// Where there is something to read of that.
    pub fn found(&self, offset: u64, length: u64) -> Range<u64> {
        let begin = offset.min(self.length());
        begin..begin.saturating_add(length).min(self.length())
    }

    /// How long the file would be after a write.
    pub fn length_after(&self, offset: u64, data: &[u8]) -> Result<u64, DiskError> {
        let end = offset.checked_add(data.len() as u64).filter(|end| *end <= i64::MAX as u64);
        end.map(|end| end.max(self.length())).ok_or(DiskError::InvalidInput)
    }

    /// Writes; a gap between the end and `offset` is filled with zeros. Nothing written changes nothing.
    pub fn write(&mut self, offset: u64, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        let before = self.bytes.len();
        let begin = offset as usize;
        let overlap = before.saturating_sub(begin).min(data.len());
        let other = self.bytes.copy(begin.min(before), begin.min(before) + overlap);
        if begin > before {
            self.bytes.resize(begin);
        }
        self.bytes.overwrite(begin, &data[..overlap]);
        self.bytes.extend(&data[overlap..]);
        self.young.wrote(begin.min(before) as u64..offset + data.len() as u64);
        self.remember(Change::Write { offset, length: data.len() as u64 }, before, other);
    }

    /// Cuts the file, or grows it with zeros.
    pub fn set_length(&mut self, length: u64) {
        let before = self.bytes.len();
        if before as u64 == length {
            return;
        }
        let other = self.bytes.copy(before.min(length as usize), before);
        self.bytes.resize(length as usize);
        if length < before as u64 {
            self.young.cut(length);
        } else {
            self.young.wrote(before as u64..length);
        }
        self.remember(Change::SetLength { length }, before, other);
    }

    fn remember(&mut self, change: Change, before: usize, other: Vec<u8>) {
        self.overwritten += other.len();
        self.journal.push_back(Unsynced { change, standing: Standing::Dirty, length_before: before as u64, other });
        while self.journal.len() > MOST_UNSYNCED || self.overwritten > MOST_OVERWRITTEN {
            self.write_back_oldest();
        }
    }

    fn write_back_oldest(&mut self) {
        if let Some(oldest) = self.journal.pop_front() {
            self.overwritten -= oldest.other.len();
        }
    }

    /// fsync: all changes so far are durable, but for those an earlier fsync failed over.
    pub fn sync(&mut self) {
        if !self.failed {
            self.journal.clear();
            self.overwritten = 0;
            self.young.sync();
            return;
        }
        for unsynced in &mut self.journal {
            if unsynced.standing == Standing::Dirty {
                unsynced.standing = Standing::Synced;
            }
        }
        while self.journal.front().is_some_and(|oldest| oldest.standing == Standing::Synced) {
            self.write_back_oldest();
        }
        self.failed = !self.journal.is_empty();
        // While some of it is in doubt, nothing grows older.
        if !self.failed {
            self.young.sync();
        }
    }

    /// An fsync that fails. Linux marks the pages clean and reports the error once (Rebello et al., "Can
    /// Applications Recover from fsync Failures?", ATC 2020): the page cache keeps them, the disk may not.
    pub fn fail_sync(&mut self) {
        for unsynced in &mut self.journal {
            if unsynced.standing == Standing::Dirty {
                unsynced.standing = Standing::Abandoned;
            }
        }
        self.failed = !self.journal.is_empty();
    }

    /// Flips the bit of that number, in the cache and on the disk, unless it is too young for that.
    pub fn rot(&mut self, bit: u64, young_rots: bool) -> bool {
        let rots = young_rots || !self.young.contains(bit / 8);
        if rots {
            self.bytes.flip(bit);
        }
        rots
    }

    /// The file gets a name under which it is whole.
    pub const fn is_replaced(&mut self) {
        self.young.is_replaced();
    }

    /// That name is durable.
    pub fn is_replaced_durably(&mut self) {
        self.young.is_replaced_durably();
    }

    /// Goes back to what is durable, turning the journal around: from how to undo to how to redo.
    pub(super) fn roll_back(&mut self) {
        for unsynced in self.journal.iter_mut().rev() {
            let before = unsynced.length_before as usize;
            match unsynced.change {
                Change::Write { offset, length } => {
                    let begin = offset as usize;
                    let written = self.bytes.copy(begin, begin + length as usize);
                    self.bytes.overwrite(begin, &unsynced.other);
                    self.bytes.resize(before);
                    unsynced.other = written;
                }
                Change::SetLength { .. } => {
                    self.bytes.extend(&std::mem::take(&mut unsynced.other));
                    self.bytes.resize(before);
                }
            }
        }
    }

    /// Takes `image` for what is on the disk, with nothing unsynced.
    pub(super) fn settle(&mut self, image: Vec<u8>) {
        let (mut bytes, young) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.young).lose_power());
        bytes.set(image);
        *self = Content { bytes, young, ..Content::default() };
    }
}
