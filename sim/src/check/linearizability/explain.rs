//! Why a history is not linearizable: the smallest part of it that no order explains.
//!
//! The search says at which return no order was left. A few returns before that it is stopped and kept; from there on operations are let
//! go for as long as the rest still cannot be explained. An operation that is let go is not taken away, which
//! might make a contradiction of its own (a read of what nobody wrote): its outcome counts as unknown, so that it may have taken effect at any time after
//! its call, or never. So what is left contradicts itself, whatever became of the others.

use super::budget::{Exhausted, Meter};
use super::part::{Event, PartVerdict, judge};
use super::search::Search;
use crate::check::history::Operation;
use crate::check::model::{Asked, Model};

/// A contradiction with nothing left in it that could be let go.
pub(super) struct Core<State> {
    /// The operations, by their index, in the order of their calls.
    pub operations: Vec<usize>,
    /// The one that returned last.
    pub last: usize,
    /// The operation whose call or return was the first that was looked at anew; what was before that stands as the search found it.
    pub since: Option<usize>,
    /// The states that the object can have been in while that one was open, if they were found.
    pub states: Vec<State>,
}

/// How many returns before the contradiction letting go begins.
const RETURNS: usize = 16;

/// The events before a contradiction, and where the object stood when they began.
struct Scene<'s, 'm, M: Model> {
    model: &'m M,
    operations: &'s [Operation<M::Input, M::Output>],
    stood: Search<'m, M>,
    events: &'s [Event],
}

/// The smallest contradiction that a search of these events ends in, which had one at `at`; the smallest that was found within the budget.
pub(super) fn explain<M: Model>(
    model: &M,
    initial: M::State,
    operations: &[Operation<M::Input, M::Output>],
    events: &[Event],
    at: usize,
    meter: &mut Meter,
) -> Result<Core<M::State>, Exhausted> {
    let start = returns_from(events[..at].iter().rev(), RETURNS).map_or(0, |before| at - before);
    let mut stood = Search::new(model, initial);
    judge(&mut stood, operations, &events[..start], meter)?;
    stood.forget_the_horizon();
    let mut scene = Scene { model, operations, stood, events: &events[start..] };
    scene.end_at_the_first_return(at - start, meter)?;
    let last = scene.events.last().map_or(0, |event| event.operation());
    let mut core = scene.grow(meter).unwrap_or_else(|_| scene.returned());
    while let Ok(Some(smaller)) = scene.shrink(&core, meter) {
        core = smaller;
    }
    core.sort_unstable();
    let since = (start > 0).then(|| events[start].operation());
    Ok(Core { operations: core, last, since, states: scene.states_during(last, meter).unwrap_or_default() })
}

impl<'m, M: Model> Scene<'_, 'm, M> {
    /// Ends the scene with the first return at which what has returned so far contradicts itself. The search looks ahead and
    /// had none left at `at` already.
    fn end_at_the_first_return(&mut self, at: usize, meter: &mut Meter) -> Result<(), Exhausted> {
        let returns = (at..self.events.len()).filter(|place| matches!(self.events[*place], Event::Returned(_)));
        let ends = returns.take(super::horizon::Horizon::RETURNS + 1).collect::<Vec<_>>();
        let (whole, last) = (self.events, ends.len() - 1);
        // Most often it is the first or one of the next: in steps that double, then halve.
        let (mut low, mut high) = (0, 0);
        while high < last {
            self.events = &whole[..=ends[high]];
            if self.contradicts(&self.returned(), meter)? {
                break;
            }
            (low, high) = (high + 1, last.min(2 * high + 1));
        }
        while low < high {
            let middle = usize::midpoint(low, high);
            self.events = &whole[..=ends[middle]];
            if self.contradicts(&self.returned(), meter)? { high = middle } else { low = middle + 1 }
        }
        self.events = &whole[..=ends[low]];
        Ok(())
    }

    /// Everything that was open when the scene began, or was called since.
    fn present(&self) -> Vec<usize> {
        let called = self.events.iter().filter_map(|event| match event {
            Event::Called(operation) => Some(*operation),
            Event::Returned(_) => None,
        });
        self.stood.open().chain(called).collect()
    }

    /// What returns in the scene, the last first.
    fn returned(&self) -> Vec<usize> {
        let returned = self.events.iter().rev().filter_map(|event| match event {
            Event::Returned(operation) => Some(*operation),
            Event::Called(_) => None,
        });
        returned.collect()
    }

    /// So many of the last returns that they contradict each other, and not half as many.
    fn grow(&self, meter: &mut Meter) -> Result<Vec<usize>, Exhausted> {
        let returned = self.returned();
        let mut size = 1;
        while size < returned.len() && !self.contradicts(&returned[..size], meter)? {
            size *= 2;
        }
        Ok(returned[..size.min(returned.len())].to_vec())
    }

    /// The same without one of them, if that still is a contradiction. The oldest goes first.
    fn shrink(&self, core: &[usize], meter: &mut Meter) -> Result<Option<Vec<usize>>, Exhausted> {
        for place in (1..core.len()).rev() {
            let smaller = [&core[..place], &core[place + 1..]].concat();
            if self.contradicts(&smaller, meter)? {
                return Ok(Some(smaller));
            }
        }
        Ok(None)
    }

    /// Whether these contradict each other, even if all the others took effect whenever they liked.
    fn contradicts(&self, core: &[usize], meter: &mut Meter) -> Result<bool, Exhausted> {
        let (mut search, events) = self.with_others_let_go(core);
        Ok(matches!(judge(&mut search, self.operations, &events, meter)?, PartVerdict::Contradiction(_)))
    }

    /// A search at the beginning of the scene for which all but the core is let go, and the events that are left to it.
    fn with_others_let_go(&self, core: &[usize]) -> (Search<'m, M>, Vec<Event>) {
        let let_go = self.present().into_iter().filter(|operation| !core.contains(operation)).collect::<Vec<_>>();
        let useful = self.useful(core, &let_go);
        let mut search = self.stood.fork();
        for operation in &let_go {
            search.let_go(self.operations, *operation, useful.contains(operation));
        }
        let is_left = |event: &&Event| match event {
            Event::Called(operation) => core.contains(operation) || useful.contains(operation),
            Event::Returned(operation) => core.contains(operation),
        };
        (search, self.events.iter().filter(is_left).copied().collect())
    }

    /// Those of the operations that were let go that can lead to what was answered in the core.
    fn useful(&self, core: &[usize], let_go: &[usize]) -> Vec<usize> {
        let mut useful = Vec::<usize>::new();
        let mut found = core.to_vec();
        while let Some(later) = found.pop() {
            for earlier in let_go {
                let freely = |operation: usize| Asked::<M> { output: None, ..self.operations[operation].asked() };
                let later = if core.contains(&later) { self.operations[later].asked() } else { freely(later) };
                if !useful.contains(earlier) && self.model.leads_to(freely(*earlier), later) {
                    useful.push(*earlier);
                    found.push(*earlier);
                }
            }
        }
        useful
    }

    /// The states that the object can have been in while the operation that returned last was open.
    fn states_during(&self, last: usize, meter: &mut Meter) -> Result<Vec<M::State>, Exhausted> {
        let others = self.returned().split_off(1);
        let (mut search, events) = self.with_others_let_go(&others);
        let called = self.events.iter().position(|event| *event == Event::Called(last)).unwrap_or(0);
        let called = self.events[..called].iter().filter(|event| events.contains(event)).count();
        if judge(&mut search, self.operations, &events[..called], meter)? != PartVerdict::Linearizable {
            return Ok(Vec::new());
        }
        search.forget_the_horizon();
        let mut states = search.states();
        for event in &events[called..] {
            if judge(&mut search, self.operations, &[*event], meter)? != PartVerdict::Linearizable {
                break;
            }
            for state in search.states() {
                if !states.contains(&state) {
                    states.push(state);
                }
            }
        }
        Ok(states)
    }
}

/// How many events there are until so many have returned.
fn returns_from<'e>(mut events: impl Iterator<Item = &'e Event>, returns: usize) -> Option<usize> {
    let mut returned = 0;
    events
        .position(|event| {
            returned += usize::from(matches!(event, Event::Returned(_)));
            returned == returns
        })
        .map(|place| place + 1)
}
