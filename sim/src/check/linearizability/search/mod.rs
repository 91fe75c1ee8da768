//! The search itself: all the ways in which a service can have ordered what one object was asked, carried forward from
//! event to event.
//!
//! It is Wing and Gong's search (1993) in Lowe's just-in-time form (2017, section 5): an operation is given its place only when some
//! operation returns, in a chain that ends with the one that returns. Four observations keep the configurations few, none of them an assumption:
//!
//! - **An operation that changes nothing is free.** If an open operation can be answered as it was in the state that there is, or
//!   just before one that hides it (a write under another write), and the order is legal all the same, then it may have happened there and need not
//!   happen any more. It becomes one that *may* happen.
//! - **What may happen covers what must and what has**: see `Configurations`.
//! - **What can wait, waits.** A configuration that another one reaches by one more operation will be reached at the next return; it is
//!   dropped now.
//! - **Of two that are equal the one that ends first goes first**: see `giving_way`.
//!
//! An operation of unknown outcome is one that may happen from its call on, and nothing more has to be said of it.
//!
//! Here is what a search holds and what a call does to it; `returning` has what a return does, `giving_way` which of two equal operations goes first, `foresight` how it
//! looks ahead, `letting_go` and `reaching` what explanations need besides.

mod foresight;
mod giving_way;
mod letting_go;
mod reaching;
mod returning;

use super::budget::Meter;
use super::configurations::{Configuration, Configurations};
use super::horizon::Horizon;
use super::slots::Slots;
use super::states::{StateId, States, Step, more};
use crate::check::history::Operation;
use crate::check::model::{Asked, Model};
use giving_way::LastOfEqual;
use std::collections::BTreeSet;

/// An operation that is open: called and not returned, or of unknown outcome.
#[derive(Clone, Copy, Debug)]
struct Open {
    operation: usize,
    /// When it must have taken effect, if it must.
    ends: Option<u64>,
    is_read: bool,
    /// Its answer says nothing: see [`Search::let_go`].
    is_let_go: bool,
}

/// The search through the history of one object.
pub(super) struct Search<'m, M: Model> {
    model: &'m M,
    states: States<M::State>,
    window: Vec<Option<Open>>,
    /// By slot, the slots of operations that go first: see `giving_way`.
    go_first: Vec<Slots>,
    /// Bytes of these sets, besides their own.
    go_first_bytes: usize,
    /// One for each kind of open operation of unknown outcome: see `giving_way`.
    unknown: Vec<LastOfEqual>,
    configurations: Configurations,
    horizon: Horizon,
    /// Called so far: those with a larger index are not.
    called: Option<usize>,
    /// Kept between returns for their room.
    seen: Configurations,
    results: Configurations,
    hiding: Vec<StateId>,
    /// Not called yet, and let go when they are.
    to_let_go: BTreeSet<usize>,
}

type Operations<M> = [Operation<<M as Model>::Input, <M as Model>::Output>];
impl<'m, M: Model> Search<'m, M> {
    /// Bytes of a slot of the window.
    const SLOT: usize = size_of::<Option<Open>>() + size_of::<Slots>() + size_of::<LastOfEqual>();

    /// A search that begins in this state.
    pub fn new(model: &'m M, initial: M::State) -> Self {
        let mut search = Search {
            model,
            states: States::new(),
            window: Vec::new(),
            go_first: Vec::new(),
            go_first_bytes: 0,
            unknown: Vec::new(),
            configurations: Configurations::default(),
            horizon: Horizon::default(),
            called: None,
            seen: Configurations::default(),
            results: Configurations::default(),
            hiding: Vec::new(),
            to_let_go: BTreeSet::new(),
        };
        search.begin(initial);
        search
    }

    /// Begins anew in this state, with nothing open, and with the room that it has.
    pub fn begin(&mut self, initial: M::State) {
        self.states.begin();
        self.window.clear();
        self.go_first.clear();
        self.go_first_bytes = 0;
        self.unknown.clear();
        self.configurations.clear();
        self.horizon = Horizon::default();
        self.called = None;
        self.to_let_go.clear();
        let model = self.model;
        let state = self.states.intern(initial, |state| model.weight(state), |_| true).expect("it may take that");
        self.configurations.insert(Configuration { state, must: Slots::default(), may: Slots::default() });
    }

    /// An operation is called.
    pub fn called(&mut self, operations: &Operations<M>, operation: usize, meter: &mut Meter) {
        self.called = Some(operation);
        let asked = &operations[operation];
        let is_read = self.model.is_read(&asked.input);
        let is_let_go = self.to_let_go.contains(&operation);
        let ends = asked.ended().filter(|_| !is_let_go);
        if ends.is_none() && is_read {
            return; // it explains nothing, whether or not it happened, and revives nothing
        }
        self.open_as(operations, Open { operation, ends, is_read, is_let_go }, meter);
    }

    /// Gives an operation a slot, if there is room for one.
    fn open_as(&mut self, operations: &Operations<M>, open: Open, meter: &mut Meter) {
        let slot = self.window.iter().position(Option::is_none).unwrap_or(self.window.len());
        let is_new_slot = slot == self.window.len();
        if is_new_slot {
            let lists = more(slot, self.window.capacity(), 1) * Self::SLOT;
            if !meter.has_room(lists + self.states.growth_of_widening(slot + 1)) {
                return;
            }
            self.window.push(None);
            self.go_first.push(Slots::default());
            self.states.widen(self.window.len());
        }
        self.window[slot] = Some(open);
        self.rank(operations, slot, is_new_slot, meter);
        let (model, asked) = (self.model, asked(operations, open.operation, open.is_let_go));
        self.horizon.called(open.operation, slot, |coming| model.revives(asked, operations[coming].asked()));
        if !meter.has_room(self.configurations.growth_of_opening(slot)) {
            return;
        }
        // Whether it is free depends on the state alone: configurations of one state stay as incomparable as they were.
        for place in 0..self.configurations.places() {
            let Some(state) = self.configurations.at(place).map(|configuration| configuration.state) else { continue };
            let free = open.ends.is_none() || self.step(operations, state, slot, meter) == Step::To(state);
            self.configurations.open(place, slot, free);
        }
    }

    /// What an operation does to a state. Without room for the state that it leads to, nothing.
    fn step(&mut self, operations: &Operations<M>, from: StateId, slot: usize, meter: &mut Meter) -> Step {
        let Open { operation, is_let_go, .. } = self.window[slot].expect("only open operations are asked");
        if let Some(known) = self.states.remembered(from, slot, operation) {
            meter.compared(1);
            return known;
        }
        meter.cost.steps += 1;
        let model = self.model;
        let asked = asked(operations, operation, is_let_go);
        let step = match model.step(self.states.get(from), asked) {
            None => Step::Illegal,
            Some(state) => {
                let weight = |state: &M::State| model.weight(state);
                match self.states.intern(state, weight, |bytes| meter.has_room(bytes)) {
                    Some(kept) => Step::To(kept),
                    None => return Step::Illegal,
                }
            }
        };
        self.states.remember(from, slot, operation, step);
        step
    }

    /// Forgets states that no configuration is in any more, and operations that have a place in all of them.
    fn forget(&mut self, meter: &mut Meter) {
        for slot in 0..self.window.len() {
            let mut happened = |configuration: &Configuration| {
                meter.compared(1);
                !configuration.may.contains(slot) && !configuration.must.contains(slot)
            };
            if self.window[slot].is_some() && self.configurations.iter().all(&mut happened) {
                self.window[slot] = None;
                self.horizon.placed(slot);
            }
        }
        if self.states.len() > 64 + 4 * self.configurations.len() {
            let mut live = self.configurations.iter().map(|configuration| configuration.state).collect::<Vec<_>>();
            live.sort_unstable();
            live.dedup();
            let model = self.model;
            self.horizon.forget_states();
            self.states.keep(&live, |state| model.weight(state));
            self.configurations.rename(|state| StateId(live.partition_point(|one| *one < state) as u32));
        }
    }

    /// How many configurations were compared since this was asked.
    pub fn take_compared(&mut self) -> u64 {
        self.configurations.take_compared() + self.seen.take_compared() + self.results.take_compared()
    }

    /// Bytes of all that it carries.
    pub fn bytes(&self) -> usize {
        self.bytes_with(&self.seen, &self.results)
    }

    /// Bytes of all that it carries, with these in the places of its own.
    fn bytes_with(&self, seen: &Configurations, results: &Configurations) -> usize {
        let states = self.states.capacity();
        let orders = self.configurations.bytes(states) + seen.bytes(states) + results.bytes(states);
        let lists = self.window.capacity() * Self::SLOT + self.go_first_bytes;
        size_of::<Self>()
            + orders
            + lists
            + self.states.bytes()
            + self.horizon.bytes(states)
            + self.hiding.capacity() * size_of::<StateId>()
    }

    fn slot_of(&self, operation: usize) -> Option<usize> {
        self.window.iter().position(|open| open.is_some_and(|open| open.operation == operation))
    }
}

/// What was asked and answered; of what is let go, the answer says nothing.
fn asked<M: Model>(operations: &Operations<M>, operation: usize, is_let_go: bool) -> Asked<'_, M> {
    let asked = operations[operation].asked();
    if is_let_go { Asked { output: None, ..asked } } else { asked }
}

fn without(mut configuration: Configuration, slot: usize) -> Configuration {
    configuration.must.remove(slot);
    configuration.may.remove(slot);
    configuration
}
