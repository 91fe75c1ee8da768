//! What is under way in one direction of a connection: bytes, and how they end, each due at a time.

use super::super::latency::Latency;
use crate::streams::Stream;
use std::collections::VecDeque;
use tokio::time::Instant;

/// What a direction holds at the most; past that its source is not read, and TCP makes the sender wait.
const CAPACITY: usize = 256 << 10;

/// Something that one end sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Some of its bytes.
    Bytes(Vec<u8>),
    /// It sends no more (FIN).
    End,
    /// Its socket is gone (RST).
    Reset,
}

/// First in, first out: a later item is never due before an earlier one.
#[derive(Debug, Default)]
pub(super) struct DelayLine {
    items: VecDeque<(Instant, Item)>,
    /// How many bytes of the first item are delivered.
    delivered: usize,
    held: usize,
    last_due: Option<Instant>,
}

impl DelayLine {
    /// Takes in what was sent at `now`, over a link that is so slow.
    pub fn push(&mut self, now: Instant, latency: &Latency, draws: &mut Stream, item: Item) {
        let mut due = now + latency.draw(draws);
        due = self.last_due.map_or(due, |last| due.max(last));
        if let Item::Bytes(bytes) = &item {
            self.held += bytes.len();
        }
        self.last_due = Some(due);
        self.items.push_back((due, item));
    }

    /// When the first item may be delivered.
    pub fn due(&self) -> Option<Instant> {
        self.items.front().map(|(due, _)| *due)
    }

    /// The first item: what is left of its bytes.
    pub fn front(&self) -> Option<(&Item, &[u8])> {
        let (_, item) = self.items.front()?;
        let rest = if let Item::Bytes(bytes) = item { &bytes[self.delivered..] } else { &[] };
        Some((item, rest))
    }

    /// So many bytes of the first item are delivered.
    pub fn advance(&mut self, count: usize) {
        self.delivered += count;
        self.held -= count;
        if self.front().is_some_and(|(_, rest)| rest.is_empty()) {
            self.items.pop_front();
            self.delivered = 0;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether the source may be read.
    pub const fn has_room(&self) -> bool {
        self.held < CAPACITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::Purpose;
    use crate::units::{Nanos, Ppm, Seed};
    use std::time::Duration;

    fn draws() -> Stream {
        Stream::keyed(Seed(1), Purpose::Message, [0, 0])
    }

    fn between(low: u64, high: u64) -> Latency {
        Latency {
            base: [Nanos::from_millis(low), Nanos::from_millis(high)],
            tail_ppm: Ppm::NEVER,
            tail: [Nanos::ZERO; 2],
        }
    }

    #[test]
    fn nothing_overtakes_even_when_the_link_becomes_faster() {
        let (now, mut draws, mut line) = (Instant::now(), draws(), DelayLine::default());
        line.push(now, &between(100, 100), &mut draws, Item::Bytes(vec![1]));
        line.push(now, &Latency::NONE, &mut draws, Item::Bytes(vec![2]));
        line.push(now, &Latency::NONE, &mut draws, Item::End);
        let mut order = Vec::new();
        while let (Some(due), Some((item, rest))) = (line.due(), line.front()) {
            assert!(due >= now + Duration::from_millis(100));
            order.push((item == &Item::End, rest.to_vec()));
            line.advance(rest.len());
        }
        assert_eq!(order, [(false, vec![1]), (false, vec![2]), (true, vec![])]);
    }

    #[test]
    fn a_full_line_has_no_room_until_bytes_are_delivered() {
        let (now, mut draws, mut line) = (Instant::now(), draws(), DelayLine::default());
        line.push(now, &Latency::NONE, &mut draws, Item::Bytes(vec![0; CAPACITY]));
        assert!(!line.has_room());
        line.advance(1);
        assert!(line.has_room());
        assert_eq!(line.front().map(|(_, rest)| rest.len()), Some(CAPACITY - 1));
    }
}
