//! The event/effect line: all that crosses between a node and the world, as plain data.
//!
//! A node is handed one [`Event`], runs until it is idle, and answers with a list of [`Effect`]s.
//! Nothing else crosses. So the same node can live in the world's thread, in a process of its own
//! behind a pipe, or on a real network, and no one can tell from what it does.
//! Next to read: [`event`], then [`effect`], then `executor`, which turns one into the other.

pub mod disk;
pub mod effect;
pub mod event;
pub(crate) mod path;

pub use disk::{DiskError, DiskReply, DiskRequest, DiskResult, FileId, Metadata, OpenMode};
pub use effect::{Effect, LogLevel, LogLine, PanicReport};
pub use event::{Clock, ControlFailure, Event, Rejection, Start, in_groups};

use crate::units::Incarnation;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// An RPC in flight, numbered by its caller: incarnation in the high 24 bits, a count in the low 40.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

impl CallId {
    const COUNT_BITS: u32 = 40;

    /// The first call of an incarnation.
    #[must_use]
    pub const fn first_of(incarnation: Incarnation) -> Self {
        CallId((incarnation.0 as u64) << Self::COUNT_BITS)
    }

    /// The call of a request that comes late once more: of an incarnation that no process reaches, so whatever answers it finds nobody who waits.
    #[cfg(all(feature = "sim", madsim))]
    #[must_use]
    pub(crate) const fn late_copy(number: u64) -> Self {
        CallId(u64::MAX << Self::COUNT_BITS | number)
    }

    /// Whether it is of such a copy.
    #[cfg(all(feature = "sim", madsim))]
    #[must_use]
    pub(crate) const fn is_late_copy(self) -> bool {
        self.0 >> Self::COUNT_BITS == u64::MAX >> Self::COUNT_BITS
    }

    /// Whose call it is.
    #[must_use]
    pub const fn incarnation(self) -> Incarnation {
        Incarnation((self.0 >> Self::COUNT_BITS) as u32)
    }
}

/// The name of an RPC: what a request type calls itself.
pub type Method = Cow<'static, str>;

/// A disk operation in flight, numbered by its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub u64);

/// A request over the control port, numbered by the tester.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ControlId(pub u64);

/// A timer of a node. Slots are used again, each time under a new generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId {
    /// Place in the node's table.
    pub slot: u32,
    /// How often the slot was used before.
    pub generation: u32,
}
