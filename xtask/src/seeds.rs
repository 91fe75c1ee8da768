//! Seeds and ranges of them, as they are written on the command line.

use lab_harness::protocol::TraceHash;
use std::hash::{BuildHasher as _, RandomState};
use windtunnel::Seed;

/// Seeds in order, at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    first: u64,
    count: u64,
    step: u64,
}

/// A seed or a range that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeedsError {
    #[error("`{0}` is no seed: give a number below 2^64, in decimal or 0x; many are a range, --seeds A..B")]
    NotASeed(String),
    #[error("--seeds {0} is an empty range: A..B leaves B out, A..=B does not, N is 0..N")]
    Empty(String),
    #[error("--seeds {0} are too many: at most 2^63")]
    TooMany(String),
}

impl Seeds {
    /// What `--seed` or `--seeds` ask for; nothing if neither is there.
    pub fn from_options(seed: Option<&str>, seeds: Option<&str>) -> Result<Option<Self>, SeedsError> {
        match (seed, seeds) {
            (Some(seed), _) => Ok(Some(Seeds { first: parse(seed)?, count: 1, step: 1 })),
            (None, Some(range)) => Seeds::range(range).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// One seed that nobody chose, short enough to be typed.
    pub fn drawn() -> Self {
        Seeds { first: RandomState::new().hash_one(std::process::id()) >> 32, count: 1, step: 1 }
    }

    fn range(text: &str) -> Result<Self, SeedsError> {
        let (first, end) = match text.split_once("..") {
            None => (0, u128::from(parse(text)?)),
            Some((from, to)) => {
                let from = if from.is_empty() { 0 } else { parse(from)? };
                match to.strip_prefix('=') {
                    Some(last) => (from, u128::from(parse(last)?) + 1),
                    None => (from, u128::from(parse(to)?)),
                }
            }
        };
        let count = end.checked_sub(u128::from(first)).filter(|count| *count > 0);
        let count = count.ok_or_else(|| SeedsError::Empty(text.to_owned()))?;
        let count = u64::try_from(count).ok().filter(|count| *count <= 1 << 63);
        Ok(Seeds { first, count: count.ok_or_else(|| SeedsError::TooMany(text.to_owned()))?, step: 1 })
    }

    /// How many there are.
    pub fn count(self) -> u64 {
        self.count
    }

    /// The one at that place, if there are so many.
    pub fn at(self, index: u64) -> Option<Seed> {
        (index < self.count).then(|| Seed(self.first + index * self.step))
    }

    /// Those whose remainder by `parts` is `part`. For seeds one after the other.
    pub fn share(self, part: u64, parts: u64) -> Self {
        let ahead = (part + parts - self.first % parts) % parts;
        let count = self.count.saturating_sub(ahead).div_ceil(parts);
        Seeds { first: self.first.saturating_add(ahead), count, step: parts }
    }
}

impl std::fmt::Display for Seeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.count == 1 {
            write!(f, "seed {}", self.first)
        } else {
            write!(f, "seeds {}..={}", self.first, self.first + (self.count - 1))
        }
    }
}

fn parse(text: &str) -> Result<u64, SeedsError> {
    text.trim().parse::<Seed>().map(|seed| seed.0).map_err(|_| SeedsError::NotASeed(text.to_owned()))
}

/// A name nobody else uses at the moment.
pub fn random_name() -> String {
    TraceHash(RandomState::new().hash_one(std::process::id())).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Result<(u64, u64), SeedsError> {
        Seeds::from_options(None, Some(text)).map(|seeds| seeds.map(|seeds| (seeds.first, seeds.count)).unwrap())
    }

    #[test]
    fn ranges_are_rusts() {
        assert_eq!(range("3"), Ok((0, 3)));
        assert_eq!(range("5..8"), Ok((5, 3)));
        assert_eq!(range("5..=8"), Ok((5, 4)));
        assert_eq!(range("..=1"), Ok((0, 2)));
        assert_eq!(range("0x10..0x12"), Ok((16, 2)));
        assert_eq!(range("18446744073709551615..=18446744073709551615"), Ok((u64::MAX, 1)));
    }

    #[test]
    fn empty_ranges_and_words_are_refused() {
        for empty in ["0", "5..5", "8..5", "8..=5", "1..=0"] {
            assert_eq!(range(empty), Err(SeedsError::Empty(empty.into())));
        }
        for wrong in ["", "x", "1...", "1..", "-1", "1..=", "0x", "1.5"] {
            assert!(matches!(range(wrong), Err(SeedsError::NotASeed(_))), "{wrong}");
        }
        assert!(matches!(range("0..=18446744073709551615"), Err(SeedsError::TooMany(_))));
    }

    #[test]
    fn shares_are_the_seeds_by_their_remainder() {
        for (text, parts) in [("10", 3), ("7..19", 5), ("4..6", 4), ("1", 1)] {
            let all = Seeds::from_options(None, Some(text)).unwrap().unwrap();
            for part in 0..parts {
                let share = all.share(part, parts);
                let shared: Vec<Seed> = (0..).map_while(|index| share.at(index)).collect();
                let seeds = (0..).map_while(|index| all.at(index));
                assert_eq!(shared, seeds.filter(|seed| seed.0 % parts == part).collect::<Vec<_>>(), "{text} {part}");
                assert_eq!(share.count(), shared.len() as u64);
            }
        }
    }

    #[test]
    fn seeds_are_counted_from_the_first() {
        let seeds = Seeds { first: u64::MAX, count: 1, step: 1 };
        assert_eq!((seeds.at(0), seeds.at(1)), (Some(Seed(u64::MAX)), None));
        assert_eq!(seeds.to_string(), "seed 18446744073709551615");
        assert_eq!(Seeds { first: 2, count: 3, step: 1 }.to_string(), "seeds 2..=4");
        assert!(Seeds::drawn().first <= u64::from(u32::MAX));
    }
}
