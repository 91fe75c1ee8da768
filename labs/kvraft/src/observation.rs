//! What nodes show the judge besides what Raft shows: the observations, and the kind each goes by.

use crate::contract::{GetError, NotServed, PutError, PutRefused, Version, Versioned};
use lab_raft::{Digest, LogIndex};
use serde::{Deserialize, Serialize};
use windtunnel::NodeId;

/// Kind of [`Called`].
pub const CALLED: &str = "kvraft.called";
/// Kind of [`Returned`].
pub const RETURNED: &str = "kvraft.returned";
/// Kind of [`Answered`].
pub const ANSWERED: &str = "kvraft.answered";
/// Kind of [`Taken`].
pub const SNAPSHOT: &str = "kvraft.snapshot";
/// Kind of [`Counted`].
pub const COUNTED: &str = "kvraft.counted";
/// All kinds, those of Raft included: what a fault of a scenario may wait for.
pub const KINDS: &[&str] = &[
    CALLED,
    RETURNED,
    ANSWERED,
    SNAPSHOT,
    COUNTED,
    lab_raft::observation::VIEW,
    lab_raft::observation::APPLIED,
    lab_raft::observation::APPLIED_SNAPSHOT,
    lab_raft::observation::RESTORED,
    lab_raft::observation::PERSISTED,
];

/// What is done with the counter of part rsm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Count {
    /// Makes it one more.
    Increment,
    /// Leaves it as it is.
    Nothing,
    /// Marks it as spoilt: nobody who can be heard by a majority submits this.
    Spoil,
}

/// What is asked: by a client of its clerk, or by the tester of a server's replica.
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
    /// More behind the value of a key.
    Append {
        /// The key.
        key: String,
        /// What is written behind its value.
        value: String,
    },
    /// To do something with the counter.
    Submit(Count),
    /// How high the counter is.
    Read,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// To a get.
    Got(Result<Versioned, GetError>),
    /// To a put.
    Put(Result<(), PutError>),
    /// To an append.
    Appended,
    /// To what is done with the counter, and to reading it: how high it is then.
    Counter(Result<u64, NotServed>),
}

/// Somebody asks.
pub type Called = lab_kv::observation::Called<Asked>;
/// Somebody is answered.
pub type Returned = lab_kv::observation::Returned<Told>;

/// A server answers a put; the answer may yet be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Who asked.
    pub from: NodeId,
    /// The key.
    pub key: String,
    /// The version that the put names.
    pub version: Version,
    /// The answer.
    pub answer: Result<Result<(), PutRefused>, NotServed>,
}

/// A server hands its Raft a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The last entry it covers.
    pub index: LogIndex,
    /// Its size.
    pub bytes: u64,
    /// What it is.
    pub digest: Digest,
}

/// A server's counter is that high now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// How high.
    pub value: u64,
    /// Whether it was spoilt.
    pub spoilt: bool,
}
