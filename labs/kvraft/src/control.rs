//! The control port of a node: what the tester asks, and what the node answers.

use crate::contract::{GetError, NotServed, PutError, Version, Versioned};
use crate::observation::Count;
use serde::{Deserialize, Serialize};

/// What the tester asks of a node. Of servers: the size of their state, and in part rsm what is done with the counter. Of nodes with
/// clerks all else. A clerk is made when it is first named; a restart forgets them all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// [`Clerk::get`](crate::Clerk::get).
    Get {
        /// Which of the node's clerks.
        clerk: u32,
        /// The key.
        key: String,
    },
    /// [`Clerk::put`](crate::Clerk::put).
    Put {
        /// Which of the node's clerks.
        clerk: u32,
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// The version that the key must have.
        version: Version,
    },
    /// [`Clerk::append`](crate::Clerk::append).
    Append {
        /// Which of the node's clerks.
        clerk: u32,
        /// The key.
        key: String,
        /// What is written behind its value.
        value: String,
    },
    /// [`Replicated::submit`](crate::Replicated::submit).
    Submit(Count),
    /// [`Replicated::read`](crate::Replicated::read).
    Read,
    /// How many bytes the server's disk holds besides the last snapshot that its Raft was handed or has delivered.
    StateBytes,
}

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Get`.
    Got(Result<Versioned, GetError>),
    /// To `Put`.
    Put(Result<(), PutError>),
    /// To `Append`.
    Appended,
    /// To `Submit` and `Read`.
    Counter(Result<u64, NotServed>),
    /// To `StateBytes`; nothing if files changed while they were looked at.
    StateBytes(Option<u64>),
    /// The request does not decode, or is asked of a node of the other sort: tester and node were built from different sources.
    NotUnderstood,
}
