//! A set of bytes of a file, in a few ranges: exact for logs, headers and the like.

use std::ops::Range;

/// Past so many ranges the two that lie closest become one, with all between them.
const MOST: usize = 8;

/// Ranges in order that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn contains(&self, byte: u64) -> bool {
        self.0.iter().any(|range| range.contains(&byte))
    }

    pub fn insert(&mut self, new: Range<u64>) {
        if new.is_empty() {
            return;
        }
        // The frequent one: an append goes on where the last one ended.
        if let Some(last) = self.0.last_mut()
            && last.end == new.start
        {
            last.end = new.end;
            return;
        }
        let first = self.0.partition_point(|range| range.end < new.start);
        let behind = self.0.partition_point(|range| range.start <= new.end);
        let start = self.0.get(first).map_or(new.start, |range| range.start.min(new.start));
        let end = behind.checked_sub(1).map_or(new.end, |last| self.0[last].end.max(new.end));
        self.0.splice(first..behind, std::iter::once(start..end));
        if self.0.len() > MOST {
            self.join_closest();
        }
    }

    pub fn insert_all(&mut self, others: &Ranges) {
        others.0.iter().for_each(|range| self.insert(range.clone()));
    }

    /// Leaves only bytes before `length`.
    pub fn cut(&mut self, length: u64) {
        self.0.retain(|range| range.start < length);
        if let Some(last) = self.0.last_mut() {
            last.end = last.end.min(length);
        }
    }

    fn join_closest(&mut self) {
        let gap = |at: &usize| self.0[at + 1].start - self.0[*at].end;
        if let Some(at) = (0..self.0.len() - 1).min_by_key(gap) {
            self.0[at].end = self.0[at + 1].end;
            self.0.remove(at + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges(of: impl IntoIterator<Item = Range<u64>>) -> Ranges {
        let mut ranges = Ranges::default();
        of.into_iter().for_each(|range| ranges.insert(range));
        ranges
    }

    #[test]
    fn past_the_most_the_closest_two_become_one() {
        let apart = (0..MOST as u64).map(|at| at * 100..at * 100 + 10);
        let mut ranges = ranges(apart);
        assert_eq!(ranges.0.len(), MOST);
        ranges.insert(355..360);
        assert_eq!(ranges.0.len(), MOST);
        assert!(ranges.contains(370) && !ranges.contains(350) && ranges.contains(300));
    }

    proptest! {
        #[test]
        fn few_ranges_are_the_set_of_their_bytes(
            few in prop::collection::vec((0u64..60, 0u64..20), 0..MOST),
            cut in 0u64..80,
        ) {
            let mut bytes = std::collections::BTreeSet::new();
            let mut ranges = Ranges::default();
            for (start, length) in few {
                ranges.insert(start..start + length);
                bytes.extend(start..start + length);
                prop_assert!((0..100).all(|byte| ranges.contains(byte) == bytes.contains(&byte)), "{ranges:?}");
            }
            prop_assert!(ranges.0.windows(2).all(|pair| pair[0].end < pair[1].start), "{ranges:?}");
            ranges.cut(cut);
            prop_assert!((0..100).all(|byte| ranges.contains(byte) == (byte < cut && bytes.contains(&byte))));
            prop_assert_eq!(ranges.is_empty(), bytes.range(..cut).next().is_none());
        }
    }
}
