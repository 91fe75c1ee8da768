//! The trace hash as it is written: 16 hexadecimal digits in a string, since JSON's numbers are
//! doubles to many readers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use windtunnel::fold::Fold;

/// The hash of a run, or of many runs in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceHash(pub u64);

impl TraceHash {
    /// The hash of many runs: their hashes folded as words, in the order given.
    #[must_use]
    pub fn of_runs(hashes: impl IntoIterator<Item = TraceHash>) -> Self {
        let mut fold = Fold::default();
        for hash in hashes {
            fold.word(hash.0);
        }
        TraceHash(fold.value())
    }
}

impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A trace hash that is not 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no trace hash: 16 hexadecimal digits are")]
pub struct TraceHashError(String);

impl FromStr for TraceHash {
    type Err = TraceHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_hash = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let value = is_hash.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        value.map(TraceHash).ok_or_else(|| TraceHashError(text.to_owned()))
    }
}

impl Serialize for TraceHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_as_sixteen_digits_and_read_back() {
        let written = serde_json::to_string(&TraceHash(0xab)).unwrap();
        assert_eq!(written, "\"00000000000000ab\"");
        assert_eq!(serde_json::from_str::<TraceHash>(&written).unwrap(), TraceHash(0xab));
        assert!("ab".parse::<TraceHash>().is_err());
        assert!("+00000000000000b".parse::<TraceHash>().is_err());
    }

    #[test]
    fn the_hash_of_many_runs_depends_on_their_order() {
        let (a, b) = (TraceHash(1), TraceHash(2));
        assert_ne!(TraceHash::of_runs([a, b]), TraceHash::of_runs([b, a]));
    }
}
