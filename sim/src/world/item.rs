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
    /// The timer that a slot holds goes off, or one that it held before would have.
    Timer { node: NodeId, incarnation: Incarnation, slot: u32 },
    /// The oldest operation of a disk ends.
    DiskDone { node: NodeId, incarnation: Incarnation },
    /// An event for a process that needs no further look.
    Direct { node: NodeId, incarnation: Incarnation, event: Event },
    /// A process takes the first of what waits for it.
    Next { node: NodeId, incarnation: Incarnation },
}

/// What a process is to look at: an item whose kernel's share is done.
#[derive(Debug)]
pub(super) enum Due {
    /// A timer, unless it was cancelled meanwhile.
    Timer(TimerId),
    /// What another process has sent, or its own.
    Message { from: NodeId, message: Event },
    /// Something else.
    Event(Event),
}
