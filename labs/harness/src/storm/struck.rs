//! How often each family of faults struck, and which faults still wait for an event's number.
//!
//! What is counted is strikes: one partition is many cuts, and still one. An event without a strike's name counts alone.
//! An event with a number strikes between two events of the world, unseen by the tester; so it is counted
//! when the world has come past that number, and not at all if it never does.

use super::roughness::Roughness;
use crate::scenario::{Event, ResolvedAction};
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::EventNumber;

/// The faults of one run.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    counts: BTreeMap<String, u64>,
    /// Strikes that were counted, by name.
    counted: BTreeSet<String>,
    /// Left for the world, in the order of the schedule.
    waiting: Vec<Waiting>,
    /// Whether the world was told to forget what still waits.
    over: bool,
    /// What the storm was like.
    pub roughness: Roughness,
}

#[derive(Debug)]
struct Waiting {
    number: EventNumber,
    event: Event,
    action: ResolvedAction,
}

impl Struck {
    /// An event strikes now.
    pub fn count(&mut self, event: &Event) {
        let is_first = |name: &String| self.counted.insert(name.clone());
        if !event.action.is_end() && event.strike.as_ref().is_none_or(is_first) {
            *self.counts.entry(event.family().to_owned()).or_default() += 1;
        }
    }

    /// An event is left for the world to strike with, after its event of that number.
    pub fn leave(&mut self, number: EventNumber, event: Event, action: ResolvedAction) {
        self.waiting.push(Waiting { number, event, action });
    }

    /// Counts what the world has struck with before this event, and gives it, in the order in which it struck.
    pub fn before(&mut self, now: EventNumber) -> Vec<(Event, ResolvedAction)> {
        let (mut due, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|left| left.number < now);
        self.waiting = waiting;
        due.sort_by_key(|left| left.number);
        due.iter().for_each(|left| self.count(&left.event));
        due.into_iter().map(|left| (left.event, left.action)).collect()
    }

    /// All is healed: what still waits never strikes.
    pub fn storm_is_over(&mut self, now: EventNumber) {
        self.before(now);
        self.over = true;
    }

    /// The run has ended after so many events.
    pub fn run_is_over(&mut self, events: EventNumber) {
        if !self.over {
            self.before(EventNumber(events.0 + 1));
        }
    }

    /// How often each family struck.
    pub fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// The same, and those that were foreseen and never struck.
    pub fn counts_of(&self, foreseen: &BTreeSet<String>) -> BTreeMap<String, u64> {
        let never = foreseen.iter().map(|family| (family.clone(), 0));
        never.chain(self.counts.clone()).collect()
    }

    /// The faults whose event never came, in words.
    pub fn never_struck(&self) -> Vec<String> {
        let mut named = BTreeSet::new();
        let missed = self.waiting.iter().filter(|left| !left.event.action.is_end());
        let strikes = missed.filter(|left| left.event.strike.as_ref().is_none_or(|name| named.insert(name)));
        strikes.map(|left| format!("{} at event {}", left.event.family(), left.number.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Action, Place, Places, When};
    use windtunnel::NodeId;

    fn left(struck: &mut Struck, number: u64, node: u32) {
        let (node, number) = (NodeId(node), EventNumber(number));
        let when = When::AtEvent(number);
        let event = Event { when, action: Action::Kill { node: Place::Node(node) }, strike: None, pick: None };
        struck.leave(number, event, Action::Kill { node });
    }

    #[test]
    fn a_strike_of_many_events_counts_once_and_is_missed_once() {
        let mut struck = Struck::default();
        let cut = |strike: &str, from: u32| Event {
            when: When::AtEvent(EventNumber(5)),
            action: Action::Cut { from: Places::Nodes(vec![NodeId(from)]), to: Places::All },
            strike: Some(strike.to_owned()),
            pick: None,
        };
        for event in [cut("partition-1.1", 1), cut("partition-1.1", 2), cut("partition-1.2", 1)] {
            struck.count(&event);
        }
        assert_eq!(*struck.counts(), BTreeMap::from([("partition".to_owned(), 2)]));
        for event in [cut("partition-1.3", 1), cut("partition-1.3", 2)] {
            struck.leave(EventNumber(5), event, Action::Cut { from: vec![], to: vec![] });
        }
        assert_eq!(struck.never_struck(), ["partition at event 5"]);
    }

    #[test]
    fn what_comes_is_counted_once_in_the_order_of_numbers() {
        let mut struck = Struck::default();
        left(&mut struck, 20, 1);
        left(&mut struck, 10, 2);
        left(&mut struck, 21, 3);
        let came: Vec<ResolvedAction> = struck.before(EventNumber(21)).into_iter().map(|(_, action)| action).collect();
        assert_eq!(came, [Action::Kill { node: NodeId(2) }, Action::Kill { node: NodeId(1) }]);
        assert!(struck.before(EventNumber(21)).is_empty());
        assert_eq!(*struck.counts(), BTreeMap::from([("kill".to_owned(), 2)]));
    }

    #[test]
    fn what_was_foreseen_and_never_came_is_told_by_a_nought() {
        let mut struck = Struck::default();
        left(&mut struck, 10, 1);
        struck.run_is_over(EventNumber(10));
        let foreseen = ["kill", "pause"].map(str::to_owned).into();
        let expected = [("kill".to_owned(), 1), ("pause".to_owned(), 0)];
        assert_eq!(struck.counts_of(&foreseen), BTreeMap::from(expected));
    }

    #[test]
    fn what_never_comes_is_not_counted_but_told() {
        let mut struck = Struck::default();
        left(&mut struck, 50, 1);
        struck.storm_is_over(EventNumber(50));
        struck.run_is_over(EventNumber(90));
        assert_eq!(struck.never_struck(), ["kill at event 50"]);
        assert_eq!(*struck.counts(), BTreeMap::new());
    }

    #[test]
    fn a_run_that_ends_in_the_storm_counts_what_struck_after_its_last_event() {
        let mut struck = Struck::default();
        left(&mut struck, 50, 1);
        left(&mut struck, 51, 1);
        struck.run_is_over(EventNumber(50));
        assert_eq!(*struck.counts(), BTreeMap::from([("kill".to_owned(), 1)]));
    }
}
