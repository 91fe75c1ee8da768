//! Positions in the log. (Section 5.3)

use serde::{Deserialize, Serialize};
use std::fmt;

/// The place of an entry in the log. The first entry has index 1. (Figure 2, "State")
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogIndex(pub u64);

impl LogIndex {
    /// Before the first entry: nothing.
    pub const ZERO: LogIndex = LogIndex(0);

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> LogIndex {
        LogIndex(self.0 + 1)
    }

    /// The place before this one, or [`LogIndex::ZERO`].
    #[must_use]
    pub const fn previous(self) -> LogIndex {
        LogIndex(self.0.saturating_sub(1))
    }

    /// The place `count` entries later.
    #[must_use]
    pub const fn plus(self, count: usize) -> LogIndex {
        LogIndex(self.0 + count as u64)
    }

    /// How many entries lie after `earlier`, up to and with this one; 0 if it is not later.
    #[must_use]
    pub const fn since(self, earlier: LogIndex) -> usize {
        self.0.saturating_sub(earlier.0) as usize
    }
}

impl fmt::Display for LogIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
