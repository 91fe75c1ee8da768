//! Times as they are written in scenario files: a decimal number and a unit, exact to the nanosecond.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use windtunnel::Nanos;

/// Units and their nanoseconds. Longer names first, so that `ms` is not taken for `s`.
const UNITS: [(&str, u64); 5] = [("min", 60_000_000_000), ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", SECOND)];
const SECOND: u64 = 1_000_000_000;

/// A span, or a point counted from the start of the run: `"250ms"`, `"1.31s"`, `"2min"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Nanos);

impl Time {
    /// No time at all.
    pub const ZERO: Time = Time(Nanos::ZERO);

    /// The longest time that a file can say, a day: sums of a few stay far below what 64 bits of nanoseconds hold.
    pub const LONGEST: Time = Time(Nanos::from_secs(86_400));

    /// So many microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Time(Nanos::from_micros(micros))
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Time(Nanos::from_millis(millis))
    }

    /// So many times as long, and so much longer; a day at most, however many faults slow one thing.
    #[must_use]
    pub fn stretched(self, times: u64, by: Time) -> Time {
        Time(Nanos(self.0.0.saturating_mul(times)).saturating_add(by.0)).min(Time::LONGEST)
    }
}

/// A signed time, for clocks: `"-200ms"`, `"3s"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offset {
    /// Nanoseconds; below zero is behind.
    pub nanos: i64,
}

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// No number, no unit, or a unit nobody knows.
    #[error("`{0}` is no time: write a number and a unit, as \"250ms\" (units: ns, us, ms, s, min)")]
    Malformed(String),
    /// There is a remainder below a nanosecond.
    #[error("`{0}` is finer than a nanosecond")]
    TooFine(String),
    /// More than a day.
    #[error("`{0}` is too long: a day (1440min) is the most")]
    TooLong(String),
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let malformed = || TimeError::Malformed(text.to_owned());
        let too_long = || TimeError::TooLong(text.to_owned());
        let (number, unit) =
            UNITS.iter().find_map(|(name, nanos)| Some((text.strip_suffix(name)?, *nanos))).ok_or_else(malformed)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(malformed());
        }
        let whole: u128 = whole.parse().map_err(|_| too_long())?;
        let fraction = fraction.trim_end_matches('0');
        // No unit is longer than 6 * 10^10 ns: an eleventh digit after the point is below a nanosecond.
        if fraction.len() > 11 {
            return Err(TimeError::TooFine(text.to_owned()));
        }
        let scale = 10_u128.pow(fraction.len() as u32);
        let part = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().map_err(|_| malformed())? };
        let part = part * u128::from(unit);
        if part % scale != 0 {
            return Err(TimeError::TooFine(text.to_owned()));
        }
        let nanos = whole.checked_mul(u128::from(unit)).ok_or_else(too_long)? + part / scale;
        let time = u64::try_from(nanos).map(|nanos| Time(Nanos(nanos))).map_err(|_| too_long())?;
        if time <= Time::LONGEST { Ok(time) } else { Err(too_long()) }
    }
}

impl FromStr for Offset {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let (sign, size) = match text.strip_prefix('-') {
            Some(size) => (-1, size),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let Time(Nanos(nanos)) = size.parse().map_err(|error| match error {
            TimeError::Malformed(_) => TimeError::Malformed(text.to_owned()),
            error => error,
        })?;
        Ok(Offset { nanos: sign * nanos as i64 })
    }
}

impl fmt::Display for Time {
    /// In the largest of s, ms, us and ns that leaves a whole part; nothing is rounded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.0;
        let (unit, size, places) = match nanos {
            0 => return f.write_str("0s"),
            SECOND.. => ("s", SECOND, 9),
            1_000_000.. => ("ms", 1_000_000, 6),
            1_000.. => ("us", 1_000, 3),
            _ => ("ns", 1, 0),
        };
        write!(f, "{}", nanos / size)?;
        if !nanos.is_multiple_of(size) {
            let fraction = format!("{:0places$}", nanos % size);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str(unit)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.nanos < 0 { "-" } else { "" };
        write!(f, "{sign}{}", Time(Nanos(self.nanos.unsigned_abs())))
    }
}

/// serde and schema of a type that is written as a string.
macro_rules! written_as_text {
    ($type:ty, $name:literal, $pattern:literal, $expects:literal, $describes:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expects)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $describes })
            }
        }
    };
}

written_as_text!(
    Time,
    "Time",
    r"^[0-9]+(\.[0-9]+)?(ns|us|ms|s|min)$",
    "a time in quotes, as \"250ms\"",
    "A time: a number and a unit (ns, us, ms, s, min), exact to the nanosecond, a day (1440min) at most."
);
written_as_text!(
    Offset,
    "Offset",
    r"^[+-]?[0-9]+(\.[0-9]+)?(ns|us|ms|s|min)$",
    "a signed time in quotes, as \"-250ms\"",
    "A time that may be negative, a day (1440min) at most either way: \"-200ms\"."
);

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> u64 {
        text.parse::<Time>().unwrap().0.0
    }

    #[test]
    fn times_are_read_exactly() {
        assert_eq!(nanos("250ms"), 250_000_000);
        assert_eq!(nanos("1.310s"), 1_310_000_000);
        assert_eq!(nanos("0.1min"), 6_000_000_000);
        assert_eq!(nanos("7ns") + nanos("2us"), 2_007);
        assert_eq!("-1.5ms".parse(), Ok(Offset { nanos: -1_500_000 }));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "5", "ms", "1,5s", "-2s", "1.s", ".5s", "1h", "1 s", "1e3s", "+1s"] {
            assert_eq!(text.parse::<Time>(), Err(TimeError::Malformed(text.to_owned())), "{text}");
        }
        assert_eq!("0.5ns".parse::<Time>(), Err(TimeError::TooFine("0.5ns".to_owned())));
        for text in ["1440.1min", "300000000min", "99999999999999999999999s"] {
            assert_eq!(text.parse::<Time>(), Err(TimeError::TooLong(text.to_owned())));
        }
        assert_eq!("-1441min".parse::<Offset>(), Err(TimeError::TooLong("1441min".to_owned())));
        assert_eq!("1440min".parse(), Ok(Time::LONGEST));
    }

    #[test]
    fn however_many_faults_slow_a_thing_it_takes_a_day_at_most() {
        let slow = |time: Time| time.stretched(1_000, Time::LONGEST);
        assert_eq!((0..100).fold(Time::from_millis(1), |time, _| slow(time)), Time::LONGEST);
        assert_eq!(Time::from_millis(2).stretched(3, Time::from_millis(1)), Time::from_millis(7));
    }

    #[test]
    fn times_are_shown_without_rounding() {
        for text in ["0s", "1ns", "1.5us", "250ms", "1.310000007s", "90s"] {
            assert_eq!(text.parse::<Time>().unwrap().to_string(), text);
        }
        assert_eq!("-0.2s".parse::<Offset>().unwrap().to_string(), "-200ms");
    }
}
