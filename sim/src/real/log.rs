//! Log lines on standard error: time, node, level, who says it, what.

use super::clock;
use crate::line::{LogLevel, LogLine};
use crate::units::{Nanos, NodeId};
use std::cell::Cell;
use std::fmt::Display;
use std::io::Write;

/// Who the runtime's own lines come from.
const RUNTIME: &str = "flight";

/// Writes the lines of one node.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    node: NodeId,
    level: LogLevel,
}

impl Log {
    pub const fn of(node: NodeId, level: LogLevel) -> Self {
        Log { node, level }
    }

    /// A line of lab code, which has its level checked already.
    pub fn line(&self, line: &LogLine) {
        self.write(line.level, &line.target, &line.message);
    }

    pub fn error(&self, message: impl Display) {
        self.own(LogLevel::Error, &message);
    }

    pub fn warn(&self, message: impl Display) {
        self.own(LogLevel::Warn, &message);
    }

    /// The same for what others can make happen as often as they like: a line for the first time, the second, the fourth
    /// and so on.
    pub fn warn_rarely(&self, often: &Often, message: impl Display) {
        if let Some(count) = often.is_to_be_told() {
            self.warn(format_args!("{message} ({count} so far)"));
        }
    }

    pub fn info(&self, message: impl Display) {
        self.own(LogLevel::Info, &message);
    }

    fn own(&self, level: LogLevel, message: &dyn Display) {
        if level <= self.level {
            self.write(level, RUNTIME, message);
        }
    }

    fn write(&self, level: LogLevel, target: &str, message: &dyn Display) {
        let time = time_of_day(clock::wall());
        let level = match level {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn ",
            LogLevel::Info => "info ",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        };
        let line = format!("{time} {} {level} {target}: {message}\n", self.node);
        // In one call, so that lines of several nodes on one terminal stay whole. Nobody is left to tell if it fails.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

/// How often something has happened.
#[derive(Debug, Default)]
pub struct Often(Cell<u64>);

impl Often {
    /// It has happened once more: how often, if that is worth a line.
    fn is_to_be_told(&self) -> Option<u64> {
        self.0.set(self.0.get() + 1);
        Some(self.0.get()).filter(|count| count.is_power_of_two())
    }
}

/// UTC, to the microsecond.
fn time_of_day(wall: Nanos) -> String {
    let micros = wall.0 / 1_000;
    let seconds = micros / 1_000_000;
    let (hours, minutes) = (seconds / 3_600 % 24, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{:06}", seconds % 60, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_often_is_told_ever_more_rarely() {
        let often = Often::default();
        let told: Vec<u64> = (0..100).filter_map(|_| often.is_to_be_told()).collect();
        assert_eq!(told, [1, 2, 4, 8, 16, 32, 64]);
    }

    #[test]
    fn the_time_of_day_is_utc() {
        assert_eq!(time_of_day(Nanos(86_400_000_000_000 * 20_000 + 3_723_000_045_999)), "01:02:03.000045");
    }
}
