//! What can be wrong with the files. Whatever it is, the server does not start: without what was
//! synced it might vote twice, or help to lose what is committed.

use super::frame;
use lab_raft::LogIndex;
use std::io;
use thiserror::Error;
use windtunnel::NodeId;

/// Why a server must not start with what its disk holds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    #[error(
        "{file}: record {record} at byte {byte} is damaged: {how}; the disk lost or changed it: replace this server"
    )]
    Damaged { file: String, record: usize, byte: usize, how: &'static str },
    #[error("{file} was synced up to byte {synced}, and whole records end at byte {whole}; replace this server")]
    CutShort { file: String, synced: u64, whole: u64 },
    #[error(
        "{file} is of version {found:?}, and this server reads version {:?}; start the one that wrote it",
        frame::VERSION
    )]
    OtherVersion { file: String, found: char },
    #[error("{file} is none of the files that this server writes; start the one that wrote it, or remove it")]
    UnknownFile { file: String },
    #[error("{file} belongs to {owner}, and this is {node}; give each server its own disk back")]
    OtherNode { file: String, owner: NodeId, node: NodeId },
    #[error("{file} is segment {found} by its content; give it its name back")]
    OtherSegment { file: String, found: u64 },
    #[error(
        "{file} goes on from a snapshot of entry {needs}, and the one on the disk ends at {known}; replace this server"
    )]
    OldSnapshot { file: String, needs: LogIndex, known: LogIndex },
    #[error("there is a snapshot and no raft.journal with term and vote; replace this server")]
    NoSegment,
}

/// Says what the disk did not write, or not to its end.
pub fn cannot_be_written(what: &str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{what} cannot be written: {error}"))
}

/// Says which file the disk did not read or remove.
pub fn of_file(file: &str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{file}: {error}"))
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, fault)
    }
}
