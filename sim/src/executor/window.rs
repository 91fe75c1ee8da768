//! Things with consecutive numbers, of which the first ones usually go first.

use std::collections::{BTreeMap, VecDeque};

/// Slots kept for things that came lately; what stays longer waits elsewhere.
const WIDTH: usize = 1_024;

/// A map from consecutive numbers that costs no search and, once warm, no allocation: calls and disk
/// operations begin and end by the thousand, a few at a time.
#[derive(Debug)]
pub(super) struct Window<T> {
    /// The number of the first slot.
    first: u64,
    slots: VecDeque<Option<T>>,
    /// What was still there when its slot was needed.
    long_lived: BTreeMap<u64, T>,
}

impl<T> Default for Window<T> {
    fn default() -> Self {
        Window { first: 0, slots: VecDeque::new(), long_lived: BTreeMap::new() }
    }
}

impl<T> Window<T> {
    /// Adds a thing; its number.
    #[inline]
    pub fn push(&mut self, thing: T) -> u64 {
        if self.slots.len() == WIDTH {
            self.make_room();
        }
        self.slots.push_back(Some(thing));
        self.first + self.slots.len() as u64 - 1
    }

    #[cold]
    fn make_room(&mut self) {
        let oldest = self.slots.pop_front().flatten().map(|thing| (self.first, thing));
        self.long_lived.extend(oldest);
        self.first += 1;
    }

    /// Looks at the thing of that number, if it is still there.
    #[inline]
    pub fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        match number.checked_sub(self.first) {
            Some(place) => self.slots.get_mut(usize::try_from(place).ok()?)?.as_mut(),
            None => self.long_lived.get_mut(&number),
        }
    }

    /// Takes the thing of that number out.
    #[inline]
    pub fn remove(&mut self, number: u64) -> Option<T> {
        let Some(place) = number.checked_sub(self.first) else { return self.long_lived.remove(&number) };
        let thing = self.slots.get_mut(usize::try_from(place).ok()?)?.take();
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.first += 1;
        }
        thing
    }

    /// All that is there, in the order of the numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let lately = (self.first..).zip(&self.slots).filter_map(|(number, slot)| Some((number, slot.as_ref()?)));
        self.long_lived.iter().map(|(number, thing)| (*number, thing)).chain(lately)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_window_behaves_like_a_map(
            actions in prop::collection::vec((0u8..4, any::<prop::sample::Index>()), 0..4_000)
        ) {
            let mut window = Window::default();
            let mut model: BTreeMap<u64, usize> = BTreeMap::new();
            let mut pushed = 0;
            for (step, (action, which)) in actions.into_iter().enumerate() {
                let number = which.index(pushed + 2) as u64;
                match action {
                    0 => prop_assert_eq!(window.remove(number), model.remove(&number)),
                    1 => prop_assert_eq!(window.get_mut(number).copied(), model.get(&number).copied()),
                    _ => {
                        let number = window.push(step);
                        prop_assert_eq!(number, pushed as u64);
                        model.insert(number, step);
                        pushed += 1;
                    }
                }
            }
            let left: Vec<(u64, usize)> = window.iter().map(|(number, thing)| (number, *thing)).collect();
            prop_assert_eq!(left, model.into_iter().collect::<Vec<_>>());
        }
    }
}
