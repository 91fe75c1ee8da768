//! Word count that dies of some records (section 4.6).

use crate::app::{App, EmitPair, Group, Record};
use crate::grep::Grep;
use crate::word_count::WordCount;

/// Word count; a record that contains its parameters makes it panic, every time.
#[derive(Clone, Debug)]
pub struct Fragile {
    deadly: Vec<u8>,
}

impl Fragile {
    /// The parameters are what it dies of.
    ///
    /// # Errors
    /// If that is nothing.
    pub fn open(parameters: &[u8]) -> Result<Self, String> {
        Grep::open(parameters).map(|_| Fragile { deadly: parameters.to_vec() })
    }

    fn look(&self, bytes: &[u8]) {
        assert!(
            !bytes.windows(self.deadly.len()).any(|window| window == self.deadly),
            "this record is too much for me"
        );
    }
}

impl App for Fragile {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        self.look(record.line);
        WordCount.map(record, emit);
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        WordCount.reduce(key)
    }

    fn combine(&self, key: &[u8]) -> Option<Box<dyn Group>> {
        WordCount.combine(key)
    }
}
