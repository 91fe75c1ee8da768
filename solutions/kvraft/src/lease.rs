//! Leases: for how long one server may answer reads from its own replica, and when all others must not answer anybody yet.
//!
//! A lease goes through the log, so whoever leads later has it in its replica before it does anything of its own. The holder counts
//! from the moment at which it asked; everybody else from the moment at which its replica came to the lease, which is later, and by the
//! slowest clock against the fastest. Until then what they have done may be done, but nobody is told. (Gray and Cheriton,
//! "Leases", 1989, section 2; Ongaro's dissertation, section 6.4.1, for what it means when clocks go wrong)

use lab_kvraft::MAX_DRIFT_PPM;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use windtunnel::rand;
use windtunnel::time::{Duration, Instant, sleep_until};

/// Which lease: drawn at random, since a server that starts again does not know what it has asked for before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseId(u64);

/// What a server knows of leases, its own and others'.
#[derive(Debug)]
pub struct Leases {
    /// For how long there are leases, if there are any.
    length: Option<Duration>,
    asked: Cell<Option<(LeaseId, Instant)>>,
    held_until: Cell<Option<Instant>>,
    others_until: Cell<Option<Instant>>,
}

impl Leases {
    /// A server that knows of none.
    #[must_use]
    pub const fn new(length: Option<Duration>) -> Self {
        Leases { length, asked: Cell::new(None), held_until: Cell::new(None), others_until: Cell::new(None) }
    }

    /// Whether this server may answer reads alone.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let now = Instant::now();
        self.held_until.get().is_some_and(|until| now < until)
            && self.others_until.get().is_none_or(|until| until <= now)
    }

    /// A lease to put into the log, if it is time for one: there are leases, none is asked for, and half of the last one is over.
    pub fn ask(&self) -> Option<LeaseId> {
        let (length, now) = (self.length?, Instant::now());
        let is_early = self.held_until.get().is_some_and(|until| now + length / 2 < until);
        if is_early || self.asked.get().is_some() {
            return None;
        }
        let id = LeaseId(rand::stream("lease").word());
        self.asked.set(Some((id, now)));
        Some(id)
    }

    /// Nothing will come of what was asked for.
    pub fn forget(&self, id: LeaseId) {
        if self.asked.get().is_some_and(|(asked, _)| asked == id) {
            self.asked.set(None);
        }
    }

    /// This server's replica comes to a lease in the log.
    pub fn granted(&self, id: LeaseId) {
        let Some(length) = self.length else { return };
        match self.asked.get() {
            Some((asked, at)) if asked == id => {
                self.asked.set(None);
                self.held_until.set(Some(at + length));
            }
            _ => self.anothers(),
        }
    }

    /// Somebody else has a lease, which began now at the latest. So it may be with what stands in a snapshot.
    pub fn anothers(&self) {
        let Some(length) = self.length else { return };
        self.others_until.set(Some(Instant::now() + longest(length)));
    }

    /// Waits until no other server can answer reads alone.
    pub async fn others_are_over(&self) {
        while let Some(until) = self.others_until.get() {
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

/// How long it may take, by the fastest clock, until a span is over by the slowest.
fn longest(span: Duration) -> Duration {
    const MILLION: u64 = 1_000_000;
    let nanos = u128::from(MILLION + MAX_DRIFT_PPM) * span.as_nanos();
    let nanos = nanos.div_ceil(u128::from(MILLION - MAX_DRIFT_PPM));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_the_slowest_clock_is_over_by_the_fastest() {
        // One second of a clock that loses 50 ms in each takes 1/0.95 s, in which the other counts 1.05/0.95 s.
        assert_eq!(longest(Duration::from_secs(19)), Duration::from_secs(21));
        assert!(longest(Duration::from_nanos(1)) > Duration::from_nanos(1), "rounded up");
    }
}
