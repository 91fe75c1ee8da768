//! The control port of a node: what the tester asks, and what the node answers.

use crate::contract::store::StoreError;
use crate::contract::{Job, Refused, Status};
use serde::{Deserialize, Serialize};
use windtunnel::{Nanos, Ppm};

/// What the tester asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Of the coordinator: [`Coordinator::submit`](crate::Coordinator::submit).
    Submit(Job),
    /// Of the coordinator: [`Coordinator::status`](crate::Coordinator::status).
    Status,
    /// Of a worker: its applications take so many times as long, until it is started again.
    SlowDown(u32),
    /// Of the store: bytes of an object that nobody sees yet, behind those that came before.
    Append {
        /// The object.
        name: String,
        /// The bytes.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// Of the store: the object of that name has all its bytes, and is there from now on.
    Finish(String),
    /// Of the store: bytes of an object.
    Read {
        /// The object.
        name: String,
        /// The first byte.
        from: u64,
        /// How many.
        length: u64,
    },
    /// Of the store: the names of all objects that begin so.
    List(String),
    /// Of the store: how it treats its callers from now on.
    Mood(Mood),
}

/// How the store treats its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mood {
    /// A call takes so long: low and high end.
    pub takes: [Nanos; 2],
    /// How often it does nothing, and says so.
    pub fails_ppm: Ppm,
    /// How often it does what it is asked, and answers late.
    pub late_ppm: Ppm,
    /// How late: low and high end.
    pub late_by: [Nanos; 2],
}

impl Default for Mood {
    /// A good one: at once, and never in vain.
    fn default() -> Self {
        Mood { takes: [Nanos::ZERO; 2], fails_ppm: Ppm::NEVER, late_ppm: Ppm::NEVER, late_by: [Nanos::ZERO; 2] }
    }
}

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Submit`.
    Submitted(Result<(), Refused>),
    /// To `Status`.
    Status(Status),
    /// To `SlowDown`, `Append`, `Finish` and `Mood`.
    Done,
    /// To `Read`.
    Bytes(#[serde(with = "serde_bytes")] Vec<u8>),
    /// To `List`.
    Names(Vec<String>),
    /// What the store could not do.
    Failed(StoreError),
    /// The request does not decode, or is asked of the wrong node: tester and node were built from different sources.
    NotUnderstood,
}
