//! The file that holds term, vote and log: records one after the other, each synced before the
//! next one is written.
//!
//! ```text
//! record = mark (4 bytes), length of body (4), checksum of body (8), body
//! body   = number of the record, counted from 0, and the Record, in postcard
//! ```
//!
//! Only the last record can be half written by a power loss: nobody was told of it, so it is cut
//! off. A bad record that others follow was synced once; the server must not start without it.

use crate::core::{Record, Recovered};
use std::io;
use windtunnel::{fold, fs};

const FILE: &str = "raft.journal";
const MARK: [u8; 4] = *b"RJ1\n";
const HEADER_BYTES: usize = 16;

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    file: fs::File,
    records: u64,
    bytes: u64,
}

impl Journal {
    /// Opens the journal, makes it on the first start, and says what it holds.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or something that was synced is damaged.
    pub async fn open() -> io::Result<(Journal, Recovered)> {
        let content = match fs::read(FILE).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let Reading { recovered, records, bytes } = read_records(&content)?;
        let file = fs::OpenOptions::new().read(true).write(true).create(true).open(FILE).await?;
        if bytes < content.len() as u64 {
            file.set_len(bytes).await?;
        }
        file.sync_all().await?;
        // The file's name must survive too, before the first record counts.
        fs::sync_dir(".").await?;
        Ok((Journal { file, records, bytes }, recovered))
    }

    /// Writes a record; when this returns it survives a power loss.
    ///
    /// # Errors
    ///
    /// What the disk answered. Then nobody knows what is on it: the server must stop.
    pub async fn append(&mut self, record: &Record) -> io::Result<()> {
        let bytes = encode(self.records, record);
        self.file.write_at(self.bytes, &bytes).await?;
        self.file.sync_all().await?;
        self.records += 1;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// How long the journal is.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

fn encode(number: u64, record: &Record) -> Vec<u8> {
    let body = postcard::to_stdvec(&(number, record)).expect("records are plain data");
    let length = u32::try_from(body.len()).expect("a record is smaller than 4 GiB");
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend_from_slice(&MARK);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&fold::of_bytes(&body).to_le_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// What a journal holds, up to the first byte that is no whole record.
#[derive(Debug, Default, PartialEq)]
struct Reading {
    recovered: Recovered,
    records: u64,
    bytes: u64,
}

fn read_records(content: &[u8]) -> io::Result<Reading> {
    let mut reading = Reading::default();
    let mut rest = content;
    while let Some((number, record, length)) = read_record(rest) {
        if number != reading.records {
            return Err(damaged(&reading, "another record stands in its place"));
        }
        reading.recovered.replay(&record);
        reading.records += 1;
        reading.bytes += length as u64;
        rest = &rest[length..];
    }
    let is_record = |at| read_record(&rest[at..]).is_some();
    if (1..rest.len()).any(is_record) {
        return Err(damaged(&reading, "it does not match its checksum, though records follow it"));
    }
    Ok(reading)
}

/// The record at the beginning of `content`, if a whole one is there, and its length in bytes.
fn read_record(content: &[u8]) -> Option<(u64, Record, usize)> {
    let rest = content.strip_prefix(&MARK)?;
    let (length, rest) = rest.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    let body = rest.get(..u32::from_le_bytes(*length) as usize)?;
    if fold::of_bytes(body) != u64::from_le_bytes(*checksum) {
        return None;
    }
    let (number, record) = postcard::from_bytes(body).ok()?;
    Some((number, record, HEADER_BYTES + body.len()))
}

fn damaged(reading: &Reading, how: &str) -> io::Error {
    let Reading { records, bytes, .. } = reading;
    let message = format!("{FILE}: record {records} at byte {bytes} is damaged: {how}; the disk lost what was synced");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Entry;
    use lab_raft::{LogIndex, Term};
    use windtunnel::NodeId;

    fn record(term: u64, previous: u64, commands: &[&[u8]]) -> Record {
        let entry = |command: &&[u8]| Entry { term: Term(term), command: command.to_vec() };
        Record {
            term: Term(term),
            voted_for: Some(NodeId(2)),
            previous: LogIndex(previous),
            entries: commands.iter().map(entry).collect(),
        }
    }

    fn journal() -> (Vec<u8>, Vec<usize>) {
        let records = [record(1, 0, &[b"a", b"b"]), record(2, 1, &[b"c"]), record(3, 2, &[])];
        let mut ends = Vec::new();
        let mut content = Vec::new();
        for (number, record) in (0..).zip(&records) {
            content.extend(encode(number, record));
            ends.push(content.len());
        }
        (content, ends)
    }

    #[test]
    fn records_are_replayed_in_order() {
        let (content, _) = journal();
        let reading = read_records(&content).unwrap();
        assert_eq!((reading.records, reading.bytes), (3, content.len() as u64));
        assert_eq!((reading.recovered.term, reading.recovered.voted_for), (Term(3), Some(NodeId(2))));
        let commands: Vec<&[u8]> =
            reading.recovered.log.from(LogIndex(1)).iter().map(|entry| &entry.command[..]).collect();
        assert_eq!(commands, [b"a", b"c"]);
    }

    #[test]
    fn a_torn_record_at_the_end_is_cut_wherever_it_was_torn() {
        let (content, ends) = journal();
        for length in ends[1]..content.len() {
            let reading = read_records(&content[..length]).unwrap();
            assert_eq!((reading.records, reading.bytes), (2, ends[1] as u64), "torn at {length}");
        }
        for torn in ends[1]..content.len() {
            let mut zeroed = content.clone();
            zeroed[torn..].fill(0);
            // The last bytes of a body may be zeros by nature; then nothing was torn.
            let records = if zeroed == content { 3 } else { 2 };
            assert_eq!(read_records(&zeroed).unwrap().records, records, "zeros from {torn}");
        }
    }

    #[test]
    fn a_bad_record_before_others_is_an_error_that_names_it() {
        let (content, ends) = journal();
        for flipped in ends[0]..ends[1] {
            let mut rotten = content.clone();
            rotten[flipped] ^= 1;
            let error = read_records(&rotten).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(error.to_string().contains(&format!("record 1 at byte {}", ends[0])), "{error}");
        }
    }

    #[test]
    fn a_record_that_is_missing_is_an_error() {
        let (mut content, ends) = journal();
        content.drain(ends[0]..ends[1]);
        assert!(read_records(&content).unwrap_err().to_string().contains("record 1"));
    }
}
