//! Sorts pairs by partition and key, with little memory: what does not fit goes to the disk as a sorted run.
//!
//! Pairs with the same partition and key stay in the order in which they came.

use super::blocks::BlockWriter;
use super::merge::Merge;
use super::runs::{Run, Runs};
use super::scratch::{FileNumber, Scratch};
use crate::messages::Trouble;
use lab_mapreduce::{AppFailure, Attempt};
use std::io;
use windtunnel::fs::File;

/// Pairs are written to the disk when they take so much memory.
const MOST: usize = 48 << 10;

/// Blocks are written when there are so many bytes of them.
const WRITE: usize = 16 << 10;

/// What an entry takes besides its bytes.
const ENTRY: usize = size_of::<Entry>();

/// Pairs in memory, and runs on the disk.
#[derive(Debug)]
pub struct Sorter<'a> {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    runs: Runs<'a>,
}

/// A pair in memory.
#[derive(Clone, Copy, Debug)]
struct Entry {
    partition: u32,
    key: u32,
    value: u32,
    end: u32,
}

impl<'a> Sorter<'a> {
    pub const fn new(scratch: &'a Scratch) -> Self {
        Sorter { bytes: Vec::new(), entries: Vec::new(), runs: Runs::new(scratch) }
    }

    /// Adds a pair.
    pub fn add(&mut self, partition: u32, key: &[u8], value: &[u8]) {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        let place = |bytes: usize| u32::try_from(bytes).expect("it is written long before");
        let (key, value, end) = (place(begin), place(begin + key.len()), place(self.bytes.len()));
        self.entries.push(Entry { partition, key, value, end });
    }

    /// Whether it is time to [`spill`](Sorter::spill).
    pub fn is_full(&self) -> bool {
        self.bytes.len() + self.entries.len() * ENTRY >= MOST
    }

    /// Writes what is in memory to the disk, combined if there is who combines.
    pub async fn spill(&mut self, combiner: Option<&Attempt>) -> Result<(), Trouble> {
        let mut writer = RunWriter::create(self.runs.file()).await?;
        self.sort();
        let mut rest = &self.entries[..];
        while let Some(first) = rest.first() {
            let same = |entry: &Entry| entry.partition == first.partition && self.key(entry) == self.key(first);
            let (group, behind) = rest.split_at(rest.partition_point(same));
            self.write_group(group, &mut writer, combiner)?;
            writer.write_full().await?;
            rest = behind;
        }
        self.runs.add(writer.end().await?);
        self.entries.clear();
        self.bytes.clear();
        if self.runs.are_many() {
            // The memory is for what merges now.
            (self.entries, self.bytes) = (Vec::new(), Vec::new());
            self.runs.merge_some(combiner).await?;
        }
        Ok(())
    }

    /// All pairs in order.
    pub async fn merged(mut self, combiner: Option<&Attempt>) -> Result<Merge, Trouble> {
        if !self.entries.is_empty() {
            self.spill(combiner).await?;
        }
        let Sorter { runs, bytes, entries } = self;
        drop((bytes, entries));
        runs.merged(combiner).await
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        let key = |entry: &Entry| &bytes[entry.key as usize..entry.value as usize];
        // Bytes come in the order of pairs, so this is a stable order.
        self.entries.sort_unstable_by(|one, other| {
            (one.partition, key(one), one.key, one.end).cmp(&(other.partition, key(other), other.key, other.end))
        });
    }

    fn key(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.key as usize..entry.value as usize]
    }

    fn value(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.value as usize..entry.end as usize]
    }

    /// The values of one key, combined if that is worth while.
    fn write_group(
        &self,
        group: &[Entry],
        writer: &mut RunWriter,
        combiner: Option<&Attempt>,
    ) -> Result<(), AppFailure> {
        let Some(first) = group.first() else { return Ok(()) };
        let (partition, key) = (first.partition, self.key(first));
        let combined = match combiner {
            Some(attempt) if group.len() > 1 => attempt.combine(key)?,
            _ => None,
        };
        let Some(mut values) = combined else {
            group.iter().for_each(|entry| writer.blocks.add(partition, key, self.value(entry)));
            return Ok(());
        };
        let mut emit = |value: &[u8]| writer.blocks.add(partition, key, value);
        group.iter().try_for_each(|entry| values.value(self.value(entry), &mut emit))?;
        values.end(&mut emit)
    }
}

/// Writes a run.
#[derive(Debug)]
pub struct RunWriter {
    number: FileNumber,
    pub file: File,
    at: u64,
    pub blocks: BlockWriter,
}

impl RunWriter {
    pub async fn create(number: FileNumber) -> io::Result<Self> {
        Self::create_behind(0, number).await
    }

    /// One with so much room before its first block.
    pub async fn create_behind(at: u64, number: FileNumber) -> io::Result<Self> {
        let file = File::create(&number.name()).await?;
        Ok(RunWriter { number, file, at, blocks: BlockWriter::default() })
    }

    /// Writes what is ready, if that is much.
    pub async fn write_full(&mut self) -> io::Result<()> {
        if self.blocks.ready() >= WRITE { self.write().await } else { Ok(()) }
    }

    /// Where the next byte comes, when all blocks are closed.
    pub fn place(&mut self) -> u64 {
        self.blocks.close();
        self.at + self.blocks.ready() as u64
    }

    async fn write(&mut self) -> io::Result<()> {
        let bytes = self.blocks.take();
        self.file.write_at(self.at, &bytes).await?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// The whole run.
    pub async fn end(mut self) -> io::Result<Run> {
        self.blocks.close();
        self.write().await?;
        Ok(Run { file: self.number, length: self.at })
    }
}
