//! The state of a server. (Figure 2, "State")

use lab_raft::{LogIndex, Role, Term};
use serde::{Deserialize, Serialize};
use windtunnel::NodeId;

/// "Updated on stable storage before responding to RPCs."
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Persistent {
    /// currentTerm: the latest term this server has seen.
    pub term: Term,
    /// votedFor: the candidate that got this server's vote in `term`.
    pub voted_for: Option<NodeId>,
    /// log[]: the first entry has index 1.
    pub log: Vec<Entry>,
}

/// One entry of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The term in which a leader received it.
    pub term: Term,
    /// For the state machine.
    pub command: Vec<u8>,
}

/// Forgotten when the server stops.
#[derive(Clone, Debug, Default)]
pub struct Volatile {
    /// Follower, candidate or leader. (Figure 4)
    pub role: Role,
    /// commitIndex: the highest entry known to be committed.
    pub commit: LogIndex,
    /// The leader, as far as this server knows: the hint for clients.
    pub leader: Option<NodeId>,
    // TODO(you): lastApplied; for a leader nextIndex[] and matchIndex[], made anew with each
    // election that it wins.
}
