//! The two clocks of a node in flight.
#![allow(clippy::disallowed_methods)] // here the clocks are the real ones

use crate::line::Clock;
use crate::units::Nanos;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The machine's clocks. The monotonic one counts from the start of the node.
#[derive(Clone, Copy, Debug)]
pub struct RealClock {
    begin: Instant,
}

impl RealClock {
    pub fn start() -> Self {
        RealClock { begin: Instant::now() }
    }

    pub fn monotonic(&self) -> Nanos {
        self.begin.elapsed().into()
    }

    /// The node's monotonic clock and the machine's, read at one moment, in nanoseconds.
    pub fn beside_machine(&self) -> (u64, u64) {
        const APART: u64 = 2_000;
        const TRIES: usize = 1_000;
        let look = || {
            let (before, own, after) = (machine_now(), self.monotonic().0, machine_now());
            (after - before, own, before)
        };
        // A look during which the process was set aside is none.
        let looks = || (0..TRIES).map(|_| look());
        let close = looks().find(|(apart, ..)| *apart < APART).or_else(|| looks().min());
        let (_, own, machine) = close.unwrap_or_else(look);
        (own, machine)
    }

    pub fn read(&self) -> Clock {
        Clock { monotonic: self.monotonic(), wall: wall() }
    }

    /// When the monotonic clock shows `reading`; a time that never comes if no clock can show that.
    pub fn when(&self, reading: Nanos) -> Option<Instant> {
        self.begin.checked_add(reading.to_duration())
    }
}

/// Since 1970; a machine whose clock is older than that gets 1970.
pub fn wall() -> Nanos {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().into()
}

/// Nanoseconds of the machine's monotonic clock, which all its processes share.
pub fn machine_now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
