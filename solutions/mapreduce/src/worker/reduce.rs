//! A reduce task: fetches its partition from whoever has it, sorts it, calls reduce for each key, and puts the output into the store.

use super::Inner;
use super::blocks::{BlockReader, Pair};
use super::merge::Merge;
use super::sorter::Sorter;
use super::upload::Upload;
use crate::messages::{Assignment, Fetch, Outcome, Piece, Trouble, WorkerId};
use lab_mapreduce::{Attempt, Task, Values};

impl Inner {
    pub(super) async fn reduce(&self, assignment: &Assignment, number: u32) -> Result<Outcome, Trouble> {
        let Assignment { job, skip, sources, .. } = assignment;
        let begun = self.apps.begin(job, Task::Reduce(number), skip);
        let mut attempt = begun.map_err(|error| Trouble::Hopeless(error.to_string()))?;
        let mut outcome = Outcome::default();
        let mut sorter = Sorter::new(&self.scratch);
        // In the order of map tasks: so are the values of a key, since sorting keeps their order.
        for (map, of) in (0..).zip(sources.iter()) {
            let fetch = Fetch { of, job: job.id, map, reduce: number, from: 0 };
            let bytes = self.fetch_partition(fetch, &mut sorter).await?;
            *self.counter(of, &mut outcome) += bytes;
        }
        let upload = Upload::begin(job.part(number));
        self.reduce_all(sorter.merged(None).await?, &mut attempt, upload).await?;
        attempt.finish();
        Ok(outcome)
    }

    fn counter<'a>(&self, of: WorkerId, outcome: &'a mut Outcome) -> &'a mut u64 {
        if of == self.id { &mut outcome.local_bytes } else { &mut outcome.shuffled_bytes }
    }

    /// Fetches what one map task has left for this one; how many bytes that is.
    async fn fetch_partition(&self, mut fetch: Fetch, sorter: &mut Sorter<'_>) -> Result<u64, Trouble> {
        let damaged = Trouble::Gone { map: fetch.map, from: fetch.of };
        let mut blocks = BlockReader::default();
        loop {
            let Piece { bytes, length } = self.outputs.fetch(&fetch).await?;
            let is_nothing = bytes.is_empty();
            fetch.from += bytes.len() as u64;
            blocks.feed(&bytes);
            drop(bytes); // before anything is spilled
            while blocks.advance().map_err(|_| damaged.clone())? {
                let Pair { key, value, .. } = blocks.peek();
                sorter.add(0, key, value);
                blocks.skip();
                if sorter.is_full() {
                    sorter.spill(None).await?;
                }
            }
            if fetch.from == length {
                return if blocks.is_empty() { Ok(length) } else { Err(damaged) };
            }
            if is_nothing {
                return Err(damaged);
            }
        }
    }

    async fn reduce_all(&self, mut merge: Merge, attempt: &mut Attempt, mut upload: Upload) -> Result<(), Trouble> {
        let mut key = Vec::new();
        // The key at hand, unless it is skipped.
        let mut values: Option<Values> = None;
        let mut is_first = true;
        while let Some(pair) = merge.peek() {
            if is_first || pair.key != key {
                is_first = false;
                if let Some(values) = values.take() {
                    values.end(&mut |bytes| upload.add(bytes))?;
                }
                key.clear();
                key.extend_from_slice(pair.key);
                values = attempt.reduce(&key).await?;
            }
            if let (Some(values), Some(pair)) = (&mut values, merge.peek()) {
                values.value(pair.value, &mut |bytes| upload.add(bytes))?;
            }
            merge.skip().await?;
            upload.send_full().await?;
        }
        if let Some(values) = values {
            values.end(&mut |bytes| upload.add(bytes))?;
        }
        upload.complete().await
    }
}
