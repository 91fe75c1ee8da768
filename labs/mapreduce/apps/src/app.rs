//! What a user of MapReduce writes: [`App`].

use crate::partition::by_hash;
use std::time::Duration;

/// Takes a key and a value.
pub type EmitPair<'a> = dyn FnMut(&[u8], &[u8]) + 'a;

/// Takes some bytes.
pub type Emit<'a> = dyn FnMut(&[u8]) + 'a;

/// A line of the input, without the newline at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The object that it is part of.
    pub object: &'a str,
    /// Where in the object it begins.
    pub at: u64,
    /// The line. It need not be UTF-8.
    pub line: &'a [u8],
}

/// An application. Its functions are pure: the same call gives the same answer, on any worker, however often.
///
/// A function that panics has died; the worker lives on.
pub trait App {
    /// Emits any number of keys with values for a record. (The 2004 paper, section 2.1)
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>);

    /// Begins with a key, whose values come one after the other: those of the first map task first, of each task in the order in which
    /// they were emitted. What it emits is appended to the output as it is.
    fn reduce(&self, key: &[u8]) -> Box<dyn Group>;

    /// Begins to partly merge values of one map task; what it emits are values of the same key, in place of those. Nothing if this key
    /// is better left alone. May be called for any values of a task that follow each other, more than once, or never. If it dies, values
    /// are left as they are. (Section 4.3)
    fn combine(&self, key: &[u8]) -> Option<Box<dyn Group>> {
        let _ = key;
        None
    }

    /// Which of so many reduce tasks has a key: a number below `reduces`. (Section 4.1)
    fn partition(&self, key: &[u8], reduces: u32) -> u32 {
        by_hash(key, reduces)
    }

    /// What a call takes besides, for the applications of tests. `chance` is drawn anew for each call.
    fn cost(&self, call: Call<'_>, chance: u64) -> Cost {
        let _ = (call, chance);
        Cost::Nothing
    }
}

/// Takes the values of one key.
pub trait Group {
    /// The next value.
    fn value(&mut self, value: &[u8], emit: &mut Emit<'_>);

    /// There are no more.
    fn end(self: Box<Self>, emit: &mut Emit<'_>);
}

/// A call whose cost is asked.
#[derive(Clone, Copy, Debug)]
pub enum Call<'a> {
    /// Of [`App::map`].
    Map(Record<'a>),
    /// Of [`App::reduce`], for that key.
    Reduce(&'a [u8]),
}

/// What a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// No time.
    Nothing,
    /// The worker's processor for so long.
    Time(Duration),
    /// The worker's process.
    Death,
}
