//! A map task: reads its split, calls map for each record, and leaves a sorted partition for each reduce task.

use super::Inner;
use super::blocks::Pair;
use super::combiner::Combiner;
use super::index::{self, IndexWriter};
use super::scratch::FileNumber;
use super::sorter::{RunWriter, Sorter};
use crate::messages::{Assignment, Outcome, Trouble};
use crate::store;
use lab_mapreduce::store::{Bytes, Get};
use lab_mapreduce::{Attempt, Lines, Record, Split, Task};

/// The split is read in pieces of so many bytes.
const READ: u64 = 16 << 10;

impl Inner {
    pub(super) async fn map(&self, assignment: &Assignment, number: u32) -> Result<Outcome, Trouble> {
        let Assignment { job, skip, .. } = assignment;
        let split = job.splits.first().ok_or_else(|| Trouble::Hopeless("it has no split".to_owned()))?;
        let begun = self.apps.begin(job, Task::Map(number), skip);
        let mut attempt = begun.map_err(|error| Trouble::Hopeless(error.to_string()))?;
        let mut sorter = Sorter::new(&self.scratch);
        self.map_split(split, &mut attempt, &mut sorter).await?;
        let file = self.write_output(sorter, &attempt, job.reduces).await?;
        self.outputs.add(job.id, number, file).await?;
        self.scratch.forget(file);
        let outcome = Outcome { records: attempt.calls(), pairs: attempt.pairs(), ..Outcome::default() };
        attempt.finish();
        Ok(outcome)
    }

    async fn map_split(&self, split: &Split, attempt: &mut Attempt, sorter: &mut Sorter<'_>) -> Result<(), Trouble> {
        let (mut at, end) = (split.from, split.from + split.length);
        let mut lines = Lines::new(at);
        while at < end {
            let get = Get { name: split.object.clone(), from: at, length: READ.min(end - at) };
            let Bytes(piece) = store::ask(get).await.map_err(|error| hopeless(split, &error.to_string()))?;
            if piece.is_empty() {
                return Err(hopeless(split, "it ends before its split does"));
            }
            at += piece.len() as u64;
            lines.feed(&piece);
            if at == end {
                lines.end();
            }
            while let Some((place, line)) = lines.next() {
                let record = Record { object: &split.object, at: place, line };
                map_record(&record, attempt, sorter).await?;
            }
        }
        Ok(())
    }

    /// One file with all partitions, one after the other, and where each of them is.
    async fn write_output(&self, sorter: Sorter<'_>, attempt: &Attempt, reduces: u32) -> Result<FileNumber, Trouble> {
        let mut merge = sorter.merged(Some(attempt)).await?;
        let mut writer = RunWriter::create_behind(index::place(reduces), self.scratch.file()).await?;
        let mut index = IndexWriter::new(reduces);
        let mut combiner = Combiner::new(Some(attempt));
        while let Some(Pair { partition, key, value }) = merge.peek() {
            while index.partition() < partition {
                combiner.end(&mut writer)?;
                index.end_partition(writer.place(), &writer.file).await?;
            }
            combiner.add(partition, key, value, &mut writer)?;
            merge.skip().await?;
            writer.write_full().await?;
        }
        combiner.end(&mut writer)?;
        while index.partition() < reduces {
            index.end_partition(writer.place(), &writer.file).await?;
        }
        index.write(&writer.file).await?;
        Ok(writer.end().await?.file)
    }
}

/// Calls map for a record: once, or if it emits more than there is room for as often as it takes. Each call emits the same, and each takes
/// what comes behind what the one before it took. A record that kills has killed the attempt by its first call, and all of this is for nothing.
async fn map_record(record: &Record<'_>, attempt: &mut Attempt, sorter: &mut Sorter<'_>) -> Result<(), Trouble> {
    let mut room = Room { taken: 0, emitted: 0 };
    attempt.map(record, &mut |partition, key, value| room.take(sorter, partition, key, value)).await?;
    loop {
        if sorter.is_full() {
            sorter.spill(Some(attempt)).await?;
        }
        if room.taken >= room.emitted {
            return Ok(());
        }
        room.emitted = 0;
        attempt.map_again(record, &mut |partition, key, value| room.take(sorter, partition, key, value))?;
    }
}

/// How many pairs of a record were taken, and how many the call at hand has emitted.
struct Room {
    taken: u64,
    emitted: u64,
}

impl Room {
    /// Takes a pair if it is the next one and there is room.
    fn take(&mut self, sorter: &mut Sorter<'_>, partition: u32, key: &[u8], value: &[u8]) {
        if self.emitted == self.taken && !sorter.is_full() {
            sorter.add(partition, key, value);
            self.taken += 1;
        }
        self.emitted += 1;
    }
}

fn hopeless(split: &Split, why: &str) -> Trouble {
    Trouble::Hopeless(format!("input {:?}: {why}", split.object))
}
