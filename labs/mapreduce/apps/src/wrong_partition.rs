//! Word count that sends a word where no reduce task is.

use crate::app::{App, EmitPair, Group, Record};
use crate::partition::by_hash;
use crate::word_count::WordCount;

/// Word count; words of more than nine letters are for a reduce task that there is not.
#[derive(Clone, Copy, Debug)]
pub struct WrongPartition;

impl App for WrongPartition {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        WordCount.map(record, emit);
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        WordCount.reduce(key)
    }

    fn partition(&self, key: &[u8], reduces: u32) -> u32 {
        if key.len() > 9 { reduces } else { by_hash(key, reduces) }
    }
}
