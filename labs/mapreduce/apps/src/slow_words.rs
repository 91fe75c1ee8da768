//! Word count of which a few words take long (MIT's `early_exit`).

use crate::app::{App, Call, Cost, EmitPair, Group, Record};
use crate::word_count::WordCount;
use std::time::Duration;

/// Word count; whatever contains `sherlock` or `tom` takes 3 s to reduce.
#[derive(Clone, Copy, Debug)]
pub struct SlowWords;

const LONG: Duration = Duration::from_secs(3);

impl App for SlowWords {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        WordCount.map(record, emit);
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        WordCount.reduce(key)
    }

    fn cost(&self, call: Call<'_>, _: u64) -> Cost {
        let slow = |key: &[u8], part: &[u8]| key.windows(part.len()).any(|window| window == part);
        match call {
            Call::Reduce(key) if slow(key, b"sherlock") || slow(key, b"tom") => Cost::Time(LONG),
            _ => Cost::Nothing,
        }
    }
}
