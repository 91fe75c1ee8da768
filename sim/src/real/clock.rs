//! The two clocks of a node in flight.
#![allow(clippy::disallowed_methods)] // here the clocks are the real ones

use crate::line::Clock;
use crate::units::Nanos;
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
