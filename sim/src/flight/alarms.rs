//! The tester's timers, on the real clock.

use crate::line::TimerId;
use crate::units::Nanos;
use std::collections::BTreeMap;

/// Timers that are set, in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    due: BTreeMap<(Nanos, u64), TimerId>,
    places: BTreeMap<(u32, u32), (Nanos, u64)>,
    /// Timers of the same time go off in the order in which they were set.
    set: u64,
}

impl Alarms {
    pub fn set(&mut self, timer: TimerId, at: Nanos) {
        self.cancel(timer);
        self.set += 1;
        self.due.insert((at, self.set), timer);
        self.places.insert((timer.slot, timer.generation), (at, self.set));
    }

    pub fn cancel(&mut self, timer: TimerId) {
        if let Some(place) = self.places.remove(&(timer.slot, timer.generation)) {
            self.due.remove(&place);
        }
    }

    /// When the first one is due.
    pub fn first(&self) -> Option<Nanos> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// The first one, if it is due; it no longer is set then.
    pub fn take_due(&mut self, now: Nanos) -> Option<TimerId> {
        let timer = *self.due.first_entry().filter(|first| first.key().0 <= now)?.get();
        self.cancel(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(slot: u32) -> TimerId {
        TimerId { slot, generation: 0 }
    }

    #[test]
    fn timers_go_off_in_order_and_not_before_their_time() {
        let mut alarms = Alarms::default();
        for (slot, at) in [(1, 30), (2, 10), (3, 10), (4, 20)] {
            alarms.set(timer(slot), Nanos(at));
        }
        alarms.cancel(timer(4));
        assert_eq!(alarms.first(), Some(Nanos(10)));
        assert_eq!(alarms.take_due(Nanos(9)), None);
        assert_eq!(alarms.take_due(Nanos(10)), Some(timer(2)));
        assert_eq!(alarms.take_due(Nanos(10)), Some(timer(3)));
        assert_eq!(alarms.take_due(Nanos(29)), None);
        assert_eq!(alarms.take_due(Nanos(30)), Some(timer(1)));
        assert_eq!(alarms.first(), None);
    }
}
