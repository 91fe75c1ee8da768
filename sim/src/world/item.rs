//! What waits in the event queue.

use crate::line::{CallId, Event, Method, TimerId};
use crate::units::{Incarnation, NodeId};

/// Something that is going to happen.
#[derive(Debug)]
pub(super) enum Item {
    /// A message comes to a machine.
    Arrival {
        from: NodeId,
        to: NodeId,
        /// The incarnation that it is meant for, if the sender knows one.
        connected: Option<Incarnation>,
        message: Event,
    },
    /// A reset from `peer`'s kernel comes to a machine, for its connection to one incarnation.
    Reset { node: NodeId, peer: NodeId, incarnation: Incarnation, method: Method, of: Incarnation },
    /// `by`'s kernel says that no process listens.
    Refused { node: NodeId, by: NodeId, incarnation: Incarnation, call: CallId },
    /// A timer goes off.
    Timer { node: NodeId, incarnation: Incarnation, timer: TimerId },
    /// The oldest operation of a disk ends.
    DiskDone { node: NodeId, incarnation: Incarnation },
    /// An event for a process that needs no further look.
    Direct { node: NodeId, incarnation: Incarnation, event: Event },
    /// A process takes the first of what waits for it.
    Next { node: NodeId, incarnation: Incarnation },
}

impl Item {
    /// The machine it happens to.
    pub const fn node(&self) -> NodeId {
        match self {
            Item::Arrival { to, .. } => *to,
            Item::Reset { node, .. }
            | Item::Timer { node, .. }
            | Item::DiskDone { node, .. }
            | Item::Refused { node, .. }
            | Item::Direct { node, .. }
            | Item::Next { node, .. } => *node,
        }
    }
}
