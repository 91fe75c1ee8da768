//! The timers of a process as the world sees them.
//!
//! Most timers are deadlines that are cancelled long before they are due, and the next one takes their
//! slot. So a slot has one item in the queue, which stays: when it comes, and the slot means a later time by then,
//! it goes back for that. A caller with a deadline of a second on each call costs the queue one item a
//! second, not one a call.

use super::queue::Turn;
use crate::line::TimerId;
use crate::units::Nanos;

/// By slot.
#[derive(Debug, Default)]
pub(super) struct Timers(Vec<Slot>);

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The timer's generation plus one, or 0 if none is set.
    generation: u32,
    /// When it is due on the node's monotonic clock, and when in the queue.
    at: Nanos,
    turn: Turn,
    /// That of the item in the queue that counts, or [`Turn::NEVER`].
    queued: Turn,
}

impl Slot {
    const EMPTY: Slot = Slot { generation: 0, at: Nanos::ZERO, turn: Turn::NEVER, queued: Turn::NEVER };

    /// Whether that timer is set and not cancelled.
    const fn holds(&self, timer: TimerId) -> bool {
        self.generation == timer.generation.wrapping_add(1)
    }
}

/// What an item of the queue means for its slot when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Come {
    /// Nothing.
    Stale,
    /// It goes back into the queue.
    Later(Turn),
    /// The timer that it holds goes off.
    Now,
}

impl Timers {
    /// Sets a timer. True if that takes an item in the queue.
    #[must_use]
    pub fn arm(&mut self, timer: TimerId, at: Nanos, turn: Turn) -> bool {
        let place = timer.slot as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, Slot::EMPTY);
        }
        let slot = &mut self.0[place];
        (slot.generation, slot.at, slot.turn) = (timer.generation.wrapping_add(1), at, turn);
        let comes_too_late = slot.queued > turn;
        if comes_too_late {
            slot.queued = turn;
        }
        comes_too_late
    }

    pub fn cancel(&mut self, timer: TimerId) {
        self.take_due(timer, Nanos::MAX);
    }

    /// The item of that turn has come.
    pub fn come(&mut self, place: u32, turn: Turn) -> Come {
        let slot = &mut self.0[place as usize];
        if slot.queued != turn {
            return Come::Stale;
        }
        slot.queued = Turn::NEVER;
        match slot.generation {
            0 => Come::Stale,
            _ if slot.turn > turn => {
                slot.queued = slot.turn;
                Come::Later(slot.turn)
            }
            _ => Come::Now,
        }
    }

    /// The timer that a slot holds.
    pub fn holder(&self, place: u32) -> TimerId {
        TimerId { slot: place, generation: self.0[place as usize].generation.wrapping_sub(1) }
    }

    /// Whether the timer is set and due when the node's clock shows `reading`; it no longer is set then.
    pub fn take_due(&mut self, timer: TimerId, reading: Nanos) -> bool {
        match self.0.get_mut(timer.slot as usize) {
            Some(slot) if slot.holds(timer) && slot.at <= reading => {
                slot.generation = 0;
                true
            }
            _ => false,
        }
    }

    /// All timers that are set, and for when.
    pub fn iter(&self) -> impl Iterator<Item = (TimerId, Nanos)> {
        let set = self.0.iter().zip(0..).filter(|(slot, _)| slot.generation != 0);
        set.map(|(slot, place)| (TimerId { slot: place, generation: slot.generation.wrapping_sub(1) }, slot.at))
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue::Queue;
    use super::*;
    use proptest::prelude::*;

    const SLOTS: u32 = 3;

    proptest! {
        /// Against a queue that gets an item for every timer.
        #[test]
        fn timers_go_off_as_if_each_had_an_item_of_its_own(
            actions in prop::collection::vec((0u8..5, 0..SLOTS, 0u64..30), 0..120)
        ) {
            let (mut timers, mut queue, mut plain) = (Timers::default(), Queue::default(), Queue::default());
            let mut set: [Option<TimerId>; SLOTS as usize] = [None; SLOTS as usize];
            let (mut generation, mut now) = (0, Nanos::ZERO);
            let (mut went_off, mut expected) = (Vec::new(), Vec::new());
            for (action, slot, ahead) in actions {
                let old = set[slot as usize];
                match (action, old) {
                    (0 | 1, None) => {
                        generation += 1;
                        let (timer, due) = (TimerId { slot, generation }, now + Nanos(ahead));
                        set[slot as usize] = Some(timer);
                        let turn = queue.turn(due);
                        if timers.arm(timer, due, turn) {
                            queue.push_at(turn, slot);
                        }
                        plain.push(due, timer);
                    }
                    (2, Some(timer)) => {
                        timers.cancel(timer);
                        set[slot as usize] = None;
                    }
                    _ => {
                        let horizon = now + Nanos(ahead);
                        let mut still_set = set;
                        while let Some((at, timer)) = plain.pop_before(horizon) {
                            if still_set[timer.slot as usize] == Some(timer) {
                                still_set[timer.slot as usize] = None;
                                expected.push((at, timer));
                            }
                        }
                        while let Some((turn, slot)) = queue.pop_turn_before(horizon) {
                            match timers.come(slot, turn) {
                                Come::Stale => {}
                                Come::Later(turn) => queue.push_at(turn, slot),
                                Come::Now => {
                                    let timer = timers.holder(slot);
                                    prop_assert!(timers.take_due(timer, turn.at()));
                                    went_off.push((turn.at(), timer));
                                }
                            }
                        }
                        (set, now) = (still_set, horizon);
                    }
                }
            }
            prop_assert_eq!(went_off, expected);
        }
    }
}
