//! What a power loss took, as data; the words are made only when somebody asks for them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a power loss took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerLossReport {
    /// Operations that no fsync covered, in flight or done, lost or not.
    pub unsynced_operations: u64,
    /// Of these, how many hold something that can be missed: bytes of a file, or its name. A removal and an fsync do not.
    pub unsynced_data: u64,
    /// How many of the unsynced operations are gone, in part or in full.
    pub lost: u64,
    /// Those, if they were to be told: but for what was lost of files that had no name any more.
    pub lost_operations: Vec<LostOperation>,
}

/// An operation that a power loss undid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostOperation {
    /// What it was.
    pub operation: UnsyncedOperation,
    /// How it was lost.
    pub loss: Loss,
}

/// How an operation was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    /// It was done in the page cache; nothing of it is on the disk.
    Whole,
    /// Some of its sectors are on the disk.
    Torn,
    /// It was never done.
    InFlight,
}

/// An operation that no fsync covered. Paths are those before the power loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it
pub enum UnsyncedOperation {
    Write { path: String, offset: u64, length: u64 },
    SetLength { path: String, length: u64 },
    Create { path: String },
    CreateDirectory { path: String },
    Rename { from: String, to: String },
    Remove { path: String },
    Sync { path: String },
}

impl fmt::Display for LostOperation {
    /// Such as `write of 120 bytes to raft/log at 4096 (torn)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.operation {
            UnsyncedOperation::Write { path, offset, length } => {
                write!(f, "write of {length} bytes to {path} at {offset}")
            }
            UnsyncedOperation::SetLength { path, length } => write!(f, "length {length} of {path}"),
            UnsyncedOperation::Create { path } => write!(f, "creation of {path}"),
            UnsyncedOperation::CreateDirectory { path } => write!(f, "creation of directory {path}"),
            UnsyncedOperation::Rename { from, to } => write!(f, "rename of {from} to {to}"),
            UnsyncedOperation::Remove { path } => write!(f, "removal of {path}"),
            UnsyncedOperation::Sync { path } => write!(f, "fsync of {path}"),
        }?;
        match self.loss {
            Loss::Whole => Ok(()),
            Loss::Torn => f.write_str(" (torn)"),
            Loss::InFlight => f.write_str(" (in flight)"),
        }
    }
}
