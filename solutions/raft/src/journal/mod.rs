//! What survives a power loss: a snapshot, and a segment with term, vote and the log after it.
//!
//! ```text
//! raft.snapshot     one frame: the snapshot, and how far the segment was synced when it was taken
//! raft.journal.7    frames: an opening with the whole state, then one record for each sync
//! ```
//!
//! A record is written and synced before the next one is, so only the last can be half there, and
//! nobody was told of it: it is left out. With each snapshot a new segment begins, and the one before
//! it goes:
//!
//! 1. the snapshot is replaced: written aside, synced, renamed, the directory synced;
//! 2. the new segment with its opening likewise;
//! 3. the old segment is removed.
//!
//! Whatever moment the power is lost at, there is a segment with a whole opening, and the snapshot
//! that it needs. A start goes through the same three steps with what it found. So nothing counts as safe
//! because it could be read: it may have been in the cache only, after a sync that failed while
//! nobody was there to be told.
//!
//! What a segment lost at its end is missed only if the snapshot says how far it was synced; else it cannot be told from
//! a record that nobody was promised. (A disk that loses what it has synced, and rots no bit, is past what is kept here.)
//!
//! `frame` is the framing, `segment` and `snapshot` the two files, `fault` what can be wrong with them.

#[cfg(test)]
mod crash_tests;
mod fault;
mod frame;
mod segment;
mod snapshot;
#[cfg(test)]
mod stop_tests;
#[cfg(test)]
mod tests;

use crate::core::log::Log;
use crate::core::{Record, Recovered, Snapshot, Unsaved};
use fault::Fault;
use lab_raft::{LogIndex, Term};
use segment::Segment;
use snapshot::Kept;
use std::io;
use windtunnel::{NodeId, fs};

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    node: NodeId,
    /// The number of the segment.
    number: u64,
    file: fs::File,
    /// All of the segment, and all of it synced.
    bytes: u64,
    snapshot_bytes: u64,
}

impl Journal {
    /// Opens the journal, makes it on the first start, and says what it holds.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written, or something that was synced is damaged or missing.
    pub async fn open(node: NodeId) -> io::Result<(Journal, Recovered)> {
        let Found { recovered, newest, leftovers } = find(node).await?;
        if let Some(snapshot) = &recovered.snapshot {
            // Of the segment that was found it is not known how much is synced.
            snapshot::write(node, snapshot, newest, 0).await?;
        }
        let record = Record {
            term: recovered.term,
            voted_for: recovered.voted_for,
            previous: recovered.log.base(),
            entries: recovered.log.from(recovered.log.base().next()).to_vec(),
        };
        let base = (recovered.log.base(), recovered.log.base_term());
        let snapshot_bytes = recovered.snapshot.as_ref().map_or(0, |snapshot| snapshot.data.len() as u64);
        let (file, bytes) = segment::begin(node, newest + 1, base, &record).await?;
        for name in leftovers {
            fs::remove_file(&name).await.map_err(fault::of_file(&name))?;
        }
        Ok((Journal { node, number: newest + 1, file, bytes, snapshot_bytes }, recovered))
    }

    /// Writes what changed; when this returns it survives a power loss.
    ///
    /// # Errors
    ///
    /// What the disk answered, and where. Then nobody knows what is on it: the server must stop.
    pub async fn save(&mut self, unsaved: &Unsaved) -> io::Result<()> {
        match &unsaved.snapshot {
            Some(snapshot) => self.turn_over(snapshot, &unsaved.record).await,
            None => self.append(&unsaved.record).await.map_err(|error| fault::cannot_be_written(&self.place())(error)),
        }
    }

    async fn append(&mut self, record: &Record) -> io::Result<()> {
        let bytes = segment::encode_record(self.number, self.bytes, record);
        self.file.write_through(self.bytes, &bytes).await?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    async fn turn_over(&mut self, snapshot: &Snapshot, record: &Record) -> io::Result<()> {
        snapshot::write(self.node, snapshot, self.number, self.bytes).await?;
        let old = segment::name(self.number);
        let base = (snapshot.index, snapshot.term);
        self.number += 1;
        (self.file, self.bytes) = segment::begin(self.node, self.number, base, record).await?;
        self.snapshot_bytes = snapshot.data.len() as u64;
        fs::remove_file(&old).await.map_err(fault::of_file(&old))
    }

    /// The size of term, vote and log.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The size of the snapshot.
    pub const fn snapshot_bytes(&self) -> u64 {
        self.snapshot_bytes
    }

    /// Where the next record goes, for people.
    fn place(&self) -> String {
        format!("{} at byte {}", segment::name(self.number), self.bytes)
    }
}

/// What the disk holds.
struct Found {
    recovered: Recovered,
    /// The number of the newest segment; 0 if there is none.
    newest: u64,
    /// What is to go.
    leftovers: Vec<String>,
}

async fn find(node: NodeId) -> io::Result<Found> {
    let names = fs::read_dir(".").await.map_err(fault::of_file("the directory"))?;
    let (mut newest, mut leftovers) = (0, Vec::new());
    for name in names {
        if let Some(number) = segment::number_of(&name)? {
            newest = newest.max(number);
            leftovers.push(name);
        }
    }
    let kept = snapshot::read(node).await?;
    let segment = if newest > 0 { Some(segment::load(node, newest).await?) } else { None };
    Ok(Found { recovered: recover(segment, kept)?, newest, leftovers })
}

/// Term, vote and log, and what they say together.
fn recover(segment: Option<Segment>, kept: Option<Kept>) -> Result<Recovered, Fault> {
    let Some(segment) = segment else {
        // The first start; but no snapshot comes before the first segment.
        return if kept.is_some() { Err(Fault::NoSegment) } else { Ok(Recovered::default()) };
    };
    if let Some(Kept { segment: number, synced, .. }) = kept.as_ref().filter(|kept| kept.segment >= segment.number) {
        let whole = if *number == segment.number { segment.bytes } else { 0 };
        if whole < *synced {
            return Err(Fault::CutShort { file: segment::name(*number), synced: *synced, whole });
        }
    }
    let (base, base_term): (LogIndex, Term) = segment.base;
    let known = kept.as_ref().map_or(LogIndex::ZERO, |kept| kept.snapshot.index);
    if known < base {
        return Err(Fault::OldSnapshot { file: segment::name(segment.number), needs: base, known });
    }
    let mut recovered = Recovered { log: Log::behind(base, base_term), ..Recovered::default() };
    segment.records.iter().for_each(|record| recovered.replay(record));
    if let Some(kept) = kept {
        recovered.stand_on(kept.snapshot);
    }
    Ok(recovered)
}
