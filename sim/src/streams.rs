//! Keyed randomness: every decision draws from a stream named by seed, purpose and entity.
//!
//! Two streams of different names share nothing, so one more draw from one of them leaves all
//! others as they were. That is what lets a learner add a log line, a timer or a fix on one node
//! and still meet the same weather everywhere else.

use crate::units::{Nanos, Ppm, Seed};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// What a stream decides about. The numbers are part of the weather: never reuse or reorder them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Latency, loss, duplication of messages; entity: link and RPC name.
    Message = 1,
    /// Resets that a peer's kernel sends; entity: link.
    Reset = 2,
    /// Latency and errors of disk operations; entity: node.
    Disk = 3,
    /// What a power loss leaves on a disk; entity: node and incarnation.
    CrashImage = 4,
    /// Which operations in flight a killed process had finished; entity: node and incarnation.
    KilledInFlight = 5,
    /// Bits that rot on a disk; entity: node.
    BitRot = 6,
    /// Order of ready tasks; entity: node and incarnation.
    Schedule = 7,
    /// Streams that lab code draws by name; entity: node, incarnation, name.
    Lab = 8,
    /// Hash keys of `collections`; entity: node and incarnation.
    Collections = 9,
    /// Keys of std's hash maps; entity: node and incarnation.
    StdHashKeys = 10,
    /// Which families of faults a run has, and their settings; entity: the scenario.
    Scenario = 11,
    /// When and where a family strikes; entity: family and node.
    Fault = 12,
    /// What a test body draws; entity: name.
    Tester = 13,
    /// The wall clock at the start of the run; entity: none.
    WallClock = 14,
    /// In flight alone: how long a node waits before it connects again; entity: node and incarnation, peer.
    Reconnect = 15,
    /// How much of a write that fails is left behind; entity: node.
    ShortWrite = 16,
    /// Which requests come again after they were answered, and when; entity: link and RPC name.
    LateCopy = 17,
    /// In flight alone: which connections a mended link leaves half open, and whom it tells; entity: none.
    HalfOpen = 18,
}

/// A stream of random words with a name.
///
/// ```
/// use windtunnel::streams::{Purpose, Stream};
/// use windtunnel::Seed;
/// let draw = |entity| Stream::keyed(Seed(7), Purpose::Fault, [entity, 0]).word();
/// assert_eq!(draw(1), draw(1));
/// assert_ne!(draw(1), draw(2));
/// ```
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of that name, at its beginning.
    #[must_use]
    pub fn keyed(seed: Seed, purpose: Purpose, entity: [u64; 2]) -> Self {
        let mut key = [0; 32];
        for (part, word) in key.chunks_exact_mut(8).zip([seed.0, purpose as u64, entity[0], entity[1]]) {
            part.copy_from_slice(&word.to_le_bytes());
        }
        Stream(ChaCha8Rng::from_seed(key))
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// The next 32 bits.
    pub fn half_word(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number in `0..bound`, always from one word; 0 if `bound` is 0. The bias is below
    /// `bound / 2^64`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(bound)) >> 64) as u64
    }

    /// A span in `low..=high`, always from one word; `low` if `high` is not above it.
    pub fn span(&mut self, low: Nanos, high: Nanos) -> Nanos {
        let width = high.saturating_sub(low).0.saturating_add(1);
        low.saturating_add(Nanos(self.below(width)))
    }

    /// Whether something of that rate happens, always from one half word.
    pub fn chance(&mut self, rate: Ppm) -> bool {
        (u64::from(self.half_word()) * 1_000_000) >> 32 < u64::from(rate.0)
    }

    /// Puts `items` in a drawn order, one word an item.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(seed: u64) -> Stream {
        Stream::keyed(Seed(seed), Purpose::Fault, [0, 0])
    }

    #[test]
    fn rates_are_met() {
        let mut stream = stream(1);
        let hits = (0..100_000).filter(|_| stream.chance(Ppm(250_000))).count();
        assert!((24_000..26_000).contains(&hits), "{hits} of 100,000 at 25 %");
        assert!((0..1_000).all(|_| !stream.chance(Ppm::NEVER)));
        assert!((0..1_000).all(|_| stream.chance(Ppm::ALWAYS)));
    }

    #[test]
    fn spans_keep_their_bounds_and_reach_them() {
        let mut stream = stream(2);
        let drawn: Vec<u64> = (0..1_000).map(|_| stream.span(Nanos(3), Nanos(5)).0).collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&5));
        assert_eq!(stream.span(Nanos(9), Nanos(1)), Nanos(9));
    }

    #[test]
    fn a_shuffle_loses_nothing() {
        let mut items: Vec<u32> = (0..50).collect();
        stream(3).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
