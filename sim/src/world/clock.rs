//! The two clocks of a node, as functions of the world's time. Integers only.

use crate::line::Clock;
use crate::units::Nanos;

const MILLION: i128 = 1_000_000;

/// How a node's clocks relate to the world's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeClock {
    /// World time and monotonic reading when the drift last changed.
    since: Nanos,
    reading: Nanos,
    drift_ppm: i32,
    /// Wall minus monotonic reading.
    wall_offset_ns: i64,
}

impl NodeClock {
    /// Clocks whose wall reading is `wall` at the start of the run, and which gain nothing.
    pub fn showing(wall: Nanos) -> Self {
        NodeClock {
            since: Nanos::ZERO,
            reading: Nanos::ZERO,
            drift_ppm: 0,
            wall_offset_ns: i64::try_from(wall.0).unwrap_or(i64::MAX),
        }
    }

    /// The reading that only drifts.
    pub fn monotonic(&self, now: Nanos) -> Nanos {
        let elapsed = now.0 - self.since.0;
        if self.drift_ppm == 0 {
            return Nanos(self.reading.0 + elapsed);
        }
        let local = i128::from(elapsed) * (MILLION + i128::from(self.drift_ppm)) / MILLION;
        Nanos(self.reading.0 + local as u64)
    }

    /// Both readings at a point of the world's time.
    pub fn read(&self, now: Nanos) -> Clock {
        let monotonic = self.monotonic(now);
        Clock { monotonic, wall: Nanos(monotonic.0.saturating_add_signed(self.wall_offset_ns)) }
    }

    /// The first point of the world's time, not before `now`, at which the monotonic clock shows
    /// at least `reading`.
    pub fn when(&self, now: Nanos, reading: Nanos) -> Nanos {
        if reading <= self.monotonic(now) {
            return now;
        }
        let ahead = reading.0 - self.reading.0;
        if self.drift_ppm == 0 {
            return self.since.saturating_add(Nanos(ahead));
        }
        let speed = (MILLION + i128::from(self.drift_ppm)) as u128;
        let elapsed = (u128::from(ahead) * MILLION as u128).div_ceil(speed);
        self.since.saturating_add(Nanos(u64::try_from(elapsed).unwrap_or(u64::MAX))).max(now)
    }

    /// Lets both clocks gain `ppm` from now on.
    pub fn set_drift(&mut self, now: Nanos, ppm: i32) {
        self.reading = self.monotonic(now);
        self.since = now;
        self.drift_ppm = ppm.max(-999_999);
    }

    /// Sets the wall clock forward, or back.
    pub fn jump(&mut self, by_ns: i64) {
        self.wall_offset_ns = self.wall_offset_ns.saturating_add(by_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_alarm_comes_when_the_clock_shows_its_time_and_not_before(
            drift in -900_000i32..900_000, changed in 0u64..1 << 40, now in 0u64..1 << 40, ahead in 1u64..1 << 40,
        ) {
            let mut clock = NodeClock::showing(Nanos::from_secs(1));
            clock.set_drift(Nanos(changed), drift);
            let now = Nanos(changed + now);
            let reading = clock.read(now).monotonic + Nanos(ahead);
            let at = clock.when(now, reading);
            prop_assert!(clock.read(at).monotonic >= reading);
            prop_assert!(clock.read(at - Nanos(1)).monotonic < reading || at == now);
        }
    }

    #[test]
    fn a_jump_moves_the_wall_clock_alone() {
        let mut clock = NodeClock::showing(Nanos::from_secs(100));
        clock.jump(-5_000_000_000);
        let reading = clock.read(Nanos::from_secs(1));
        assert_eq!(reading, Clock { monotonic: Nanos::from_secs(1), wall: Nanos::from_secs(96) });
    }

    #[test]
    fn drift_moves_both_clocks() {
        let mut clock = NodeClock::showing(Nanos::ZERO);
        clock.set_drift(Nanos::ZERO, 1_000);
        let reading = clock.read(Nanos::from_secs(10));
        assert_eq!(reading.monotonic, Nanos::from_millis(10_010));
        assert_eq!(reading.wall, reading.monotonic);
    }
}
