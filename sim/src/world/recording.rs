//! Everything that happened in a run, kept on demand.

use super::command::Command;
use crate::line::{Effect, Event};
use crate::units::{EventNumber, Nanos, NodeId};
use serde::Serialize;

/// One event, what its node did, and the trace hash behind it.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The number of the event.
    pub event: EventNumber,
    /// The time of the world.
    pub at: Nanos,
    /// Who handled it.
    pub node: NodeId,
    /// What happened.
    pub what: Event,
    /// What the node did.
    pub effects: Vec<Effect>,
    /// The trace hash after it.
    pub hash: u64,
}

/// A change of the world that no node's event shows: made by a schedule between two events.
#[derive(Clone, Debug, Serialize)]
pub struct Intervention {
    /// The event after which it happened.
    pub after: EventNumber,
    /// The time of the world.
    pub at: Nanos,
    /// What was done.
    pub command: Command,
}

/// The recorded part of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Recording {
    /// Events in order.
    pub records: Vec<Record>,
    /// Changes of the world in order.
    pub interventions: Vec<Intervention>,
    /// Messages that never arrived, by the event that sent them.
    pub lost: Vec<LostMessage>,
}

/// A message that was lost or cut off.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LostMessage {
    /// The event that sent it.
    pub event: EventNumber,
    /// Sending end.
    pub from: NodeId,
    /// Receiving end.
    pub to: NodeId,
}
