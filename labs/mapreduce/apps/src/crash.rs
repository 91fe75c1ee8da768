//! Calls that kill the worker's process, or take long (MIT's `crash`).

use crate::app::{App, Call, Cost, EmitPair, Group, Record};
use crate::values::Values;
use std::time::Duration;

/// Says of each record where it is and how long it is, in four keys. A third of all calls kills the worker's process, a third takes up
/// to 10 s.
#[derive(Clone, Copy, Debug)]
pub struct Crash;

const LONGEST_MS: u64 = 10_000;

impl App for Crash {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        emit(b"a", record.object.as_bytes());
        emit(b"b", record.object.len().to_string().as_bytes());
        emit(b"c", record.line.len().to_string().as_bytes());
        emit(b"d", b"xyzzy");
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        Values::line(key)
    }

    fn cost(&self, _: Call<'_>, chance: u64) -> Cost {
        match chance % 3 {
            0 => Cost::Death,
            1 => Cost::Time(Duration::from_millis(chance / 3 % LONGEST_MS)),
            _ => Cost::Nothing,
        }
    }
}
