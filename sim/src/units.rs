//! The numbers that must not be swapped: node ids, times, rates, seeds.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;
use std::time::Duration;

/// A node of the simulated world. Real nodes count from 1; [`NodeId::TESTER`] drives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The privileged node on which test bodies run.
    pub const TESTER: NodeId = NodeId(0);
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == NodeId::TESTER { f.write_str("tester") } else { write!(f, "node {}", self.0) }
    }
}

/// How often a node has been started; the first start is incarnation 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(pub u32);

/// The number from which every decision of a run is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seed {
    type Err = std::num::ParseIntError;

    /// Reads decimal, or hexadecimal behind `0x`; underscores may group digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.replace('_', "");
        match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(hex) => u64::from_str_radix(hex, 16).map(Seed),
            None => digits.parse().map(Seed),
        }
    }
}

/// The number of an event of a run, counted from 1: what `at_event` in a schedule refers to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventNumber(pub u64);

impl fmt::Display for EventNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}", self.0)
    }
}

/// A point in time or a span of it, in nanoseconds; points count from the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// No time at all; the start of the run.
    pub const ZERO: Nanos = Nanos(0);
    /// Later than any run lasts.
    pub const MAX: Nanos = Nanos(u64::MAX);

    /// So many microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Nanos(micros * 1_000)
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Nanos(millis * 1_000_000)
    }

    /// So many seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Nanos(secs * 1_000_000_000)
    }

    /// The same span for std's interfaces.
    #[must_use]
    pub const fn to_duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// Later by `span`, or [`Nanos::MAX`].
    #[must_use]
    pub const fn saturating_add(self, span: Nanos) -> Self {
        Nanos(self.0.saturating_add(span.0))
    }

    /// Earlier by `span`, or [`Nanos::ZERO`].
    #[must_use]
    pub const fn saturating_sub(self, span: Nanos) -> Self {
        Nanos(self.0.saturating_sub(span.0))
    }
}

impl From<Duration> for Nanos {
    /// Durations past 584 years become [`Nanos::MAX`].
    fn from(duration: Duration) -> Self {
        Nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl Add for Nanos {
    type Output = Nanos;
    fn add(self, span: Nanos) -> Nanos {
        Nanos(self.0 + span.0)
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, span: Nanos) {
        self.0 += span.0;
    }
}

impl Sub for Nanos {
    type Output = Nanos;
    fn sub(self, span: Nanos) -> Nanos {
        Nanos(self.0 - span.0)
    }
}

impl fmt::Display for Nanos {
    /// Seconds with milliseconds: `1.204 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1_000_000;
        f.pad(&format!("{}.{:03} s", millis / 1_000, millis % 1_000))
    }
}

/// A rate in parts per million: integers, so that it means the same on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ppm(pub u32);

impl Ppm {
    /// Never.
    pub const NEVER: Ppm = Ppm(0);
    /// Every time.
    pub const ALWAYS: Ppm = Ppm(1_000_000);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_in_decimal_and_hexadecimal() {
        assert_eq!("42".parse(), Ok(Seed(42)));
        assert_eq!("0xff_ff".parse(), Ok(Seed(0xffff)));
        assert!("0x".parse::<Seed>().is_err());
        assert!("-1".parse::<Seed>().is_err());
    }

    #[test]
    fn times_are_shown_in_seconds() {
        assert_eq!(Nanos::from_micros(1_204_900).to_string(), "1.204 s");
        assert_eq!(format!("{:>10}", Nanos::ZERO), "   0.000 s");
    }
}
