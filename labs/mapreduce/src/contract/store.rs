//! The store: a service on the network that has all inputs and takes all outputs. It runs on a node of its own, [`node()`].
//!
//! Call it as any other: `net::call(store::node(), Get { … })`. It keeps what it has done, but it may be slow, it may answer
//! [`StoreError::Unavailable`], and a call may have been carried out though its answer never came.
//!
//! An object is there as a whole or not at all, and never changes. A short one comes with a [`Put`]; a longer one in any number of
//! [`Part`]s and a [`Complete`] that makes it visible.

use serde::{Deserialize, Serialize};
use windtunnel::net::Request;
use windtunnel::{NodeId, node};

/// The longest range that a [`Get`] gives, and the longest body that a [`Put`] or [`Part`] takes, in bytes.
pub const LONGEST_PIECE: u64 = 64 << 10;

/// The node of the store.
///
/// # Panics
/// Outside of a node.
#[must_use]
pub fn node() -> NodeId {
    node::groups().into_iter().nth(1).and_then(|group| group.first().copied()).expect("a lab has a store")
}

/// Why the store has not done something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum StoreError {
    /// There is no object of that name, or an upload lacks a part.
    #[error("there is no such object")]
    NotFound,
    /// There is an object of that name already; it stays as it is.
    #[error("there is such an object already")]
    Exists,
    /// Longer than [`LONGEST_PIECE`].
    #[error("more than the store takes at a time")]
    TooLong,
    /// Not now. It has not been done.
    #[error("the store is not available")]
    Unavailable,
}

/// Puts a whole object, if there is none of that name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Put {
    /// Its name.
    pub name: String,
    /// Its bytes.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Names an upload. Whoever begins one draws a number; the uploads of different nodes have nothing to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UploadId(pub u64);

/// Sends a part of an upload, in any order; the same part again takes the place of the one before. Nobody sees it yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// The upload.
    pub upload: UploadId,
    /// Which part, from 0.
    pub number: u32,
    /// Its bytes.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Makes an object of an upload, if there is none of that name. The upload is forgotten once there is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Complete {
    /// The upload.
    pub upload: UploadId,
    /// Of so many parts.
    pub parts: u32,
    /// The name of the object.
    pub name: String,
}

/// Asks for up to so many bytes of an object; fewer, or none, at its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Get {
    /// Its name.
    pub name: String,
    /// The first byte.
    pub from: u64,
    /// How many.
    pub length: u64,
}

/// Asks how long an object is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Length {
    /// Its name.
    pub name: String,
}

/// Asks for the names that begin so, in order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct List {
    /// How they begin.
    pub prefix: String,
}

/// Removes an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delete {
    /// Its name.
    pub name: String,
}

/// Bytes of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes(#[serde(with = "serde_bytes")] pub Vec<u8>);

macro_rules! requests {
    ($($request:ty => $reply:ty, $name:literal;)+) => { $(
        impl Request for $request {
            type Reply = Result<$reply, StoreError>;
            const NAME: &'static str = $name;
        }
    )+ };
}

requests! {
    Put => (), "store_put";
    Part => (), "store_part";
    Complete => (), "store_complete";
    Get => Bytes, "store_get";
    Length => u64, "store_length";
    List => Vec<String>, "store_list";
    Delete => (), "store_delete";
}
