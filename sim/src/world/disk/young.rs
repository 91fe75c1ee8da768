//! Which bytes of a file are too young to rot.
//!
//! A log with checksums cannot tell a rotten last record from a torn one, which nobody was promised. So rot
//! strikes only what is behind it: never what is not synced, nor what the latest fsync made durable, if it wrote
//! anything. Once the next such fsync has followed, those bytes may rot like all others.

use super::ranges::Ranges;
use std::ops::Range;

/// The bytes written since the last but one fsync that made bytes durable.
#[derive(Clone, Debug, Default)]
pub(super) struct Young {
    unsynced: Ranges,
    /// What the latest such fsync made durable.
    synced: Ranges,
}

impl Young {
    pub fn contains(&self, byte: u64) -> bool {
        self.unsynced.contains(byte) || self.synced.contains(byte)
    }

    /// Bytes are written, or the zeros that a file grows by.
    pub fn wrote(&mut self, bytes: Range<u64>) {
        self.unsynced.insert(bytes);
    }

    /// The file is cut to that length. Whichever record ends there is the last one now, however old.
    pub fn cut(&mut self, length: u64) {
        self.unsynced.cut(length);
        self.synced.clear();
        self.synced.insert(0..length);
    }

    /// An fsync has made durable all that was written.
    pub fn sync(&mut self) {
        if !self.unsynced.is_empty() {
            std::mem::swap(&mut self.synced, &mut self.unsynced);
            self.unsynced.clear();
        }
    }

    /// A power loss: what was not synced is there or not, behind what was synced last, which may be the last
    /// whole record now.
    pub fn lose_power(mut self) -> Young {
        self.synced.insert_all(&self.unsynced);
        self.unsynced.clear();
        self
    }
}
