//! What a run leaves behind.

use super::disk::DiskStatistics;
use super::network::LinkDecisions;
use super::recording::Recording;
use crate::line::{Method, PanicReport};
use crate::units::{Nanos, NodeId};
use std::collections::BTreeMap;
use std::fmt;

/// What became of a run whose tester's body gives a `T`.
#[derive(Debug)]
pub struct Report<T> {
    /// How it ended.
    pub outcome: Outcome<T>,
    /// The fold of all that happened.
    pub trace_hash: u64,
    /// Events handled.
    pub events: u64,
    /// When it ended.
    pub ended_at: Nanos,
    /// The last event's node.
    pub last_node: NodeId,
    /// What was counted.
    pub counters: Counters,
    /// What links and disks decided.
    pub decisions: Decisions,
    /// Everything that happened, if asked for.
    pub recording: Option<Recording>,
    /// The trace hash after the event named in [`Options::hash_at`](super::Options::hash_at).
    pub hash_at: Option<u64>,
}

/// How a run ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// The tester's body came to its end.
    Finished(T),
    /// The observer stopped the run.
    Stopped,
    /// The run could not go on.
    Failed(Failure),
}

/// Why a run could not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A task of a node panicked.
    Panicked {
        /// The node.
        node: NodeId,
        /// What it said.
        report: PanicReport,
    },
    /// A node polled its tasks 100,000 times in one event.
    NeverIdle {
        /// The node.
        node: NodeId,
    },
    /// A node got bytes that do not decode.
    Undecodable {
        /// The node that got them.
        node: NodeId,
        /// Who sent them.
        from: NodeId,
        /// The RPC.
        method: Method,
    },
    /// The virtual time of the run is used up.
    OutOfTime,
    /// The events of the run are used up: a storm of messages, or timers.
    OutOfEvents {
        /// Who used them.
        busiest: Busiest,
    },
    /// So many events at one instant that time seems to stand still.
    TimeStandsStill {
        /// Who had them, and made calls in them.
        busiest: Busiest,
    },
    /// More messages are under way than [`Options::messages_under_way`](super::Options::messages_under_way).
    MessageStorm {
        /// How many.
        under_way: u64,
        /// Who sent them.
        busiest: Busiest,
    },
    /// Nothing is left that could happen, and the tester still waits.
    Deadlock,
    /// The operating-system process of a node is gone.
    ProcessLost {
        /// The node.
        node: NodeId,
        /// What became of it.
        message: String,
    },
    /// In flight: a node said, before it ran anything, why it cannot begin: its disk is full, say.
    CouldNotBegin {
        /// The node.
        node: NodeId,
        /// Its words.
        message: String,
    },
    /// In flight: a node showed more than its tester, too far behind, could take in, and ended itself.
    Unobserved {
        /// The node.
        node: NodeId,
    },
}

/// Who kept a run busy that could not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busiest {
    /// Who handled the most events, and how many.
    pub handled: (NodeId, u64),
    /// Who made the most calls, and how many.
    pub called: (NodeId, u64),
}

impl Busiest {
    /// Of nodes, with the events they have handled and the calls they have made; of equals the first.
    pub(super) fn of(nodes: impl Iterator<Item = (NodeId, u64, u64)> + Clone) -> Busiest {
        let most = |counts: &mut dyn Iterator<Item = (NodeId, u64)>| {
            counts.fold((NodeId::TESTER, 0), |most, next| if next.1 > most.1 { next } else { most })
        };
        Busiest {
            handled: most(&mut nodes.clone().map(|(node, handled, _)| (node, handled))),
            called: most(&mut nodes.map(|(node, _, called)| (node, called))),
        }
    }

    /// Whose doing it most likely is. A call and its answer are an event each to somebody: whoever makes many has
    /// others handle them, and whoever handles far more than anybody calls keeps itself busy.
    #[must_use]
    pub const fn culprit(&self) -> NodeId {
        if self.called.1.saturating_mul(2) >= self.handled.1 { self.called.0 } else { self.handled.0 }
    }
}

impl fmt::Display for Busiest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Busiest { handled, called } = self;
        write!(f, "{} handled the most events ({})", handled.0, handled.1)?;
        match called.1 {
            0 => f.write_str(", and nobody made a call"),
            calls if called.0 == handled.0 => write!(f, " and made the most calls ({calls})"),
            calls => write!(f, ", {} made the most calls ({calls})", called.0),
        }
    }
}

impl Failure {
    /// The node that it is about; nothing if no node is known to be.
    #[must_use]
    pub const fn node(&self) -> Option<NodeId> {
        match self {
            Failure::Panicked { node, .. }
            | Failure::NeverIdle { node }
            | Failure::Undecodable { node, .. }
            | Failure::ProcessLost { node, .. }
            | Failure::CouldNotBegin { node, .. }
            | Failure::Unobserved { node } => Some(*node),
            Failure::OutOfEvents { busiest }
            | Failure::TimeStandsStill { busiest }
            | Failure::MessageStorm { busiest, .. } => Some(busiest.culprit()),
            Failure::OutOfTime | Failure::Deadlock => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Panicked { node, report } if report.place.is_empty() => {
                write!(f, "{node} panicked: {}", report.message)
            }
            Failure::Panicked { node, report } => {
                write!(f, "{node} panicked at {}: {}", report.place, report.message)
            }
            Failure::NeverIdle { node } => write!(
                f,
                "{node} never becomes idle: its tasks were polled {} times in one event",
                crate::executor::POLL_BUDGET
            ),
            Failure::Undecodable { node, from, method } => {
                write!(f, "{node} got bytes from {from} that do not decode as {method}")
            }
            Failure::OutOfTime => f.write_str("the virtual time of the test is over"),
            Failure::OutOfEvents { busiest } => {
                write!(f, "the events of the test are used up by too many messages or timers: {busiest}")
            }
            Failure::TimeStandsStill { busiest } => {
                write!(f, "virtual time stands still: of the last events at one instant {busiest}")
            }
            Failure::MessageStorm { under_way, busiest } => {
                write!(f, "{under_way} messages are under way at once: {busiest}")
            }
            Failure::Deadlock => f.write_str("nothing is left that could happen, and the test still waits"),
            Failure::ProcessLost { node, message } => write!(f, "the process of {node} is gone: {message}"),
            Failure::CouldNotBegin { node, message } => write!(f, "{node} could not begin: {message}"),
            Failure::Unobserved { node } => write!(
                f,
                "{node} showed more than the tester could take in, which was 64 MiB behind: the machine is too slow, or \
                 too busy, for this load"
            ),
        }
    }
}

/// What was counted in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages sent between nodes, requests and replies, lost ones too.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Requests alone.
    pub calls: u64,
    /// Messages that never arrived: lost, cut off, or to a machine without power.
    pub lost: u64,
    /// Process starts.
    pub starts: u64,
    /// Kills.
    pub kills: u64,
    /// Pauses.
    pub pauses: u64,
    /// Directed links that were cut; one that is cut already is not cut again.
    pub cuts: u64,
    /// Nodes that ended themselves.
    pub stops: u64,
    /// In flight: connections that were left half open.
    pub half_open: u64,
    /// Power losses.
    pub power_losses: u64,
    /// Power losses that found unsynced data: bytes of files, or names for them. (A removal is none.)
    pub power_losses_with_unsynced_data: u64,
    /// Disks, in the order of their nodes.
    pub disks: Vec<DiskStatistics>,
    /// The most heap that any node held, in bytes, if the allocator counts.
    pub peak_heap: u64,
    /// The most that each node held, from one start of it to the next.
    pub peak_heaps: BTreeMap<NodeId, u64>,
}

/// Hashes of what each entity decided, to compare after an edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Links.
    pub links: Vec<LinkDecisions>,
    /// Disks, in the order of their nodes.
    pub disks: Vec<u64>,
    /// Faults, in the order of their kinds and places.
    pub faults: Vec<FaultDecisions>,
}

/// When and how one kind of fault struck in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultDecisions {
    /// What struck, as `pause`.
    pub kind: &'static str,
    /// The node, or the two ends of the link.
    pub place: (NodeId, Option<NodeId>),
    /// The fold of all times and settings.
    pub hash: u64,
}
