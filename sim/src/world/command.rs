//! What a tester can do to the world, as data.

use super::disk::DiskWeather;
use super::weather::LinkWeather;
use crate::line::ControlId;
use crate::units::{EventNumber, Nanos, NodeId};
use serde::{Deserialize, Serialize};

/// One change of the world. A command that makes no sense (to kill the dead) does nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Starts a node that is not running, with what is on its disk.
    Start(NodeId),
    /// Kills a node's process; its machine runs on, with its page cache.
    Kill(NodeId),
    /// Takes the power from a node's machine; its disk keeps a legal crash image.
    PowerLoss(NodeId),
    /// Stops a node's process without a trace, as SIGSTOP does. What comes for it waits.
    Pause(NodeId),
    /// Lets a paused process run on, first with all that waited for it.
    Resume(NodeId),
    /// Makes a node take so long for every event it handles; zero is as fast as light.
    Slow {
        /// The node.
        node: NodeId,
        /// Time that each event takes.
        per_event: Nanos,
    },
    /// From now on nothing arrives on this directed link.
    Cut {
        /// Sending end.
        from: NodeId,
        /// Receiving end.
        to: NodeId,
    },
    /// Takes a cut back.
    Mend {
        /// Sending end.
        from: NodeId,
        /// Receiving end.
        to: NodeId,
    },
    /// Gives a directed link other settings.
    Link {
        /// Sending end.
        from: NodeId,
        /// Receiving end.
        to: NodeId,
        /// The settings.
        weather: LinkWeather,
    },
    /// Gives a disk other settings.
    Disk {
        /// The node.
        node: NodeId,
        /// The settings.
        weather: Box<DiskWeather>,
    },
    /// Sets a node's wall clock forward, or back if negative.
    ClockJump {
        /// The node.
        node: NodeId,
        /// Nanoseconds.
        by_ns: i64,
    },
    /// Makes a node's clocks gain so much from now on, or lose if negative.
    ClockDrift {
        /// The node.
        node: NodeId,
        /// Nanoseconds a millisecond; above -1,000,000.
        ppm: i32,
    },
    /// Asks a node over its control port.
    Control {
        /// The tester's number for it.
        id: ControlId,
        /// The node.
        node: NodeId,
        /// The request.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// Does something between this event and the next.
    AtEvent {
        /// After which event.
        event: EventNumber,
        /// What to do.
        command: Box<Command>,
    },
    /// Takes back everything that was to be done at an event.
    ForgetAtEvents,
}

/// What kind of fault, and where: a node, or the two ends of a link.
pub(crate) type Fault = (&'static str, (NodeId, Option<NodeId>));

impl Command {
    /// The fault that it is, or the end of one; nothing for what only asks or plans.
    pub(crate) fn fault(&self) -> Option<Fault> {
        Some(match self {
            Command::Start(node) => ("start", (*node, None)),
            Command::Kill(node) => ("kill", (*node, None)),
            Command::PowerLoss(node) => ("power-loss", (*node, None)),
            Command::Pause(node) => ("pause", (*node, None)),
            Command::Resume(node) => ("resume", (*node, None)),
            Command::Slow { node, .. } => ("slow", (*node, None)),
            Command::Cut { from, to } => ("cut", (*from, Some(*to))),
            Command::Mend { from, to } => ("mend", (*from, Some(*to))),
            Command::Link { from, to, .. } => ("link", (*from, Some(*to))),
            Command::Disk { node, .. } => ("disk", (*node, None)),
            Command::ClockJump { node, .. } => ("clock-jump", (*node, None)),
            Command::ClockDrift { node, .. } => ("clock-drift", (*node, None)),
            Command::Control { .. } | Command::AtEvent { .. } | Command::ForgetAtEvents => return None,
        })
    }
}
