//! Word count: the paper's first example (section 2.1).

use crate::app::{App, EmitPair, Group, Record};
use crate::sums::Sum;
use crate::words::words;

/// How often each word occurs: lines `word count`.
#[derive(Clone, Copy, Debug)]
pub struct WordCount;

impl App for WordCount {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        words(record.line).for_each(|word| emit(word.as_bytes(), b"1"));
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        Sum::line(key)
    }

    fn combine(&self, _: &[u8]) -> Option<Box<dyn Group>> {
        Some(Sum::value())
    }
}
