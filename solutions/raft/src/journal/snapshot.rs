//! The file that holds the snapshot.

use super::fault::{self, Fault};
use super::frame;
use crate::core::Snapshot;
use lab_raft::{LogIndex, Term};
use serde::{Deserialize, Serialize};
use std::io;
use windtunnel::{NodeId, fs};

const FILE: &str = "raft.snapshot";

#[derive(Serialize, Deserialize)]
struct Image<D> {
    node: NodeId,
    segment: u64,
    synced: u64,
    index: LogIndex,
    term: Term,
    #[serde(
        with = "serde_bytes",
        bound(serialize = "D: serde_bytes::Serialize", deserialize = "D: serde_bytes::Deserialize<'de>")
    )]
    data: D,
}

/// A snapshot as it was found.
#[derive(Debug, PartialEq)]
pub struct Kept {
    pub snapshot: Snapshot,
    /// The segment there was when it was taken.
    pub segment: u64,
    /// How much of that segment was synced.
    pub synced: u64,
}

/// Puts a snapshot in the place of the one before it. At any moment the one or the other is there,
/// whole: content before name.
pub async fn write(node: NodeId, snapshot: &Snapshot, segment: u64, synced: u64) -> io::Result<()> {
    let bytes = encode(node, snapshot, segment, synced);
    fs::replace(FILE, &bytes).await.map(drop).map_err(fault::cannot_be_written(FILE))
}

pub fn encode(node: NodeId, snapshot: &Snapshot, segment: u64, synced: u64) -> Vec<u8> {
    let Snapshot { index, term, data } = snapshot;
    frame::encode(&Image { node, segment, synced, index: *index, term: *term, data })
}

/// The snapshot, if there is one.
pub async fn read(node: NodeId) -> io::Result<Option<Kept>> {
    match fs::read(FILE).await {
        Ok(content) => Ok(Some(decode(node, &content)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault::of_file(FILE)(error)),
    }
}

pub fn decode(node: NodeId, content: &[u8]) -> Result<Kept, Fault> {
    let file = FILE.to_owned();
    if let Some(found) = frame::other_version(content) {
        return Err(Fault::OtherVersion { file, found });
    }
    // It had its name only when all of it was synced: it cannot be half there for a good reason, and what is wrong has rotted.
    let (image, length) = frame::decode::<Image<Vec<u8>>>(content).ok_or_else(damaged)?;
    if length != content.len() {
        return Err(damaged());
    }
    let Image { node: owner, segment, synced, index, term, data } = image;
    if owner != node {
        return Err(Fault::OtherNode { file, owner, node });
    }
    Ok(Kept { snapshot: Snapshot { index, term, data }, segment, synced })
}

fn damaged() -> Fault {
    Fault::Damaged { file: FILE.to_owned(), record: 0, byte: 0, how: "it does not match its checksum" }
}
