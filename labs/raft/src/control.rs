//! The control port of a Raft node: what the tester asks, and what the node answers.

use crate::contract::{BarrierError, LogIndex, NotLeader, Proposed, Status};
use serde::{Deserialize, Serialize};

/// What the tester asks of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// [`Raft::propose`](crate::Raft::propose).
    Propose(#[serde(with = "serde_bytes")] Vec<u8>),
    /// [`Raft::status`](crate::Raft::status).
    Status,
    /// [`Raft::snapshot`](crate::Raft::snapshot).
    Snapshot {
        /// The last entry that `data` covers.
        index: LogIndex,
        /// The state.
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    /// [`Raft::read_barrier`](crate::Raft::read_barrier).
    ReadBarrier,
    /// How often these bytes stand in the files of the node's disk. The server is not asked, and does not notice.
    OnDisk(#[serde(with = "serde_bytes")] Vec<u8>),
}

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Propose`: where the command stands.
    Proposed(Proposed),
    /// To `Propose`: ask somebody else.
    NotLeader(NotLeader),
    /// To `Status`.
    Status(Status),
    /// To `ReadBarrier`.
    Barrier(Result<LogIndex, BarrierError>),
    /// To `Snapshot`: taken.
    Done,
    /// The request does not decode: tester and node were built from different sources.
    NotUnderstood,
    /// To `OnDisk`: so often. Nothing if the files changed while they were looked at.
    OnDisk(Option<u64>),
}
