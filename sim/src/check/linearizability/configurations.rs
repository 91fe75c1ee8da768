//! What the search carries from event to event: the configurations that a service may be in, none of them worse than another.

use super::slots::Slots;
use super::states::{StateId, more};

/// One way in which everything that has returned can have been ordered: where that leads, and what it leaves of the open operations.
/// Those in neither set took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Configuration {
    pub state: StateId,
    /// Operations that have still to take effect.
    pub must: Slots,
    /// Operations that may still take effect or not: their outcome is unknown, or their answer is explained already by a place
    /// in this order at which they change nothing.
    pub may: Slots,
}

impl Configuration {
    /// Whether whatever `other` can still explain, this one can as well. An operation that may or may not take effect is worth as much as
    /// one that must and one that has.
    fn covers(&self, other: &Configuration) -> bool {
        self.state == other.state
            && self.must.within(&other.must)
            && other.may.within(&self.may)
            && other.must.within_either(&self.must, &self.may)
    }

    fn heap_bytes(&self) -> usize {
        self.must.heap_bytes() + self.may.heap_bytes()
    }
}

/// Configurations of which none covers another, found by their state.
#[derive(Clone, Debug, Default)]
pub(super) struct Configurations {
    all: Vec<Option<Configuration>>,
    /// A chain through those of one state: the place behind each, and by state's number the place that comes first.
    states: Vec<StateId>,
    next: Vec<u32>,
    first: Vec<u32>,
    live: usize,
    heap_bytes: usize,
    /// How many comparisons were made and not counted yet.
    compared: u64,
}

const END: u32 = u32::MAX;

impl Configurations {
    pub fn len(&self) -> usize {
        self.live
    }

    /// Where it is, if there is but one, and it was the first.
    pub fn only(&self) -> Option<usize> {
        (self.live == 1 && self.all.len() == 1).then_some(0)
    }

    pub fn clear(&mut self) {
        for state in self.states.drain(..) {
            self.first[state.0 as usize] = END;
        }
        self.all.clear();
        self.next.clear();
        self.live = 0;
        self.heap_bytes = 0;
    }

    /// How many places there are, some of them empty: see [`at`](Configurations::at).
    pub fn places(&self) -> usize {
        self.all.len()
    }

    pub fn at(&self, place: usize) -> Option<&Configuration> {
        self.all[place].as_ref()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Configuration> {
        self.all.iter().flatten()
    }

    /// Adds an operation to the one at `place`: one that may happen, or one that must.
    pub fn open(&mut self, place: usize, slot: usize, may: bool) {
        if let Some(configuration) = &mut self.all[place] {
            self.heap_bytes -= configuration.heap_bytes();
            if may {
                configuration.may.insert(slot)
            } else {
                configuration.must.insert(slot)
            }
            self.heap_bytes += configuration.heap_bytes();
        }
    }

    /// Gives the states other numbers, none of them a larger one.
    pub fn rename(&mut self, number: impl Fn(StateId) -> StateId) {
        for state in self.states.drain(..) {
            self.first[state.0 as usize] = END;
        }
        self.next.clear();
        self.all.retain(Option::is_some);
        for place in 0..self.all.len() {
            let Some(configuration) = &mut self.all[place] else { continue };
            configuration.state = number(configuration.state);
            let state = configuration.state;
            self.chain(state, place);
        }
    }

    /// How many bytes more it may take to add an operation in this slot to all of them.
    pub fn growth_of_opening(&self, slot: usize) -> usize {
        if slot < 64 {
            return 0; // these need no memory of their own
        }
        self.iter().map(|one| one.must.growth(slot).max(one.may.growth(slot))).sum()
    }

    /// Adds one unless another covers it, and drops those that it covers.
    pub fn insert(&mut self, new: Configuration) {
        let mut place = self.first_of(new.state);
        while place != END {
            let at = place as usize;
            self.compared += 1;
            if let Some(old) = &self.all[at] {
                if old.covers(&new) {
                    return;
                }
                if new.covers(old) {
                    self.drop_at(at);
                }
            }
            place = self.next[at];
        }
        self.push(new);
    }

    /// Drops those that this one covers.
    pub fn drop_covered(&mut self, by: &Configuration) {
        let mut place = self.first_of(by.state);
        while place != END {
            let at = place as usize;
            self.compared += 1;
            if self.all[at].as_ref().is_some_and(|old| by.covers(old)) {
                self.drop_at(at);
            }
            place = self.next[at];
        }
    }

    /// How many comparisons were made since this was asked.
    pub fn take_compared(&mut self) -> u64 {
        std::mem::take(&mut self.compared)
    }

    /// Bytes of all of them with one more, for which the lists may double, if there is room for so many states.
    pub fn bytes(&self, states: usize) -> usize {
        let doubled = if self.all.len() == self.all.capacity() { 2 } else { 1 };
        let lists = self.all.capacity() * (size_of::<Option<Configuration>>() + size_of::<StateId>() + 4);
        let first = self.first.capacity();
        lists * doubled + (first + more(0, first, states)) * 4 + self.heap_bytes
    }

    fn first_of(&self, state: StateId) -> u32 {
        self.first.get(state.0 as usize).copied().unwrap_or(END)
    }

    pub fn drop_at(&mut self, at: usize) {
        if let Some(old) = self.all[at].take() {
            self.heap_bytes -= old.heap_bytes();
            self.live -= 1;
        }
    }

    fn push(&mut self, new: Configuration) {
        let state = new.state.0 as usize;
        if self.first.len() <= state {
            self.first.resize(state + 1, END);
        }
        self.heap_bytes += new.heap_bytes();
        self.live += 1;
        let place = self.all.len();
        self.chain(new.state, place);
        self.all.push(Some(new));
    }

    /// Puts the one at this place, behind all others, first of those of its state.
    fn chain(&mut self, state: StateId, place: usize) {
        let place = u32::try_from(place).expect("the budget in bytes ends before four billion configurations");
        self.next.push(std::mem::replace(&mut self.first[state.0 as usize], place));
        self.states.push(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(of: &[usize]) -> Slots {
        let mut slots = Slots::default();
        of.iter().for_each(|slot| slots.insert(*slot));
        slots
    }

    fn configuration(must: &[usize], may: &[usize]) -> Configuration {
        Configuration { state: StateId(3), must: slots(must), may: slots(may) }
    }

    #[test]
    fn an_operation_that_may_is_worth_one_that_must_and_one_that_has() {
        let may = configuration(&[], &[1]);
        let must = configuration(&[1], &[]);
        let has = configuration(&[], &[]);
        assert!(may.covers(&must) && may.covers(&has));
        assert!(!must.covers(&may) && !has.covers(&may));
        assert!(!must.covers(&has) && !has.covers(&must));
    }

    #[test]
    fn what_is_covered_is_not_kept_whichever_comes_first() {
        for pair in
            [[configuration(&[], &[1]), configuration(&[1], &[])], [configuration(&[], &[]), configuration(&[], &[1])]]
        {
            let mut kept = Configurations::default();
            pair.into_iter().for_each(|one| kept.insert(one));
            assert_eq!(kept.iter().collect::<Vec<_>>(), [&configuration(&[], &[1])]);
        }
    }

    #[test]
    fn other_states_are_never_covered() {
        let mut kept = Configurations::default();
        kept.insert(Configuration { state: StateId(1), ..configuration(&[], &[1]) });
        kept.insert(configuration(&[], &[]));
        assert_eq!(kept.len(), 2);
        kept.clear();
        kept.insert(configuration(&[], &[]));
        assert_eq!(kept.len(), 1);
    }
}
