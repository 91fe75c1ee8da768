//! What nodes show the judge: the observations, and the kind each goes by.

use crate::contract::{JobId, Task};
use serde::{Deserialize, Serialize};
use windtunnel::NodeId;

/// Kind of [`Stored`].
pub const STORED: &str = "mr.stored";
/// Kind of a [`Stored`] that came too late: there is such an object already, and it stays as it is.
pub const REFUSED: &str = "mr.refused";
/// Kind of [`Deleted`].
pub const DELETED: &str = "mr.deleted";
/// Kind of a [`Job`](crate::Job) that is about to be submitted.
pub const SUBMITTED: &str = "mr.submitted";
/// Kind of a [`Status`](crate::Status) that is an end, or a new start.
pub const STATUS: &str = "mr.status";
/// Kind of [`Begun`].
pub const BEGUN: &str = "mr.begun";
/// Kind of [`Finished`].
pub const FINISHED: &str = "mr.finished";
/// Kind of an [`Ended`] that was given up.
pub const GIVEN_UP: &str = "mr.given-up";
/// Kind of [`Died`].
pub const DIED: &str = "mr.died";
/// Kind of an [`Uncombined`].
pub const UNCOMBINED: &str = "mr.uncombined";
/// Kind of an [`Ended`] whose application takes the process with it.
pub const DOOMED: &str = "mr.doomed";
/// All kinds: what a fault of a scenario may wait for.
pub const KINDS: &[&str] =
    &[STORED, REFUSED, DELETED, SUBMITTED, STATUS, BEGUN, FINISHED, GIVEN_UP, DIED, UNCOMBINED, DOOMED];

/// An object has become visible in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// Who put it.
    pub by: NodeId,
    /// How long it is.
    pub length: u64,
    /// What [`digest`](crate::node::digest) says of its bytes.
    pub digest: u64,
    /// The bytes, if they are few.
    pub body: Option<serde_bytes::ByteBuf>,
}

/// An object was removed from the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Its name.
    pub name: String,
    /// Who removed it.
    pub by: NodeId,
}

/// A worker begins an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Which, of all that it has begun since it started.
    pub attempt: u64,
    /// The job.
    pub job: JobId,
    /// The task.
    pub task: Task,
    /// Records that it is going to skip.
    pub skip: Vec<u64>,
}

/// The task of an attempt is finished.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Which.
    pub attempt: u64,
    /// For how many records, or keys, the application was called.
    pub calls: u64,
    /// How many pairs map has emitted.
    pub pairs: u64,
    /// Records, or keys, that were skipped.
    pub skipped: Vec<u64>,
}

/// An attempt is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Which.
    pub attempt: u64,
}

/// An application has died in an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Died {
    /// Which.
    pub attempt: u64,
    /// Of which record.
    pub record: u64,
    /// What it said.
    pub why: String,
}

/// An application has died in an attempt while it combined. This worker combines its job no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncombined {
    /// Which.
    pub attempt: u64,
    /// What it said.
    pub why: String,
}
