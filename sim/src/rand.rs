//! Randomness by name: [`stream`].
//!
//! A stream is named by the seed of the run, the node, its incarnation and a name of yours. Draws
//! from one leave all others as they were: one more draw for a jittered retry does not move the
//! next election timeout.

use crate::executor::context::current;
use crate::streams;
use crate::units::Nanos;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// This node's stream of that name. Asking again goes on where the last draw stopped.
///
/// ```no_run
/// use std::time::Duration;
/// let election = windtunnel::rand::stream("election");
/// let timeout = election.duration(Duration::from_millis(150), Duration::from_millis(300));
/// ```
///
/// # Panics
/// Outside of a node.
#[must_use]
pub fn stream(name: &'static str) -> Stream {
    Stream(current().lab_stream(name))
}

/// A handle to a named stream.
#[derive(Clone, Debug)]
pub struct Stream(Rc<RefCell<streams::Stream>>);

impl Stream {
    /// 64 random bits.
    #[must_use]
    pub fn word(&self) -> u64 {
        self.0.borrow_mut().word()
    }

    /// A number in `0..bound`; 0 if `bound` is 0.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        self.0.borrow_mut().below(bound)
    }

    /// A duration in `low..=high`; `low` if `high` is not above it.
    #[must_use]
    pub fn duration(&self, low: Duration, high: Duration) -> Duration {
        self.0.borrow_mut().span(Nanos::from(low), Nanos::from(high)).to_duration()
    }

    /// Puts `items` in a random order.
    pub fn shuffle<T>(&self, items: &mut [T]) {
        self.0.borrow_mut().shuffle(items);
    }
}
