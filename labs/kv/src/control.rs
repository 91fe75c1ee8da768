//! The control port of a node: what the tester asks, and what the node answers.

use crate::contract::{GetError, PutError, Token, Version, Versioned};
use serde::{Deserialize, Serialize};
use windtunnel::Nanos;

/// What the tester asks of a node that has clerks. A clerk is made when it is first named; a restart forgets them all.
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
    /// [`Lock::acquire`](crate::Lock::acquire).
    Acquire {
        /// Which of the node's clerks.
        clerk: u32,
        /// The lock's name.
        lock: String,
    },
    /// Shows the token of a lock to the vault that it guards.
    Use {
        /// Which of the node's clerks.
        clerk: u32,
        /// The lock's name.
        lock: String,
    },
    /// [`Lock::release`](crate::Lock::release).
    Release {
        /// Which of the node's clerks.
        clerk: u32,
        /// The lock's name.
        lock: String,
    },
    /// Makes so many clerks, lets each do one put that must be refused, and then each one that must be done: all of one key,
    /// with values of that size. Nothing of it is observed.
    Crowd {
        /// How many clerks.
        clerks: u32,
        /// How long each value is.
        value_bytes: usize,
    },
}

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Get`.
    Got(Result<Versioned, GetError>),
    /// To `Put`.
    Put(Result<(), PutError>),
    /// To `Acquire`.
    Acquired(Token),
    /// To `Use`.
    Used(Used),
    /// To `Release`, and to `Crowd` if all went as it must.
    Done,
    /// To `Crowd`: what did not.
    Wrong(String),
    /// To `Use` and `Release`: this clerk has not acquired that lock.
    NotHeld,
    /// The request does not decode, or is asked of the server: tester and node were built from different sources.
    NotUnderstood,
}

/// What became of a token that was shown to the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// Whether the vault took it; nothing if the vault could not be reached.
    pub accepted: Option<bool>,
    /// How long the lock was still held when the answer was there, by the holder's own clock.
    pub left: Nanos,
}
