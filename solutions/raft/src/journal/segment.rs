//! A segment: an opening that holds the whole state, and what changed since, record after record.

use super::fault::{self, Fault};
use super::frame;
use crate::core::Record;
use lab_raft::{LogIndex, Term};
use serde::{Deserialize, Serialize};
use std::io;
use windtunnel::{NodeId, fs};

const PREFIX: &str = "raft.journal.";

/// Ends the name of what a crash has left of a segment that was being made. The next one that is made has its number.
const ASIDE: &str = ".new";

/// What the first version of this server wrote.
const FIRST_VERSION: &str = "raft.journal";

/// The first frame.
#[derive(Serialize, Deserialize)]
struct Opening<R> {
    node: NodeId,
    number: u64,
    /// The snapshot that stands before the log: index and term of its last entry.
    base: (LogIndex, Term),
    record: R,
}

/// Any other frame. It says where it stands: so a whole record behind a damaged one is known for one,
/// and bytes that only look like one (a command may be anything) are not.
#[derive(Serialize, Deserialize)]
struct Written<R> {
    number: u64,
    byte: u64,
    record: R,
}

/// What a segment holds, up to the first byte that is no whole record.
#[derive(Debug, PartialEq)]
pub struct Segment {
    pub number: u64,
    pub base: (LogIndex, Term),
    pub records: Vec<Record>,
    pub bytes: u64,
}

/// What a segment is called.
pub fn name(number: u64) -> String {
    format!("{PREFIX}{number}")
}

/// The number of the segment of that name; nothing if it is no segment.
pub fn number_of(name: &str) -> Result<Option<u64>, Fault> {
    let unknown = || Fault::UnknownFile { file: name.to_owned() };
    match name.strip_prefix(PREFIX) {
        Some(number) if number.ends_with(ASIDE) => Ok(None),
        Some(number) => number.parse().map(Some).map_err(|_| unknown()),
        None if name == FIRST_VERSION => Err(unknown()),
        None => Ok(None),
    }
}

/// Makes a segment that holds the state, and says how long it is. It survives a power loss then, and
/// it has its name only when all of it does.
pub async fn begin(node: NodeId, number: u64, base: (LogIndex, Term), record: &Record) -> io::Result<(fs::File, u64)> {
    let (name, bytes) = (name(number), encode_opening(node, number, base, record));
    let file = fs::replace(&name, &bytes).await.map_err(fault::cannot_be_written(&name))?;
    Ok((file, bytes.len() as u64))
}

pub fn encode_opening(node: NodeId, number: u64, base: (LogIndex, Term), record: &Record) -> Vec<u8> {
    frame::encode(&Opening { node, number, base, record })
}

/// The frame of a record that will stand at `byte`.
pub fn encode_record(number: u64, byte: u64, record: &Record) -> Vec<u8> {
    frame::encode(&Written { number, byte, record })
}

/// Reads a segment.
pub async fn load(node: NodeId, number: u64) -> io::Result<Segment> {
    let file = name(number);
    Ok(decode(node, number, &fs::read(&file).await.map_err(fault::of_file(&file))?)?)
}

/// What a segment holds. Only a record at the end can be half there because the power was lost, and
/// nobody was told of it. The opening, and a bad record that others follow, was synced once; the
/// server must not start without it. The opening is one frame, whatever it holds: so its rot is told by name, also
/// where nothing follows it.
pub fn decode(node: NodeId, number: u64, content: &[u8]) -> Result<Segment, Fault> {
    let file = name(number);
    if let Some(found) = frame::other_version(content) {
        return Err(Fault::OtherVersion { file, found });
    }
    let Some((opening, length)) = frame::decode::<Opening<Record>>(content) else {
        return Err(damaged(file, 0, 0, "it was synced before the file had its name"));
    };
    if opening.node != node {
        return Err(Fault::OtherNode { file, owner: opening.node, node });
    }
    if opening.number != number {
        return Err(Fault::OtherSegment { file, found: opening.number });
    }
    let (mut records, mut end) = (vec![opening.record], length);
    while let Some((written, length)) = frame::decode::<Written<Record>>(&content[end..]) {
        if (written.number, written.byte) != (number, end as u64) {
            return Err(damaged(file, records.len(), end, "another record stands in its place"));
        }
        records.push(written.record);
        end += length;
    }
    if (end + 1..content.len()).any(|byte| is_record(number, content, byte)) {
        return Err(damaged(file, records.len(), end, "it was synced, since records follow it"));
    }
    Ok(Segment { number, base: opening.base, records, bytes: end as u64 })
}

/// Whether a whole record of this segment that belongs there stands at `byte`.
fn is_record(number: u64, content: &[u8], byte: usize) -> bool {
    let frame = frame::decode::<Written<Record>>(&content[byte..]);
    frame.is_some_and(|(written, _)| (written.number, written.byte) == (number, byte as u64))
}

const fn damaged(file: String, record: usize, byte: usize, how: &'static str) -> Fault {
    Fault::Damaged { file, record, byte, how }
}
