//! What nodes show the judge: the observations, and the kind each goes by.

use crate::contract::{GetError, PutError, PutRefused, Token, Version, Versioned};
use serde::{Deserialize, Serialize};
use windtunnel::{Nanos, NodeId};

/// Kind of [`Called`].
pub const CALLED: &str = "kv.called";
/// Kind of [`Returned`].
pub const RETURNED: &str = "kv.returned";
/// Kind of [`Answered`].
pub const ANSWERED: &str = "kv.answered";
/// Kind of [`Wanted`].
pub const WANTED: &str = "kv.wanted";
/// Kind of [`Acquired`].
pub const ACQUIRED: &str = "kv.acquired";
/// Kind of a [`Holding`] whose lease is over.
pub const LAPSED: &str = "kv.lapsed";
/// Kind of a [`Holding`] that is about to be released.
pub const RELEASED: &str = "kv.released";
/// Kind of [`Shown`].
pub const SHOWN: &str = "kv.shown";
/// All kinds: what a fault of a scenario may wait for.
pub const KINDS: &[&str] = &[CALLED, RETURNED, ANSWERED, WANTED, ACQUIRED, LAPSED, RELEASED, SHOWN];

/// What a client asks of its clerk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    /// The value of a key.
    Get {
        /// The key.
        key: String,
    },
    /// A new value for a key.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// The version that the key must have.
        version: Version,
    },
}

impl Asked {
    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Asked::Get { key } | Asked::Put { key, .. } => key,
        }
    }
}

/// What a clerk answers its client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// To a get.
    Got(Result<Versioned, GetError>),
    /// To a put.
    Put(Result<(), PutError>),
}

/// A client calls its clerk. (Lab kvraft has other words to ask with)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called<A = Asked> {
    /// The number of the call, from when its node has started.
    pub call: u64,
    /// What is asked.
    pub asked: A,
}

/// A clerk has answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned<T = Told> {
    /// The number of the call.
    pub call: u64,
    /// What it answered.
    pub told: T,
}

/// The server answers a put; the answer may yet be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Who asked.
    pub from: NodeId,
    /// The key.
    pub key: String,
    /// The version that the put names.
    pub version: Version,
    /// The answer.
    pub answer: Result<(), PutRefused>,
}

/// Somebody begins to wait for a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Which.
    pub lock: String,
}

/// Somebody's turn with a lock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holding {
    /// The lock.
    pub lock: String,
    /// The token.
    pub token: Token,
}

/// A lock was acquired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acquired {
    /// Which, and as what.
    pub holding: Holding,
    /// How long it is held, by the holder's clock.
    pub left: Nanos,
}

/// A token was shown to the vault, and the vault has answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The lock and the token.
    pub holding: Holding,
    /// Whether the vault took it.
    pub accepted: bool,
    /// How long the lock was still held then, by the holder's clock.
    pub left: Nanos,
}
