//! What a node does.

use super::{CallId, ControlId, DiskRequest, Method, OperationId, Rejection, TimerId};
use crate::units::{Nanos, NodeId};
use serde::{Deserialize, Serialize};

/// One thing a node does while it handles an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Asks a peer.
    Send {
        /// Whom.
        to: NodeId,
        /// This node's number for it.
        call: CallId,
        /// The name of the RPC.
        method: Method,
        /// The request, serialised.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// Answers a peer.
    Respond {
        /// Who asked.
        to: NodeId,
        /// The asker's number for it.
        call: CallId,
        /// The name of the RPC that is answered.
        method: Method,
        /// The reply, serialised, or why there is none.
        result: Result<Vec<u8>, Rejection>,
    },
    /// Sets a timer.
    Arm {
        /// Which.
        timer: TimerId,
        /// When, on this node's monotonic clock.
        at: Nanos,
    },
    /// Takes a timer back.
    Cancel {
        /// Which.
        timer: TimerId,
    },
    /// Begins a disk operation.
    Disk {
        /// This node's number for it.
        operation: OperationId,
        /// What to do.
        request: DiskRequest,
    },
    /// Answers the tester over the control port.
    ControlReply {
        /// The tester's number for it.
        id: ControlId,
        /// The answer, serialised.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// The node has no control handler (yet).
    ControlUnserved {
        /// The tester's number for it.
        id: ControlId,
    },
    /// Shows the tester something.
    Observe {
        /// What kind of thing: a name that node and tester agree on.
        kind: Method,
        /// The thing, serialised.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// A log line. Never part of the trace hash.
    Log(LogLine),
    /// Bytes that do not decode came from a peer, or as the answer to a control request.
    Undecodable {
        /// Who sent them.
        from: NodeId,
        /// Which RPC.
        method: Method,
    },
    /// A task panicked. The node is dead.
    Panicked(PanicReport),
    /// The node has ended itself. The last effect of its incarnation.
    Stopped {
        /// Why, in its own words.
        reason: String,
    },
    /// The node polled its tasks 100,000 times and still was not idle.
    NeverIdle,
    /// A request was handled and gets no answer, since its reply is too large: to the asker silence.
    Unanswered {
        /// Who asked.
        to: NodeId,
        /// The asker's number for it.
        call: CallId,
        /// The name of the RPC.
        method: Method,
    },
    /// For the tester alone: changes the world. Boxed, since it is larger than all others and rare.
    #[cfg(feature = "sim")]
    Command(Box<crate::world::Command>),
}

impl Effect {
    /// Heap that leaves the node's hands with it, in bytes.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        match self {
            Effect::Send { body, .. }
            | Effect::Respond { result: Ok(body), .. }
            | Effect::ControlReply { body, .. }
            | Effect::Observe { body, .. } => body.capacity(),
            Effect::Disk { request, .. } => request.heap_bytes(),
            _ => 0,
        }
    }
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something is odd.
    Warn,
    /// Something a reader of a run wants to know.
    Info,
    /// Something its author wants to know.
    Debug,
    /// Everything.
    Trace,
}

/// A line that lab code logged through `tracing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// The module that logged it.
    pub target: String,
    /// The message and its fields, as one line.
    pub message: String,
}

/// Where and why lab code panicked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanicReport {
    /// What the panic said.
    pub message: String,
    /// File, line and column, or nothing if unknown.
    pub place: String,
}
