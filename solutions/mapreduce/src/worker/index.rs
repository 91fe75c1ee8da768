//! Where the partitions of a map task's output are in its file.
//!
//! ```text
//! file    index, partitions
//! index   for each reduce task: first byte, end, checksum of both (8 bytes each)
//! ```
//!
//! How long it is stands fast before the first pair is written, so it comes first. Whoever writes an output holds a few entries of it, and
//! whoever fetches a partition reads one: nothing of it stays in memory, however many tasks there are.

use std::io;
use std::ops::Range;
use windtunnel::fold;
use windtunnel::fs::File;

/// How long an entry is.
pub const ENTRY: usize = 24;

/// Entries are written when there are so many bytes of them.
const WRITE: usize = 4 << 10;

/// Where the entry of a reduce task is; behind the last one the partitions begin.
pub fn place(reduce: u32) -> u64 {
    u64::from(reduce) * ENTRY as u64
}

/// What an entry says, unless it is damaged or none.
pub fn read(entry: &[u8]) -> Option<Range<u64>> {
    let (places, checksum) = entry.split_at_checked(ENTRY - 8)?;
    let ([begin, end], []) = places.as_chunks::<8>() else { return None };
    let is_whole = fold::of_bytes(places).to_le_bytes() == checksum;
    is_whole.then_some(u64::from_le_bytes(*begin)..u64::from_le_bytes(*end))
}

fn entry(range: &Range<u64>) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    entry[..8].copy_from_slice(&range.start.to_le_bytes());
    entry[8..16].copy_from_slice(&range.end.to_le_bytes());
    let checksum = fold::of_bytes(&entry[..16]);
    entry[16..].copy_from_slice(&checksum.to_le_bytes());
    entry
}

/// Writes an index, while the partitions are written behind it.
#[derive(Debug)]
pub struct IndexWriter {
    /// The partition that is being written, and where it begins.
    partition: u32,
    begin: u64,
    /// Entries that are not written yet.
    bytes: Vec<u8>,
}

impl IndexWriter {
    pub fn new(reduces: u32) -> Self {
        IndexWriter { partition: 0, begin: place(reduces), bytes: Vec::new() }
    }

    /// The partition that is being written.
    pub const fn partition(&self) -> u32 {
        self.partition
    }

    /// It has its last byte before that place, and the next one begins there.
    pub async fn end_partition(&mut self, end: u64, file: &File) -> io::Result<()> {
        self.bytes.extend_from_slice(&entry(&(self.begin..end)));
        self.begin = end;
        self.partition += 1;
        if self.bytes.len() >= WRITE { self.write(file).await } else { Ok(()) }
    }

    /// Writes what is not written yet.
    pub async fn write(&mut self, file: &File) -> io::Result<()> {
        let at = place(self.partition) - self.bytes.len() as u64;
        file.write_at(at, &self.bytes).await?;
        self.bytes.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_a_bit_that_is_another_one_is_noticed() {
        let range = 4_800..70_000;
        let written = entry(&range);
        assert_eq!(read(&written), Some(range));
        for bit in 0..ENTRY * 8 {
            let mut damaged = written;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&damaged), None, "bit {bit}");
        }
        assert_eq!((read(&[0; ENTRY]), read(&written[1..])), (None, None), "none was written");
    }
}
