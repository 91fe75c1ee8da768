//! What a server shows the oracle: the observations, and the kind each goes by.

use crate::contract::{Digest, LogIndex, Term, View};
use serde::{Deserialize, Serialize};
use windtunnel::NodeId;

/// Kind of a [`View`] after a step that changed something, with the entries that differ from the view
/// before it and no others.
pub const VIEW: &str = "raft.view";
/// Kind of [`AppliedEntry`].
pub const APPLIED: &str = "raft.applied";
/// Kind of [`AppliedSnapshot`].
pub const APPLIED_SNAPSHOT: &str = "raft.applied-snapshot";
/// Kind of [`Restored`]: once, when the server has started.
pub const RESTORED: &str = "raft.restored";
/// Kind of [`Persisted`].
pub const PERSISTED: &str = "raft.persisted";
/// All kinds: what a fault of a scenario may wait for.
pub const KINDS: &[&str] = &[VIEW, APPLIED, APPLIED_SNAPSHOT, RESTORED, PERSISTED];

/// A command that was handed to the state machine. (State machine safety, figure 3)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedEntry {
    /// Its place in the log.
    pub index: LogIndex,
    /// The term of its entry.
    pub term: Term,
    /// The digest of the command.
    pub digest: Digest,
    /// The command.
    #[serde(with = "serde_bytes")]
    pub command: Vec<u8>,
}

/// A snapshot that was handed to the state machine. (Section 7)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedSnapshot {
    /// The last entry it covers.
    pub index: LogIndex,
    /// That entry's term.
    pub term: Term,
    /// The digest of the state.
    pub digest: Digest,
    /// The state.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
}

/// What a server knows when it has started, all of it. (Figure 2, "Persistent state")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The whole view.
    pub view: View,
}

/// What is on the disk and synced from now on. (Figure 2: "updated on stable storage before
/// responding to RPCs")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Persisted {
    /// [`Stable::save`](crate::Stable::save) has saved a state of which only the server knows
    /// what it holds.
    State {
        /// The size of the state.
        state_bytes: u64,
        /// The size of the snapshot.
        snapshot_bytes: u64,
    },
    /// A server that keeps a log of its own says what is in it.
    Log {
        /// currentTerm.
        term: Term,
        /// votedFor in that term.
        voted_for: Option<NodeId>,
        /// The last entry.
        last_index: LogIndex,
        /// Its term.
        last_term: Term,
        /// The size of term, vote and log.
        state_bytes: u64,
        /// The size of the snapshot.
        snapshot_bytes: u64,
    },
}

/// Tells the oracle what has reached the disk. For lab code that keeps a log of its own;
/// [`Stable`](crate::Stable) does it by itself.
pub fn persisted(what: &Persisted) {
    windtunnel::node::observe(PERSISTED, what);
}
