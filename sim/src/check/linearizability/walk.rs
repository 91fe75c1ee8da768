//! A first try: one order, made as one goes, without a search.
//!
//! Most histories are explained by the first order that comes to mind: an operation takes effect when it must, which is when it returns or when
//! something that returns needs it, and what only reads is explained as soon as the state is the one that it saw. Where there is a choice the walk
//! takes what the next read to return would like best, and what would spoil that read goes back to a place under a change that hides it, if there
//! is one. Whatever it takes, the order that it ends with is one; if it gets stuck, the search takes over from the last place before
//! which nothing was chosen.

use super::Operations;
use super::budget::{Exhausted, Meter};
use super::part::Event;
use crate::check::model::{Asked, Model};
use std::collections::VecDeque;

/// How a walk ended.
pub(super) enum Walked<State> {
    /// With an order that explains everything.
    Through,
    /// Nowhere. Before the event `from`, with nothing open, the object can have been in no other state than this.
    Stuck { from: usize, state: State },
}

/// Walks through the events of one object.
pub(super) fn walk<M: Model>(
    model: &M,
    initial: M::State,
    operations: &Operations<M>,
    events: &[Event],
    meter: &mut Meter,
) -> Result<Walked<M::State>, Exhausted> {
    let mut stood = (0, initial.clone());
    let mut walk = Walk {
        model,
        operations,
        events,
        state: initial,
        open: Vec::new(),
        called: None,
        ahead: 0,
        trail: VecDeque::new(),
        gone: 0,
        chose: false,
        meter,
    };
    for (at, event) in events.iter().enumerate() {
        walk.ahead = walk.ahead.max(at);
        let goes_on = match *event {
            Event::Called(operation) => walk.called(operation),
            Event::Returned(operation) => walk.returned(operation),
        };
        if !goes_on {
            return Ok(Walked::Stuck { from: stood.0, state: stood.1 });
        }
        let bytes = (1 + 2 * walk.trail.len()) * model.weight(&walk.state) + walk.open.len() * size_of::<Waiting>();
        walk.meter.holds(bytes)?;
        if walk.open.is_empty() && !walk.chose {
            stood = (at + 1, walk.state.clone());
        }
    }
    Ok(Walked::Through)
}

/// An operation that is called and not explained yet.
#[derive(Clone, Copy)]
struct Waiting {
    operation: usize,
    /// How many changes there were before its call.
    since: usize,
}

/// A change of the state that was made: from where, by which operation, to where.
struct Change<State> {
    before: State,
    by: usize,
    after: State,
}

struct Walk<'w, M: Model> {
    model: &'w M,
    operations: &'w Operations<M>,
    events: &'w [Event],
    state: M::State,
    open: Vec<Waiting>,
    called: Option<usize>,
    /// No read returns before this event that is not explained yet.
    ahead: usize,
    /// The last changes, and how many there were before them.
    trail: VecDeque<Change<M::State>>,
    gone: usize,
    /// Whether there ever was something to choose.
    chose: bool,
    meter: &'w mut Meter,
}

impl<'w, M: Model> Walk<'w, M> {
    /// With more than this open at a time, a walk that looks at each is no shorter than a search.
    const MANY: usize = 32;
    /// So many changes it can go back.
    const BACK: usize = 16;

    fn called(&mut self, operation: usize) -> bool {
        self.called = Some(operation);
        let is_explained = self.is_read(operation)
            && (self.operations[operation].ended().is_none() || self.step(&self.state.clone(), operation).is_some());
        if !is_explained {
            self.open.push(Waiting { operation, since: self.gone + self.trail.len() });
        }
        self.open.len() <= Self::MANY
    }

    /// An operation returns: whether it has a place or finds one.
    fn returned(&mut self, operation: usize) -> bool {
        while self.is_open(operation) {
            let coming = self.coming();
            let after = self.step(&self.state.clone(), operation);
            let is_liked = |walk: &mut Self, after: &M::State| coming.is_none_or(|read| !walk.is_past(after, read));
            if let Some(after) = &after
                && (self.is_read(operation) || is_liked(self, after))
            {
                self.goes(operation, after.clone());
                continue;
            }
            let later = coming.filter(|_| after.is_some()).unwrap_or(operation);
            if let Some((other, state)) = self.helper(operation, later) {
                self.goes(other, state);
            } else if self.goes_back(operation) {
                self.open.retain(|waiting| waiting.operation != operation);
            } else if let Some(after) = after {
                self.goes(operation, after);
            } else {
                return false;
            }
        }
        true
    }

    /// Whether it can have gone just before a change that was made since its call, which leads where it led all the same. (That change was a
    /// choice.)
    fn goes_back(&mut self, operation: usize) -> bool {
        let since = self.open.iter().find(|waiting| waiting.operation == operation).map_or(0, |waiting| waiting.since);
        for place in (since.saturating_sub(self.gone)..self.trail.len()).rev() {
            let Change { before, by, after } = &self.trail[place];
            let (before, by, after) = (before.clone(), *by, after.clone());
            if let Some(between) = self.step(&before, operation)
                && self.step(&between, by) == Some(after)
            {
                self.trail[place].before = between;
                return true;
            }
        }
        false
    }

    /// What else is open and might go first, for `later` to be answered as it was; and the state after it.
    fn helper(&mut self, operation: usize, later: usize) -> Option<(usize, M::State)> {
        let is_open = self.is_open(later);
        // What makes possible again what is past may as well wait until that is asked, unless `operation` shows there too.
        let at_once = is_open || self.leads_to(operation, later);
        let before = self.state.clone();
        let mut second_best = None;
        for place in 0..self.open.len() {
            let other = self.open[place].operation;
            let is_of_no_use = other == operation || self.is_read(other) || !self.leads_to(other, later);
            if is_of_no_use || !at_once && self.model.revives(self.asked(other), self.asked(later)) {
                continue;
            }
            let Some(state) = self.step(&before, other).filter(|state| *state != before) else { continue };
            if is_open && self.step(&state, later).is_some() {
                return Some((other, state));
            }
            if second_best.is_none() && !self.is_past(&state, later) {
                second_best = Some((other, state));
            }
        }
        second_best
    }

    /// An operation takes effect, and explains what it explains.
    fn goes(&mut self, operation: usize, after: M::State) {
        self.open.retain(|waiting| waiting.operation != operation);
        self.chose |= self.open.iter().any(|waiting| !self.is_read(waiting.operation));
        if after == self.state {
            return;
        }
        let mut open = std::mem::take(&mut self.open);
        open.retain(|waiting| !self.is_read(waiting.operation) || self.step(&after, waiting.operation).is_none());
        self.open = open;
        let before = std::mem::replace(&mut self.state, after.clone());
        self.trail.push_back(Change { before, by: operation, after });
        if self.trail.len() > Self::BACK {
            self.trail.pop_front();
            self.gone += 1;
        }
    }

    /// The next read that returns and is not explained yet.
    fn coming(&mut self) -> Option<usize> {
        while let Some(event) = self.events.get(self.ahead) {
            match *event {
                Event::Returned(operation)
                    if self.is_read(operation) && (Some(operation) > self.called || self.is_open(operation)) =>
                {
                    return Some(operation);
                }
                _ => self.ahead += 1,
            }
        }
        None
    }

    fn step(&mut self, state: &M::State, operation: usize) -> Option<M::State> {
        self.meter.cost.steps += 1;
        self.model.step(state, self.asked(operation))
    }

    fn leads_to(&mut self, earlier: usize, later: usize) -> bool {
        self.meter.compared(1);
        self.model.leads_to(self.asked(earlier), self.asked(later))
    }

    fn is_past(&mut self, state: &M::State, operation: usize) -> bool {
        self.meter.compared(1);
        self.model.is_past(state, self.asked(operation))
    }

    fn is_open(&self, operation: usize) -> bool {
        self.open.iter().any(|waiting| waiting.operation == operation)
    }

    fn is_read(&self, operation: usize) -> bool {
        self.model.is_read(&self.operations[operation].input)
    }

    fn asked(&self, operation: usize) -> Asked<'w, M> {
        self.operations[operation].asked()
    }
}
