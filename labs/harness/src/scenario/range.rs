//! Ranges from which a run draws, and the kinds of numbers they are made of.

use super::time::{Offset, Time};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use windtunnel::streams::Stream;
use windtunnel::{Nanos, Ppm};

/// A number that can be drawn from a range.
pub trait Draw: Copy + Ord + fmt::Display {
    /// One of `low..=high`, always from one word.
    fn draw(stream: &mut Stream, low: Self, high: Self) -> Self;
}

impl Draw for u64 {
    fn draw(stream: &mut Stream, low: u64, high: u64) -> u64 {
        stream.span(Nanos(low), Nanos(high)).0
    }
}

impl Draw for Time {
    /// In whole microseconds where the range allows it: a schedule is for people too.
    fn draw(stream: &mut Stream, low: Time, high: Time) -> Time {
        let exact = stream.span(low.0, high.0);
        let coarse = Nanos(exact.0 - exact.0 % 1_000);
        Time(if coarse >= low.0 { coarse } else { exact })
    }
}

impl Draw for Offset {
    fn draw(stream: &mut Stream, low: Offset, high: Offset) -> Offset {
        let above = u64::draw(stream, 0, high.nanos.abs_diff(low.nanos));
        Offset { nanos: low.nanos.saturating_add_unsigned(above) }
    }
}

/// A whole number with a largest value, in a type of its own so that no unit is swapped.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty), $low:literal, $high:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = i64::deserialize(deserializer)?;
                if !($low..=$high).contains(&number) {
                    return Err(de::Error::custom(format_args!("{number} is no {}", $what)));
                }
                Ok($name(number as $inner))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "minimum": $low, "maximum": $high, "description": $what })
            }
        }

        impl Draw for $name {
            fn draw(stream: &mut Stream, low: Self, high: Self) -> Self {
                let above = u64::draw(stream, 0, u64::from(high.0.abs_diff(low.0)));
                $name((low.0 as i64 + above as i64) as $inner)
            }
        }
    };
}

number!(
    /// A chance in parts per million.
    Rate(u32), 0_i64, 1_000_000_i64, "rate: parts per million, 0 (never) to 1_000_000 (always)"
);
number!(
    /// How much faster than time a clock runs, in parts per million; below zero it is slow.
    Drift(i32), -500_000_i64, 500_000_i64, "drift: parts per million, -500_000 to 500_000"
);
number!(
    /// How many clients a storm has.
    Clients(u64), 0_i64, 1_000_i64, "number of clients: 0 to 1_000"
);
number!(
    /// How long a command is.
    CommandBytes(u64), 0_i64, 1_048_576_i64, "size of a command: 0 to 1_048_576 bytes"
);
number!(
    /// After how many entries a state machine takes a snapshot.
    SnapshotEvery(u64), 0_i64, 1_000_000_i64, "number of entries: 0 to 1_000_000"
);
number!(
    /// How large a snapshot is.
    SnapshotBytes(u64), 0_i64, 1_048_576_i64, "size of a snapshot: 0 to 1_048_576 bytes"
);
number!(
    /// How many times as long something takes.
    Factor(u64), 1_i64, 1_000_i64, "factor: 1 to 1_000"
);

impl Rate {
    /// The rate as the world knows it.
    #[must_use]
    pub const fn ppm(self) -> Ppm {
        Ppm(self.0)
    }
}

/// A range with both its ends, `{ from = "50ms", to = "2s" }`; a number alone is a range of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Between<T> {
    /// The least.
    pub from: T,
    /// The most.
    pub to: T,
}

impl<T: Draw> Between<T> {
    /// The range of one value.
    pub const fn just(value: T) -> Self {
        Between { from: value, to: value }
    }

    /// One value, always from one word.
    pub fn one(&self, stream: &mut Stream) -> T {
        T::draw(stream, self.from, self.to)
    }

    /// A range within this range, always from two words.
    #[must_use]
    pub fn part(&self, stream: &mut Stream) -> Self {
        let (a, b) = (self.one(stream), self.one(stream));
        Between { from: a.min(b), to: a.max(b) }
    }
}

impl Between<Rate> {
    /// The range in one run: a rate that may be 0 is 0 everywhere in half of the runs, since small
    /// rates of everything everywhere hide bugs. Always from one word.
    #[must_use]
    pub fn in_run(&self, stream: &mut Stream) -> Self {
        let off = stream.below(2) == 0;
        if off && self.from == Rate::default() { Between::default() } else { *self }
    }
}

impl<T: Serialize + PartialEq> Serialize for Between<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.from == self.to {
            return self.from.serialize(serializer);
        }
        Ends { from: &self.from, to: &self.to }.serialize(serializer)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends<T> {
    from: T,
    to: T,
}

impl<'de, T: Deserialize<'de> + Draw> Deserialize<'de> for Between<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BetweenVisitor(PhantomData))
    }
}

struct BetweenVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Draw> de::Visitor<'de> for BetweenVisitor<T> {
    type Value = Between<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, or a range { from = …, to = … }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(text.into_deserializer()).map(Between::just)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        T::deserialize(number.into_deserializer()).map(Between::just)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        T::deserialize(number.into_deserializer()).map(Between::just)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let Ends { from, to } = Ends::<T>::deserialize(MapAccessDeserializer::new(map))?;
        if from > to {
            return Err(de::Error::custom(format_args!("the range is empty: from {from} is more than to {to}")));
        }
        Ok(Between { from, to })
    }
}

impl<T: JsonSchema> JsonSchema for Between<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrRange", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let end = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [end, {
            "type": "object",
            "description": "A range, both ends included.",
            "properties": { "from": end, "to": end },
            "required": ["from", "to"],
            "additionalProperties": false,
        }]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::Seed;
    use windtunnel::streams::Purpose;

    #[derive(Debug, Deserialize)]
    struct Holder {
        value: Between<Rate>,
    }

    fn read(text: &str) -> Result<Between<Rate>, String> {
        toml::from_str::<Holder>(text).map(|holder| holder.value).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_number_alone_is_a_range_of_one() {
        assert_eq!(read("value = 7"), Ok(Between::just(Rate(7))));
        assert_eq!(read("value = { from = 1, to = 2 }"), Ok(Between { from: Rate(1), to: Rate(2) }));
    }

    #[test]
    fn empty_ranges_and_impossible_rates_are_refused() {
        assert_eq!(
            read("value = { from = 2, to = 1 }"),
            Err("the range is empty: from 2 is more than to 1".to_owned())
        );
        assert_eq!(
            read("value = 1_000_001"),
            Err("1000001 is no rate: parts per million, 0 (never) to 1_000_000 (always)".to_owned())
        );
    }

    #[test]
    fn draws_keep_to_signed_ranges_and_reach_both_ends() {
        let mut stream = Stream::keyed(Seed(1), Purpose::Fault, [0, 0]);
        let range = Between { from: Drift(-2), to: Drift(1) };
        let drawn: Vec<i32> = (0..200).map(|_| range.one(&mut stream).0).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-2), Some(&1)));
        let wide = Between { from: Offset { nanos: -5 }, to: Offset { nanos: 5 } };
        assert!((0..200).all(|_| (-5..=5).contains(&wide.one(&mut stream).nanos)));
    }

    #[test]
    fn a_part_of_a_range_lies_within_it() {
        let mut stream = Stream::keyed(Seed(2), Purpose::Fault, [0, 0]);
        let whole = Between { from: Time::from_millis(1), to: Time::from_millis(9) };
        for _ in 0..200 {
            let part = whole.part(&mut stream);
            assert!(whole.from <= part.from && part.from <= part.to && part.to <= whole.to);
        }
    }
}
