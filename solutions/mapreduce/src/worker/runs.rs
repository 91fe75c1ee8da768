//! The sorted runs of a task: few at any time, however much it sorts.
//!
//! As soon as the last runs are of one generation and as many as are merged at a time, they become one of the next. So of each generation
//! there are fewer than that, each is some times as long as those before it, and each pair is written once a generation: the number of
//! runs grows as the logarithm of what is sorted.

use super::blocks::Pair;
use super::combiner::Combiner;
use super::merge::Merge;
use super::scratch::{FileNumber, Scratch};
use super::sorter::RunWriter;
use crate::messages::Trouble;
use lab_mapreduce::Attempt;

/// So many runs are merged at a time. Each takes a block or two of memory.
const AT_ONCE: usize = 10;

/// So many at the last: what becomes of the pairs then takes memory as well.
const AT_LAST: usize = 8;

/// A sorted run on the disk.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub file: FileNumber,
    pub length: u64,
}

/// The runs of a task, in the order of what is in them.
#[derive(Debug)]
pub struct Runs<'a> {
    scratch: &'a Scratch,
    /// With their generations, the oldest first.
    runs: Vec<(u32, Run)>,
}

impl<'a> Runs<'a> {
    pub const fn new(scratch: &'a Scratch) -> Self {
        Runs { scratch, runs: Vec::new() }
    }

    /// A file for a run.
    pub fn file(&self) -> FileNumber {
        self.scratch.file()
    }

    /// The next run, of pairs that came behind those of all others.
    pub fn add(&mut self, run: Run) {
        self.runs.push((0, run));
    }

    /// Whether it is time to [`merge_some`](Runs::merge_some).
    pub fn are_many(&self) -> bool {
        let Some(last) = self.runs.last_chunk::<AT_ONCE>() else { return false };
        last[0].0 == last[AT_ONCE - 1].0
    }

    /// Merges as long as there are many, combined if there is who combines.
    pub async fn merge_some(&mut self, attempt: Option<&Attempt>) -> Result<(), Trouble> {
        while self.are_many() {
            self.merge_last(AT_ONCE, attempt).await?;
        }
        Ok(())
    }

    /// All runs as one; of pairs with the same partition and key, those of earlier runs come first.
    /// What has to be written for that is combined, if there is who combines.
    pub async fn merged(mut self, attempt: Option<&Attempt>) -> Result<Merge, Trouble> {
        while self.runs.len() > AT_LAST {
            // The last are the shortest, and no more than is needed.
            self.merge_last(AT_ONCE.min(self.runs.len() - AT_LAST + 1), attempt).await?;
        }
        Merge::open(self.runs.into_iter().map(|(_, run)| run)).await
    }

    /// Makes one run of the last so many. Neighbours become one, so that all stay in their order.
    async fn merge_last(&mut self, count: usize, attempt: Option<&Attempt>) -> Result<(), Trouble> {
        let last = self.runs.split_off(self.runs.len().saturating_sub(count));
        let generation = last.first().map_or(0, |(generation, _)| generation + 1);
        let mut merge = Merge::open(last.iter().map(|(_, run)| *run)).await?;
        let mut writer = RunWriter::create(self.file()).await?;
        let mut combiner = Combiner::new(attempt);
        while let Some(Pair { partition, key, value }) = merge.peek() {
            combiner.add(partition, key, value, &mut writer)?;
            merge.skip().await?;
            writer.write_full().await?;
        }
        combiner.end(&mut writer)?;
        self.runs.push((generation, writer.end().await?));
        drop(merge);
        self.scratch.remove(last.into_iter().map(|(_, run)| run.file).collect()).await;
        Ok(())
    }
}
