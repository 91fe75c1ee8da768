//! Word count that dies of some records (section 4.6).

use crate::app::{App, Emit, EmitPair, Group, Record};
use crate::grep::Grep;
use crate::word_count::WordCount;

/// Word count; what contains its parameters makes it panic, every time.
#[derive(Clone, Debug)]
pub struct Fragile {
    deadly: Vec<u8>,
    weak: Weak,
}

/// Which of its functions panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// Map, of a record that contains them.
    Map,
    /// Reduce, of a key that contains them, when it has emitted its line.
    Reduce,
    /// Combine, likewise.
    Combine,
}

impl Fragile {
    /// The parameters are what it dies of.
    ///
    /// # Errors
    /// If that is nothing.
    pub fn open(parameters: &[u8], weak: Weak) -> Result<Self, String> {
        Grep::open(parameters).map(|_| Fragile { deadly: parameters.to_vec(), weak })
    }

    fn is_deadly(&self, bytes: &[u8], to: Weak) -> bool {
        self.weak == to && bytes.windows(self.deadly.len()).any(|window| window == self.deadly)
    }

    fn group(&self, group: Box<dyn Group>, key: &[u8], of: Weak) -> Box<dyn Group> {
        if self.is_deadly(key, of) { Box::new(Dying(group)) } else { group }
    }
}

impl App for Fragile {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        assert!(!self.is_deadly(record.line, Weak::Map), "this record is too much for me");
        WordCount.map(record, emit);
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        self.group(WordCount.reduce(key), key, Weak::Reduce)
    }

    fn combine(&self, key: &[u8]) -> Option<Box<dyn Group>> {
        WordCount.combine(key).map(|group| self.group(group, key, Weak::Combine))
    }
}

/// Does all that it is to do, and dies.
struct Dying(Box<dyn Group>);

impl Group for Dying {
    fn value(&mut self, value: &[u8], emit: &mut Emit<'_>) {
        self.0.value(value, emit);
    }

    fn end(self: Box<Self>, emit: &mut Emit<'_>) {
        self.0.end(emit);
        panic!("this key is too much for me");
    }
}
