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
