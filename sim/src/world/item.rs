//! What waits in the event queue.

use crate::line::{Event, Method, TimerId};
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
    /// A reset from `peer`'s kernel comes to a machine.
    Reset { node: NodeId, peer: NodeId, incarnation: Incarnation, method: Method },
    /// A timer goes off.
    Timer { node: NodeId, incarnation: Incarnation, timer: TimerId },
    /// The oldest operation of a disk ends.
    DiskDone { node: NodeId, incarnation: Incarnation },
    /// An event for a process that needs no further look.
    Direct { node: NodeId, incarnation: Incarnation, event: Event },
}

impl Item {
    /// The machine it happens to.
    pub const fn node(&self) -> NodeId {
        match self {
            Item::Arrival { to, .. } => *to,
            Item::Reset { node, .. }
            | Item::Timer { node, .. }
            | Item::DiskDone { node, .. }
            | Item::Direct { node, .. } => *node,
        }
    }
}
