//! Sets of open operations: one bit a slot of the window, however long the history.

use super::states::more;

/// A set of slots. The first 64 need no memory of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Slots {
    first: u64,
    more: Vec<u64>,
}

impl Slots {
    pub fn insert(&mut self, slot: usize) {
        *self.word_mut(slot / 64) |= 1 << (slot % 64);
    }

    pub fn remove(&mut self, slot: usize) {
        match slot / 64 {
            0 => self.first &= !(1 << slot),
            word => {
                if let Some(bits) = self.more.get_mut(word - 1) {
                    *bits &= !(1 << (slot % 64));
                }
                // Equal sets are equal values.
                while self.more.last() == Some(&0) {
                    self.more.pop();
                }
            }
        }
    }

    pub fn clear(&mut self) {
        self.first = 0;
        self.more.clear();
    }

    pub fn contains(&self, slot: usize) -> bool {
        self.word(slot / 64) >> (slot % 64) & 1 == 1
    }

    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.more.is_empty()
    }

    /// Whether this is all that is in it.
    pub fn is_only(&self, slot: usize) -> bool {
        slot < 64 && self.first == 1 << slot && self.more.is_empty()
    }

    /// Whether all of these are in `others`.
    pub fn within(&self, others: &Slots) -> bool {
        self.first & !others.first == 0 && (1..self.words()).all(|word| self.word(word) & !others.word(word) == 0)
    }

    /// Whether any of these is in `others`.
    pub fn meets(&self, others: &Slots) -> bool {
        self.first & others.first != 0 || (1..self.words()).any(|word| self.word(word) & others.word(word) != 0)
    }

    /// Whether all of these are in one of the two.
    pub fn within_either(&self, left: &Slots, right: &Slots) -> bool {
        self.first & !(left.first | right.first) == 0
            && (1..self.words()).all(|word| self.word(word) & !(left.word(word) | right.word(word)) == 0)
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.words()).flat_map(|word| Bits(self.word(word)).map(move |bit| word * 64 + bit))
    }

    /// How many bytes more it may take to insert this one.
    pub fn growth(&self, slot: usize) -> usize {
        more(self.more.len(), self.more.capacity(), (slot / 64).saturating_sub(self.more.len())) * 8
    }

    /// Bytes besides its own.
    pub fn heap_bytes(&self) -> usize {
        self.more.capacity() * 8
    }

    fn words(&self) -> usize {
        1 + self.more.len()
    }

    fn word(&self, word: usize) -> u64 {
        match word {
            0 => self.first,
            _ => self.more.get(word - 1).copied().unwrap_or(0),
        }
    }

    fn word_mut(&mut self, word: usize) -> &mut u64 {
        match word {
            0 => &mut self.first,
            _ => {
                if self.more.len() < word {
                    self.more.resize(word, 0);
                }
                &mut self.more[word - 1]
            }
        }
    }
}

/// The bits of a word that are set, lowest first.
pub(super) struct Bits(pub u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn slots(of: &BTreeSet<usize>) -> Slots {
        let mut slots = Slots::default();
        of.iter().for_each(|slot| slots.insert(*slot));
        slots
    }

    proptest! {
        #[test]
        fn slots_behave_as_a_set(
            left in prop::collection::btree_set(0..200_usize, 0..20),
            right in prop::collection::btree_set(0..200_usize, 0..20),
            third in prop::collection::btree_set(0..200_usize, 0..20),
        ) {
            prop_assert_eq!(slots(&left).iter().collect::<BTreeSet<_>>(), left.clone());
            prop_assert_eq!(slots(&left).within(&slots(&right)), left.is_subset(&right));
            prop_assert_eq!(slots(&left).meets(&slots(&right)), !left.is_disjoint(&right));
            let either = right.union(&third).copied().collect::<BTreeSet<_>>();
            prop_assert_eq!(slots(&left).within_either(&slots(&right), &slots(&third)), left.is_subset(&either));
            let mut rest = slots(&left);
            right.iter().for_each(|slot| rest.remove(*slot));
            prop_assert_eq!(rest, slots(&left.difference(&right).copied().collect()));
        }
    }
}
