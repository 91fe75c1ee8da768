//! Which bytes of a file are too young to rot.
//!
//! A log with checksums cannot tell a rotten last record from a torn one, which nobody was promised. So rot
//! strikes only what is behind it: never what is not synced, nor what the latest fsync made durable, if it wrote
//! anything. Once the next such fsync has followed, those bytes may rot like all others.
//!
//! A file that was replaced whole has no end that could be torn: as soon as its content and its name are durable nothing of it is
//! too young, until somebody writes to it. Then it is a log like others.

use super::ranges::Ranges;
use std::ops::Range;

/// The bytes written since the last but one fsync that made bytes durable.
#[derive(Clone, Debug, Default)]
pub(super) struct Young {
    unsynced: Ranges,
    /// What the latest such fsync made durable.
    synced: Ranges,
    replaced: Replaced,
}

/// Whether the file has got its name as one that is whole, and was not written since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Replaced {
    #[default]
    No,
    /// A power loss may still take the name.
    InCache,
    Durably,
}

impl Young {
    pub fn contains(&self, byte: u64) -> bool {
        let is_whole = self.replaced == Replaced::Durably && self.unsynced.is_empty();
        !is_whole && (self.unsynced.contains(byte) || self.synced.contains(byte))
    }

    /// Bytes are written, or the zeros that a file grows by.
    pub fn wrote(&mut self, bytes: Range<u64>) {
        self.unsynced.insert(bytes);
        self.replaced = Replaced::No;
    }

    /// The file is cut to that length. Whichever record ends there is the last one now, however old.
    pub fn cut(&mut self, length: u64) {
        self.unsynced.cut(length);
        self.synced.clear();
        self.synced.insert(0..length);
        self.replaced = Replaced::No;
    }

    /// An fsync has made durable all that was written.
    pub fn sync(&mut self) {
        if !self.unsynced.is_empty() {
            std::mem::swap(&mut self.synced, &mut self.unsynced);
            self.unsynced.clear();
        }
    }

    /// The file gets a name under which it is whole.
    pub const fn is_replaced(&mut self) {
        self.replaced = Replaced::InCache;
    }

    /// That name is durable, if nothing was written since it was given.
    pub fn is_replaced_durably(&mut self) {
        if self.replaced == Replaced::InCache {
            self.replaced = Replaced::Durably;
        }
    }

    /// A power loss: what was not synced is there or not, behind what was synced last, which may be the last
    /// whole record now.
    pub fn lose_power(mut self) -> Young {
        self.synced.insert_all(&self.unsynced);
        self.unsynced.clear();
        self.replaced = Replaced::No;
        self
    }
}
