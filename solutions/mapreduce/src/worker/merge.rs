//! Merges sorted runs.

use super::blocks::{BLOCK, BlockReader, Damaged, Pair};
use super::runs::Run;
use crate::messages::Trouble;
use windtunnel::fs::File;

/// A run is read in pieces of so many bytes.
const READ: usize = BLOCK + 512;

/// Sorted runs, as one.
#[derive(Debug)]
pub struct Merge {
    runs: Vec<RunReader>,
    /// Those that are not at their end: the one whose pair comes first is the last here.
    order: Vec<usize>,
}

impl Merge {
    /// Merges runs; of pairs with the same partition and key, those of earlier runs come first.
    pub async fn open(runs: impl ExactSizeIterator<Item = Run>) -> Result<Self, Trouble> {
        let mut merge = Merge { runs: Vec::with_capacity(runs.len()), order: Vec::with_capacity(runs.len()) };
        for run in runs {
            merge.runs.push(RunReader::open(run).await?);
            merge.go_on(merge.runs.len() - 1).await?;
        }
        Ok(merge)
    }

    /// The first of all pairs that are left.
    pub fn peek(&self) -> Option<Pair<'_>> {
        self.order.last().map(|run| self.runs[*run].blocks.peek())
    }

    /// Goes on behind the first pair.
    pub async fn skip(&mut self) -> Result<(), Trouble> {
        if let Some(run) = self.order.pop() {
            self.runs[run].blocks.skip();
            self.go_on(run).await?;
        }
        Ok(())
    }

    /// Puts a run in its place by its next pair, if it has one; of equal pairs those of earlier runs come first.
    async fn go_on(&mut self, run: usize) -> Result<(), Trouble> {
        if self.runs[run].advance().await? {
            let key = |run: usize| {
                let Pair { partition, key, .. } = self.runs[run].blocks.peek();
                (partition, key, run)
            };
            let own = key(run);
            let place = self.order.partition_point(|other| key(*other) > own);
            self.order.insert(place, run);
        }
        Ok(())
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
        let file = File::open(&run.file.name()).await?;
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
