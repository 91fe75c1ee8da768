//! What a node is told.

use super::{CallId, ControlId, DiskReply, DiskResult, LogLevel, Method, OperationId, TimerId};
use crate::units::{Incarnation, Nanos, NodeId, Seed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The readings of a node's two clocks while it handles one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Since the node's host was switched on; drifts, never jumps.
    pub monotonic: Nanos,
    /// Since 1970; drifts, is off, and jumps.
    pub wall: Nanos,
}

/// One thing that happens to a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The process begins.
    Start(Box<Start>),
    /// A peer asks.
    Request {
        /// Who asks.
        from: NodeId,
        /// The caller's number for it.
        call: CallId,
        /// The name of the RPC.
        method: Method,
        /// The request, serialised.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// A peer answers.
    Reply {
        /// The call it answers.
        call: CallId,
        /// The reply, serialised, or why there is none.
        result: Result<Vec<u8>, Rejection>,
    },
    /// Nobody listens at the peer's address: its process is dead, its host is up.
    Refused {
        /// The call that failed.
        call: CallId,
    },
    /// The connection for an RPC to a peer is gone, and with it all calls that wait for it.
    Reset {
        /// The other end.
        peer: NodeId,
        /// The RPC: each has a connection of its own.
        method: Method,
    },
    /// A timer went off.
    Timer(TimerId),
    /// A disk operation has ended.
    Disk {
        /// Which.
        operation: OperationId,
        /// How.
        result: DiskResult,
    },
    /// The tester asks over the control port.
    Control {
        /// The tester's number for it.
        id: ControlId,
        /// The request, serialised.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// For the tester alone: a node answered over its control port.
    ControlReply {
        /// Which request.
        id: ControlId,
        /// The answer.
        result: Result<Vec<u8>, ControlFailure>,
    },
    /// For the tester alone: what it watches has changed.
    Changed,
}

impl Event {
    /// Heap that comes into the node's hands with it, in bytes.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        match self {
            Event::Request { body, .. }
            | Event::Reply { result: Ok(body), .. }
            | Event::Disk { result: Ok(DiskReply::Data(body)), .. }
            | Event::Control { body, .. }
            | Event::ControlReply { result: Ok(body), .. } => body.capacity(),
            _ => 0,
        }
    }
}

/// What a process knows when it begins. Everything else it must read from its disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Its own id.
    pub node: NodeId,
    /// Its own name.
    pub name: String,
    /// All nodes but the tester, itself included, group by group.
    pub groups: Vec<Vec<NodeId>>,
    /// Numbers that the test gives its nodes, by name.
    pub settings: BTreeMap<String, u64>,
    /// The seed of the run: for the streams of this node alone.
    pub seed: Seed,
    /// How often the node has been started, this start included.
    pub incarnation: Incarnation,
    /// Whether ready tasks run in a drawn order instead of first in, first out.
    pub shuffle_tasks: bool,
    /// Whether std's hash maps get other keys than the seed's own: the order in which they are
    /// iterated must not matter.
    pub other_std_hash_keys: bool,
    /// Log lines below this are not made.
    pub log_level: Option<LogLevel>,
}

impl Start {
    /// All nodes but the tester, itself included, in order.
    #[must_use]
    pub fn members(&self) -> Vec<NodeId> {
        let mut members: Vec<NodeId> = self.groups.iter().flatten().copied().collect();
        members.sort_unstable();
        members
    }
}

/// So many nodes, the first of them in groups of these sizes, and the rest in a group of their own.
#[must_use]
pub fn in_groups(nodes: u32, sizes: &[u32]) -> Vec<Vec<NodeId>> {
    let mut left = (1..=nodes).map(NodeId);
    let mut groups: Vec<Vec<NodeId>> = sizes.iter().map(|size| left.by_ref().take(*size as usize).collect()).collect();
    groups.push(left.collect());
    groups.retain(|group| !group.is_empty());
    groups
}

/// Why a peer that got a request has no reply to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rejection {
    /// It serves no RPC of that name.
    NoHandler,
    /// The bytes of the request do not decode as that RPC's type.
    BadRequest,
}

/// Why a control request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ControlFailure {
    /// The node is not running.
    Down,
    /// The node died before it answered.
    Died,
    /// The node has no control handler, or not yet.
    NoHandler,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(nodes: u32, sizes: &[u32]) -> Vec<Vec<u32>> {
        in_groups(nodes, sizes).into_iter().map(|group| group.into_iter().map(|node| node.0).collect()).collect()
    }

    #[test]
    fn the_first_nodes_are_in_groups_and_the_rest_is_one() {
        assert_eq!(parted(5, &[]), [vec![1, 2, 3, 4, 5]]);
        assert_eq!(parted(5, &[3]), [vec![1, 2, 3], vec![4, 5]]);
        assert_eq!(parted(5, &[2, 2]), [vec![1, 2], vec![3, 4], vec![5]]);
        assert_eq!(parted(3, &[3]), [vec![1, 2, 3]], "an empty group is none");
        assert_eq!(parted(2, &[3]), [vec![1, 2]]);
    }
}
