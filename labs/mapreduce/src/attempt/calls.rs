//! One try of one task.

use super::Apps;
use super::failure::{AppFailure, caught};
use crate::contract::{Job, JobId};
use crate::observation::{DIED, DOOMED, Died, Ended, FINISHED, Finished, GIVEN_UP, UNCOMBINED, Uncombined};
use mapreduce_apps::{App, Call, Emit, Group, Record};
use std::collections::BTreeSet;
use std::fmt;
use windtunnel::node;

/// Takes the number of a reduce task, a key and a value.
pub type EmitTo<'a> = dyn FnMut(u32, &[u8], &[u8]) + 'a;

/// One try of one task. Dropped without [`finish`](Attempt::finish) it is given up.
pub struct Attempt {
    apps: Apps,
    app: Box<dyn App>,
    number: u64,
    job: JobId,
    reduces: u32,
    skip: BTreeSet<u64>,
    /// The number of the next record.
    next: u64,
    calls: u64,
    pairs: u64,
    finished: bool,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("number", &self.number).field("next", &self.next).finish_non_exhaustive()
    }
}

impl Attempt {
    pub(super) fn new(apps: Apps, app: Box<dyn App>, number: u64, job: &Job, skip: &[u64]) -> Self {
        let (job, reduces, skip) = (job.id, job.reduces, skip.iter().copied().collect());
        Attempt { apps, app, number, job, reduces, skip, next: 0, calls: 0, pairs: 0, finished: false }
    }

    /// For how many records, or keys, the application was called.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// How many pairs map has emitted.
    #[must_use]
    pub const fn pairs(&self) -> u64 {
        self.pairs
    }

    /// Calls map for the next record, unless it is to be skipped. `emit` takes the number of a reduce task, a key and a value.
    ///
    /// # Errors
    /// If the application fails; what it has emitted for the record is worth nothing then.
    pub async fn map(&mut self, record: &Record<'_>, emit: &mut EmitTo<'_>) -> Result<(), AppFailure> {
        let Some(number) = self.next_record(Call::Map(*record)).await else { return Ok(()) };
        let (pairs, mapped) = self.call_map(record, number, emit);
        self.pairs += pairs;
        mapped
    }

    /// Calls map once more for the record of the last [`map`](Attempt::map): for who had no room for all that it emits. It emits the same
    /// again, from the first pair on, and neither counts nor takes time again.
    ///
    /// # Errors
    /// If the application fails.
    pub fn map_again(&self, record: &Record<'_>, emit: &mut EmitTo<'_>) -> Result<(), AppFailure> {
        let (_, mapped) = self.call_map(record, self.next.saturating_sub(1), emit);
        mapped
    }

    /// How many pairs map emits for the record of that number, and whether it fails.
    fn call_map(&self, record: &Record<'_>, number: u64, emit: &mut EmitTo<'_>) -> (u64, Result<(), AppFailure>) {
        let (app, reduces) = (&*self.app, self.reduces);
        let (mut pairs, mut wrong) = (0, None);
        let mapped = caught(|| {
            app.map(record, &mut |key, value| match app.partition(key, reduces) {
                partition if partition < reduces => {
                    pairs += 1;
                    emit(partition, key, value);
                }
                named => wrong = Some(AppFailure::WrongPartition { named, reduces }),
            });
        });
        let mapped = mapped.map_err(|why| died(self.number, number, why));
        (pairs, mapped.and_then(|()| wrong.map_or(Ok(()), Err)))
    }

    /// Begins to combine values of a key; nothing if the application leaves them as they are, or has died of it on this worker before.
    ///
    /// # Errors
    /// If the application fails.
    pub fn combine(&self, key: &[u8]) -> Result<Option<Values>, AppFailure> {
        if self.apps.leaves_uncombined(self.job) {
            return Ok(None);
        }
        let of = Of::Combine(self.apps.clone(), self.job);
        match caught(|| self.app.combine(key)) {
            Ok(group) => Ok(group.map(|group| Values { group, attempt: self.number, of })),
            Err(why) => Err(of.failed(self.number, why)),
        }
    }

    /// Begins with the next key, unless it is to be skipped.
    ///
    /// # Errors
    /// If the application fails.
    pub async fn reduce(&mut self, key: &[u8]) -> Result<Option<Values>, AppFailure> {
        let Some(number) = self.next_record(Call::Reduce(key)).await else { return Ok(None) };
        let group = caught(|| self.app.reduce(key)).map_err(|why| died(self.number, number, why))?;
        Ok(Some(Values { group, attempt: self.number, of: Of::Record(number) }))
    }

    /// The result is where it belongs: the task is finished.
    pub fn finish(mut self) {
        self.finished = true;
        let Attempt { number: attempt, calls, pairs, .. } = self;
        let skipped = self.skip.iter().copied().filter(|record| *record < self.next).collect();
        node::observe(FINISHED, &Finished { attempt, calls, pairs, skipped });
    }

    /// The number of the record that a call is for, when it has taken its time; nothing if it is to be skipped.
    async fn next_record(&mut self, call: Call<'_>) -> Option<u64> {
        let number = self.next;
        self.next += 1;
        if self.skip.contains(&number) {
            return None;
        }
        self.calls += 1;
        if !self.apps.pay(&*self.app, call).await {
            // Whoever watches takes the process away.
            node::observe(DOOMED, &Ended { attempt: self.number });
            std::future::pending::<()>().await;
        }
        Some(number)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.finished {
            node::observe(GIVEN_UP, &Ended { attempt: self.number });
        }
    }
}

/// Takes the values of one key, to reduce or to combine them.
pub struct Values {
    group: Box<dyn Group>,
    attempt: u64,
    of: Of,
}

/// What values are given for.
enum Of {
    /// To reduce the key of that number.
    Record(u64),
    /// To combine values of that job.
    Combine(Apps, JobId),
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

impl Values {
    /// The next value.
    ///
    /// # Errors
    /// If the application fails.
    pub fn value(&mut self, value: &[u8], emit: &mut Emit<'_>) -> Result<(), AppFailure> {
        caught(|| self.group.value(value, emit)).map_err(|why| self.of.failed(self.attempt, why))
    }

    /// There are no more.
    ///
    /// # Errors
    /// If the application fails.
    pub fn end(self, emit: &mut Emit<'_>) -> Result<(), AppFailure> {
        let Values { group, attempt, of } = self;
        caught(|| group.end(emit)).map_err(|why| of.failed(attempt, why))
    }
}

impl Of {
    /// The application has died of it.
    fn failed(&self, attempt: u64, why: String) -> AppFailure {
        match self {
            Of::Record(record) => died(attempt, *record, why),
            Of::Combine(apps, job) => {
                apps.leave_uncombined(*job);
                node::observe(UNCOMBINED, &Uncombined { attempt, why: why.clone() });
                AppFailure::Combine(why)
            }
        }
    }
}

fn died(attempt: u64, record: u64, why: String) -> AppFailure {
    node::observe(DIED, &Died { attempt, record, why: why.clone() });
    AppFailure::Died { attempt, record, why }
}
