//! Merges sorted runs, a few at a time.

use super::blocks::{BLOCK, BlockReader, Damaged, Pair};
use super::scratch::Scratch;
use super::sorter::RunWriter;
use crate::messages::Trouble;
use windtunnel::fs::File;

/// So many runs are merged at a time. Each takes a block or two of memory.
const AT_ONCE: usize = 12;

/// A run is read in pieces of so many bytes.
const READ: usize = BLOCK + 512;

/// A sorted run on the disk.
#[derive(Debug)]
pub struct Run {
    pub name: String,
    pub length: u64,
}

/// Sorted runs, as one.
#[derive(Debug)]
pub struct Merge(Vec<RunReader>);

impl Merge {
    /// Merges runs; of pairs with the same partition and key, those of earlier runs come first.
    pub async fn of(mut runs: Vec<Run>, scratch: &Scratch) -> Result<Self, Trouble> {
        while runs.len() > AT_ONCE {
            let first: Vec<Run> = runs.drain(..AT_ONCE).collect();
            let mut merge = Merge::open(first).await?;
            let name = scratch.name();
            let mut writer = RunWriter::create(&name).await?;
            while let Some(Pair { partition, key, value }) = merge.peek() {
                writer.blocks.add(partition, key, value);
                merge.skip().await?;
                writer.write_full().await?;
            }
            runs.insert(0, writer.end(name).await?);
        }
        Merge::open(runs).await
    }

    async fn open(runs: Vec<Run>) -> Result<Self, Trouble> {
        let mut readers = Vec::with_capacity(runs.len());
        for run in runs {
            let mut reader = RunReader::open(run).await?;
            if reader.advance().await? {
                readers.push(reader);
            }
        }
        Ok(Merge(readers))
    }

    /// The first of all pairs that are left.
    pub fn peek(&self) -> Option<Pair<'_>> {
        self.first().map(|place| self.0[place].blocks.peek())
    }

    /// Goes on behind the first pair.
    pub async fn skip(&mut self) -> Result<(), Trouble> {
        if let Some(place) = self.first() {
            self.0[place].blocks.skip();
            if !self.0[place].advance().await? {
                self.0.remove(place);
            }
        }
        Ok(())
    }

    fn first(&self) -> Option<usize> {
        let order = |place: &usize| {
            let Pair { partition, key, .. } = self.0[*place].blocks.peek();
            (partition, key)
        };
        (0..self.0.len()).min_by_key(order)
    }
}

/// Reads a run.
#[derive(Debug)]
struct RunReader {
    file: File,
    at: u64,
    length: u64,
    blocks: BlockReader,
}

impl RunReader {
    async fn open(run: Run) -> Result<Self, Trouble> {
        let file = File::open(&run.name).await?;
        Ok(RunReader { file, at: 0, length: run.length, blocks: BlockReader::default() })
    }

    /// Makes the next pair be there, if there is one.
    async fn advance(&mut self) -> Result<bool, Trouble> {
        loop {
            if self.blocks.advance()? {
                return Ok(true);
            }
            if self.at >= self.length {
                return if self.blocks.is_empty() { Ok(false) } else { Err(Damaged.into()) };
            }
            let bytes = self.file.read_at(self.at, READ).await?;
            if bytes.is_empty() {
                return Err(Damaged.into());
            }
            self.at += bytes.len() as u64;
            self.blocks.feed(&bytes);
        }
    }
}

impl From<Damaged> for Trouble {
    fn from(_: Damaged) -> Self {
        Trouble::Disk("what was written is not what is read".to_owned())
    }
}
