//! The one queue of all that is going to happen.

use crate::units::Nanos;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Items in the order of their time; items of equal time in the order in which they were pushed.
///
/// The heap holds small keys; the items wait in a table, so that sifting moves 16 bytes.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Reverse<u128>>,
    items: Vec<Option<T>>,
    free: Vec<u32>,
    pushed: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue { heap: BinaryHeap::new(), items: Vec::new(), free: Vec::new(), pushed: 0 }
    }
}

/// Bits of a key that hold the place in the table: 64 million items at once. Above them stand 38 bits of
/// the number of the push, and above those the time.
const SLOT_BITS: u32 = 26;

impl<T> Queue<T> {
    /// # Panics
    /// When more items wait than the memory of a worker holds.
    pub fn push(&mut self, at: Nanos, item: T) {
        let slot = if let Some(slot) = self.free.pop() {
            self.items[slot as usize] = Some(item);
            slot
        } else {
            assert!(self.items.len() < 1 << SLOT_BITS, "too many events wait");
            self.items.push(Some(item));
            (self.items.len() - 1) as u32
        };
        self.pushed += 1;
        let order = self.pushed << SLOT_BITS | u64::from(slot);
        self.heap.push(Reverse(u128::from(at.0) << 64 | u128::from(order)));
    }

    pub fn pop(&mut self) -> Option<(Nanos, T)> {
        let Reverse(key) = self.heap.pop()?;
        let slot = key as u32 & ((1 << SLOT_BITS) - 1);
        self.free.push(slot);
        let item = self.items[slot as usize].take().expect("a key of the heap has an item");
        Some((Nanos((key >> 64) as u64), item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn items_come_by_time_and_then_in_the_order_of_pushing(
            actions in prop::collection::vec(prop::option::weighted(0.6, 0u64..20), 0..200)
        ) {
            let mut queue = Queue::default();
            let mut model: Vec<(u64, usize)> = Vec::new();
            for (number, action) in actions.into_iter().enumerate() {
                match action {
                    Some(at) => {
                        queue.push(Nanos(at), number);
                        model.push((at, number));
                    }
                    None => {
                        let first = model.iter().copied().min();
                        model.retain(|entry| Some(*entry) != first);
                        prop_assert_eq!(queue.pop().map(|(at, number)| (at.0, number)), first);
                    }
                }
            }
        }
    }
}
