//! The timers a node has set, in the order in which they are due. The tester of a flight is such a node too.

use crate::line::TimerId;
use crate::units::Nanos;
use std::collections::BTreeMap;

/// When a timer is due, and the how manieth it was to be set: of equal times the older one goes first.
type Due = (Nanos, u64);

#[derive(Debug, Default)]
pub struct Timers {
    queue: BTreeMap<Due, TimerId>,
    /// By slot: each has one timer at the most.
    armed: BTreeMap<u32, Due>,
    count: u64,
}

impl Timers {
    pub fn arm(&mut self, timer: TimerId, at: Nanos) {
        self.disarm(timer.slot);
        self.count += 1;
        self.queue.insert((at, self.count), timer);
        self.armed.insert(timer.slot, (at, self.count));
    }

    pub fn cancel(&mut self, timer: TimerId) {
        let armed = self.armed.get(&timer.slot).and_then(|due| self.queue.get(due));
        if armed == Some(&timer) {
            self.disarm(timer.slot);
        }
    }

    fn disarm(&mut self, slot: u32) {
        if let Some(due) = self.armed.remove(&slot) {
            self.queue.remove(&due);
        }
    }

    /// When the first one is due.
    pub fn next(&self) -> Option<Nanos> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// How many were set so far: those set later are not [`due`](Timers::due) in the same round.
    pub const fn mark(&self) -> u64 {
        self.count
    }

    /// Takes out the first one that is due at `now` and was set before `mark`.
    pub fn due(&mut self, now: Nanos, mark: u64) -> Option<TimerId> {
        let first = self.queue.first_entry()?;
        let (at, number) = *first.key();
        if at > now || number > mark {
            return None;
        }
        let timer = first.remove();
        self.armed.remove(&timer.slot);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn timer(slot: u32, generation: u32) -> TimerId {
        TimerId { slot, generation }
    }

    #[test]
    fn timers_are_due_in_the_order_of_their_times_and_then_of_their_setting() {
        let mut timers = Timers::default();
        for (slot, at) in [(0, 30), (1, 10), (2, 10), (3, 20)] {
            timers.arm(timer(slot, 0), Nanos(at));
        }
        assert_eq!(timers.next(), Some(Nanos(10)));
        let mark = timers.mark();
        let due: Vec<u32> = std::iter::from_fn(|| timers.due(Nanos(25), mark)).map(|timer| timer.slot).collect();
        assert_eq!(due, [1, 2, 3]);
        assert_eq!(timers.next(), Some(Nanos(30)));
    }

    #[test]
    fn a_timer_taken_back_does_not_go_off_and_an_old_name_takes_nothing_back() {
        let mut timers = Timers::default();
        timers.arm(timer(0, 0), Nanos(1));
        timers.cancel(timer(0, 0));
        timers.arm(timer(0, 1), Nanos(2));
        timers.cancel(timer(0, 0));
        let mark = timers.mark();
        assert_eq!(timers.due(Nanos(9), mark), Some(timer(0, 1)));
        assert_eq!(timers.due(Nanos(9), mark), None);
    }

    #[test]
    fn a_timer_set_in_this_round_waits_for_the_next_though_it_is_due() {
        let mut timers = Timers::default();
        timers.arm(timer(0, 0), Nanos(1));
        let mark = timers.mark();
        assert!(timers.due(Nanos(5), mark).is_some());
        timers.arm(timer(0, 1), Nanos(5));
        assert_eq!(timers.due(Nanos(5), mark), None);
        let mark = timers.mark();
        assert_eq!(timers.due(Nanos(5), mark), Some(timer(0, 1)));
    }
}
