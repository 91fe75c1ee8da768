//! What a clerk sends a server: requests, and the types of their replies.

use super::{GetError, NotServed, PutRefused, Version, Versioned};
use serde::{Deserialize, Serialize};
use std::fmt;
use windtunnel::net::Request;

/// Tells one clerk from all others there ever were: drawn at random, since a node that starts again does not know what
/// its clerks were called before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClerkId(pub u64);

impl fmt::Display for ClerkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Asks for the value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Get {
    /// The key.
    pub key: String,
}

impl Request for Get {
    type Reply = Result<Result<Versioned, GetError>, NotServed>;
    const NAME: &'static str = "get";
}

/// Asks to give a key a value, if it still has the version that is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Put {
    /// The key.
    pub key: String,
    /// Its new value.
    pub value: String,
    /// The version that the key must have, [`Version::NONE`] if it is to be created.
    pub version: Version,
}

impl Request for Put {
    type Reply = Result<Result<(), PutRefused>, NotServed>;
    const NAME: &'static str = "put";
}

/// Asks to write something behind the value of a key, whatever that is: once, however often it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Append {
    /// The key. One that does not exist is created.
    pub key: String,
    /// What is written behind its value.
    pub value: String,
    /// Who asks.
    pub clerk: ClerkId,
    /// Which of that clerk's appends it is, counted from 1. A clerk asks for the next when it was answered the last.
    pub number: u64,
}

impl Request for Append {
    type Reply = Result<(), NotServed>;
    const NAME: &'static str = "append";
}
