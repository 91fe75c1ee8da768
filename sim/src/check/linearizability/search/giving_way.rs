//! Equal operations: two that ask and answer the same may change places in any order in which both are open, so only one of the two
//! ways need be tried.
//!
//! Of two that must take effect the one that ends first goes first: if an order has the other one before it, the exchanged order explains the same, and the
//! one that moves back has more time left. That holds only as long as the one that ends first must still happen; where its answer is explained
//! already it need not, and the other one may be all there is. Of two of unknown outcome, neither of which ever ends, the one called first goes first.

use super::{Open, Operations, Search, asked};
use crate::check::linearizability::budget::Meter;
use crate::check::linearizability::configurations::Configuration;
use crate::check::model::Model;

/// An operation of unknown outcome, the last called of those that are equal to it, by its slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastOfEqual {
    slot: usize,
    operation: usize,
}

impl<M: Model> Search<'_, M> {
    /// Finds out what goes before the operation in this slot, which was called last, and before what it goes.
    pub(super) fn rank(&mut self, operations: &Operations<M>, slot: usize, is_new_slot: bool, meter: &mut Meter) {
        let Some(open) = self.window[slot] else { return };
        if !is_new_slot {
            self.go_first[slot].clear();
            self.go_first.iter_mut().for_each(|before_it| before_it.remove(slot));
        }
        if open.ends.is_none() {
            return self.rank_unknown(operations, slot, open, meter);
        }
        meter.compared(self.window.len() as u64 - 1);
        for other_slot in (0..self.window.len()).filter(|other| *other != slot) {
            let Some(other) = self.window[other_slot].filter(|other| other.ends.is_some()) else { continue };
            if is_equal::<M>(operations, open, other) {
                if other.ends < open.ends {
                    self.let_go_first(other_slot, slot, meter);
                } else if open.ends < other.ends {
                    self.let_go_first(slot, other_slot, meter);
                }
            }
        }
    }

    /// Clients that try for long leave thousands of equal ones: each waits for the one before it.
    fn rank_unknown(&mut self, operations: &Operations<M>, slot: usize, open: Open, meter: &mut Meter) {
        let window = &self.window;
        self.unknown.retain(|last| window[last.slot].is_some_and(|open| open.operation == last.operation));
        meter.compared(self.unknown.len() as u64);
        let is_before =
            |last: &LastOfEqual| window[last.slot].is_some_and(|other| is_equal::<M>(operations, open, other));
        let last = LastOfEqual { slot, operation: open.operation };
        match self.unknown.iter().position(is_before) {
            Some(place) => {
                let first = std::mem::replace(&mut self.unknown[place], last).slot;
                self.let_go_first(first, slot, meter);
            }
            None => self.unknown.push(last),
        }
    }

    fn let_go_first(&mut self, first: usize, slot: usize, meter: &mut Meter) {
        let before_it = &mut self.go_first[slot];
        let growth = before_it.growth(first);
        if growth > 0 && !meter.has_room(growth) {
            return;
        }
        self.go_first_bytes -= before_it.heap_bytes();
        before_it.insert(first);
        self.go_first_bytes += before_it.heap_bytes();
    }

    /// Whether the operation in this slot may wait until an equal one has happened.
    pub(super) fn gives_way(&self, from: &Configuration, slot: usize, open: Open) -> bool {
        let still_to_come = if open.ends.is_some() { &from.must } else { &from.may };
        self.go_first[slot].meets(still_to_come)
    }
}

fn is_equal<M: Model>(operations: &Operations<M>, one: Open, other: Open) -> bool {
    let asked = |open: Open| asked::<M>(operations, open.operation, open.is_let_go);
    // Reads are never given a place of their own.
    !one.is_read && !other.is_read && asked(one).output == asked(other).output && asked(one).input == asked(other).input
}
