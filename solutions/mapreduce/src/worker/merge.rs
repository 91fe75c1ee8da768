//! Merges sorted runs, a few at a time.

use super::blocks::{BLOCK, BlockReader, Damaged, Pair};
use super::combiner::Combiner;
use super::scratch::Scratch;
use super::sorter::RunWriter;
use crate::messages::Trouble;
use lab_mapreduce::Attempt;
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
pub struct Merge {
    runs: Vec<RunReader>,
    /// Those that are not at their end: the one whose pair comes first is the last here.
    order: Vec<usize>,
}

impl Merge {
    /// Merges runs; of pairs with the same partition and key, those of earlier runs come first.
    /// What has to be written in between is combined, if there is who combines.
    pub async fn of(mut runs: Vec<Run>, scratch: &Scratch, attempt: Option<&Attempt>) -> Result<Self, Trouble> {
        while runs.len() > AT_ONCE {
            // Neighbours become one, so that all stay in their order, and each pair is written but once a round.
            let mut merged = Vec::with_capacity(runs.len().div_ceil(AT_ONCE));
            let mut rest = runs.into_iter();
            while let Some(first) = rest.next() {
                let some = [first].into_iter().chain(rest.by_ref().take(AT_ONCE - 1)).collect();
                merged.push(Merge::one_of(some, scratch, attempt).await?);
            }
            runs = merged;
        }
        Merge::open(runs).await
    }

    /// Makes one run of some.
    async fn one_of(runs: Vec<Run>, scratch: &Scratch, attempt: Option<&Attempt>) -> Result<Run, Trouble> {
        let names = runs.iter().map(|run| run.name.clone()).collect();
        let mut merge = Merge::open(runs).await?;
        let name = scratch.name();
        let (mut writer, mut combiner) = (RunWriter::create(&name).await?, Combiner::new(attempt));
        while let Some(Pair { partition, key, value }) = merge.peek() {
            combiner.add(partition, key, value, &mut writer)?;
            merge.skip().await?;
            writer.write_full().await?;
        }
        combiner.end(&mut writer)?;
        let run = writer.end(name).await?;
        drop(merge);
        scratch.remove(names).await;
        Ok(run)
    }

    async fn open(runs: Vec<Run>) -> Result<Self, Trouble> {
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
