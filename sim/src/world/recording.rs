//! Everything that happened in a run, kept on demand.

use super::command::Command;
use super::disk::PowerLossReport;
use crate::line::{Effect, Event, Method};
use crate::units::{EventNumber, Nanos, NodeId};
use serde::Serialize;

/// Which events of a run are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recorded {
    /// None.
    #[default]
    Nothing,
    /// The last ones, at least so many: a run of millions fits no memory.
    Last(usize),
    /// All.
    Everything,
}

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
    /// Messages that never arrived, in the order in which they were lost.
    pub lost: Vec<LostMessage>,
    /// What power losses took, in order.
    pub power_losses: Vec<PowerLoss>,
}

/// A message that was lost or cut off.
#[derive(Clone, Debug, Serialize)]
pub struct LostMessage {
    /// The last event when it was lost: its sender's, unless it was lost where it arrived.
    pub after: EventNumber,
    /// The time of the world when it was lost.
    pub at: Nanos,
    /// Sending end.
    pub from: NodeId,
    /// Receiving end.
    pub to: NodeId,
    /// The RPC that it asked for; none if it was a reply.
    pub request: Option<Method>,
    /// Why it never arrived.
    pub why: WhyLost,
}

/// Why a message never arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum WhyLost {
    /// Its link was cut.
    Cut,
    /// The link loses messages, or more wait for it than it holds.
    Weather,
    /// The machine it was for had no power.
    NoPower,
    /// The process that waited for it was gone.
    NobodyWaits,
    /// There is no such node.
    NoSuchNode,
}

/// What a power loss took.
#[derive(Clone, Debug, Serialize)]
pub struct PowerLoss {
    /// The event after which it happened, or which commanded it.
    pub after: EventNumber,
    /// Whose machine.
    pub node: NodeId,
    /// What is gone.
    pub report: PowerLossReport,
}

impl Recording {
    /// Forgets what lies before the last events that count, once there are twice as many: seldom, so that an
    /// event costs the same with and without it.
    pub(super) fn keep(&mut self, recorded: Recorded) {
        let Recorded::Last(count) = recorded else { return };
        if self.records.len() < count.saturating_mul(2).max(2) {
            return;
        }
        self.records.drain(..self.records.len() - count);
        let first = self.records.first().map_or(EventNumber(u64::MAX), |record| record.event);
        self.interventions.retain(|intervention| intervention.after >= first);
        self.lost.retain(|lost| lost.after >= first);
        self.power_losses.retain(|power_loss| power_loss.after >= first);
    }
}
