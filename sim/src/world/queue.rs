//! The one queue of all that is going to happen.

use crate::units::Nanos;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// When something has its turn: at its time, and after all that was given a turn at that time before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn(u128);

impl Turn {
    /// Behind all others.
    pub const NEVER: Turn = Turn(u128::MAX);

    /// The time.
    pub const fn at(self) -> Nanos {
        Nanos((self.0 >> 64) as u64)
    }

    const fn slot(self) -> usize {
        (self.0 & ((1 << SLOT_BITS) - 1)) as usize
    }

    const fn without_slot(self) -> Turn {
        Turn(self.0 >> SLOT_BITS << SLOT_BITS)
    }
}

/// Bits of a key that hold the place in the table: 64 million items at once. Above them stand 38 bits of
/// the number of the turn, and above those the time.
const SLOT_BITS: u32 = 26;

/// Items in the order of their time; items of equal time in the order in which they were pushed.
///
/// The heap holds small keys; the items wait in a table, so that sifting moves 16 bytes.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Reverse<Turn>>,
    items: Vec<Option<T>>,
    free: Vec<u32>,
    turns: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue { heap: BinaryHeap::new(), items: Vec::new(), free: Vec::new(), turns: 0 }
    }
}

impl<T> Queue<T> {
    /// The next turn at that time, for an item that may be pushed later.
    pub fn turn(&mut self, at: Nanos) -> Turn {
        self.turns += 1;
        Turn(u128::from(at.0) << 64 | u128::from(self.turns << SLOT_BITS))
    }

    /// # Panics
    /// When more items wait than the memory of a worker holds.
    pub fn push(&mut self, at: Nanos, item: T) {
        let turn = self.turn(at);
        self.push_at(turn, item);
    }

    /// Pushes an item for a turn that was given before.
    ///
    /// # Panics
    /// When more items wait than the memory of a worker holds.
    pub fn push_at(&mut self, turn: Turn, item: T) {
        let slot = if let Some(slot) = self.free.pop() {
            self.items[slot as usize] = Some(item);
            slot
        } else {
            assert!(self.items.len() < 1 << SLOT_BITS, "too many events wait");
            self.items.push(Some(item));
            (self.items.len() - 1) as u32
        };
        self.heap.push(Reverse(Turn(turn.0 | u128::from(slot))));
    }

    /// The first item, and its turn.
    pub fn pop(&mut self) -> Option<(Turn, T)> {
        let Reverse(first) = self.heap.pop()?;
        self.free.push(first.slot() as u32);
        let item = self.items[first.slot()].take().expect("a key of the heap has an item");
        Some((first.without_slot(), item))
    }
}

#[cfg(test)]
impl<T> Queue<T> {
    pub fn pop_turn_before(&mut self, horizon: Nanos) -> Option<(Turn, T)> {
        let Reverse(first) = self.heap.peek()?;
        if first.at() < horizon { self.pop() } else { None }
    }

    pub fn pop_before(&mut self, horizon: Nanos) -> Option<(Nanos, T)> {
        self.pop_turn_before(horizon).map(|(turn, item)| (turn.at(), item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn items_come_by_time_and_then_in_the_order_of_their_turns(
            actions in prop::collection::vec(prop::option::weighted(0.6, (0u64..20, any::<bool>())), 0..300)
        ) {
            let mut queue = Queue::default();
            let mut model: Vec<(u64, usize)> = Vec::new();
            let mut held_back = Vec::new();
            for (number, action) in actions.into_iter().enumerate() {
                match action {
                    Some((at, true)) => {
                        held_back.push((queue.turn(Nanos(at)), at, number));
                    }
                    Some((at, false)) => {
                        queue.push(Nanos(at), number);
                        model.push((at, number));
                    }
                    None => {
                        for (turn, at, number) in held_back.drain(..) {
                            queue.push_at(turn, number);
                            model.push((at, number));
                        }
                        let first = model.iter().copied().min();
                        model.retain(|entry| Some(*entry) != first);
                        prop_assert_eq!(queue.pop().map(|(turn, number)| (turn.at().0, number)), first);
                    }
                }
            }
        }
    }
}
