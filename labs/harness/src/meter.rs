//! Counts what clients do in flight: how many requests were answered, how fast, and of how many nobody knows.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::time::Instant;

/// The counts of one flight. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Meter(Rc<RefCell<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    /// What each answered operation took, in microseconds, in the order of the answers.
    took_us: Vec<u64>,
    /// Operations that ended without an answer.
    unknown: u64,
    /// How many of the answered ones were in the rows so far.
    #[cfg(any(feature = "flight", test))]
    told: usize,
}

/// A request that is on its way. Without an answer when it is dropped, it may have happened or not.
#[derive(Debug)]
pub struct Operation {
    meter: Meter,
    began: Instant,
    known: bool,
}

impl Meter {
    /// A request begins now.
    #[must_use]
    pub fn begin(&self) -> Operation {
        Operation { meter: self.clone(), began: Instant::now(), known: false }
    }

    fn answered(&self, took: Duration) {
        self.0.borrow_mut().took_us.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// All that was counted.
    pub(crate) fn sums(&self) -> Sums {
        let counts = self.0.borrow();
        Sums { unknown: counts.unknown, took: Took::of(&counts.took_us) }
    }

    /// What was answered since this was asked last.
    #[cfg(any(feature = "flight", test))]
    pub(crate) fn since_last(&self) -> Took {
        let mut counts = self.0.borrow_mut();
        let took = Took::of(&counts.took_us[counts.told..]);
        counts.told = counts.took_us.len();
        took
    }
}

impl Operation {
    /// It has happened, and its client knows.
    pub fn answered(mut self) {
        self.known = true;
        self.meter.answered(self.began.elapsed());
    }

    /// It has not happened and never will: it does not count.
    pub fn refused(mut self) {
        self.known = true;
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if !self.known {
            self.meter.0.borrow_mut().unknown += 1;
        }
    }
}

/// All operations of a flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub unknown: u64,
    pub took: Took,
}

/// How long operations took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Took {
    pub operations: u64,
    pub p50_us: Option<u64>,
    pub p99_us: Option<u64>,
}

impl Took {
    fn of(took_us: &[u64]) -> Self {
        let mut sorted = took_us.to_vec();
        sorted.sort_unstable();
        let at_most = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Took { operations: sorted.len() as u64, p50_us: at_most(50), p99_us: at_most(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_operations_the_99th_is_the_one_that_99_took_at_most() {
        let took: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(Took::of(&took), Took { operations: 100, p50_us: Some(50), p99_us: Some(99) });
        assert_eq!(Took::of(&[7]), Took { operations: 1, p50_us: Some(7), p99_us: Some(7) });
        assert_eq!(Took::of(&[]), Took::default());
    }

    #[test]
    fn a_row_tells_only_what_came_since_the_last_one() {
        let meter = Meter::default();
        meter.answered(Duration::from_micros(5));
        assert_eq!(meter.since_last().p99_us, Some(5));
        meter.answered(Duration::from_micros(9));
        assert_eq!(meter.since_last(), Took { operations: 1, p50_us: Some(9), p99_us: Some(9) });
        assert_eq!(meter.since_last().operations, 0);
        assert_eq!(meter.sums().took.operations, 2);
    }
}
