//! The search itself: all the ways in which a service can have ordered what one object was asked, carried forward from
//! event to event.
//!
//! It is Wing and Gong's search (1993) in Lowe's just-in-time form (2017, section 5): an operation is given its place only when some
//! operation returns, in a chain that ends with the one that returns. Three observations keep the configurations few, none of them an assumption:
//!
//! - **An operation that changes nothing is free.** If an open operation can be answered as it was in the state that there is, or
//!   just before one that hides it (a write under another write), and the order is legal all the same, then it may have happened there and need not
//!   happen any more. It becomes one that *may* happen.
//! - **What may happen covers what must and what has**: see `Configurations`.
//! - **What can wait, waits.** A configuration that another one reaches by one more operation will be reached at the next return; it is
//!   dropped now.
//!
//! An operation of unknown outcome is one that may happen from its call on, and nothing more has to be said of it.

use super::budget::{Exhausted, Meter};
use super::configurations::{Configuration, Configurations};
use super::horizon::{Coming, Horizon, Stands};
use super::slots::Slots;
use super::states::{StateId, States, Step};
use crate::check::history::Operation;
use crate::check::model::{Asked, Model};

/// An operation that is open: called and not returned, or of unknown outcome.
#[derive(Clone, Copy, Debug)]
struct Open {
    operation: usize,
    /// An open operation of unknown outcome, called before this one, that asks the same: it goes first, since either would do.
    twin: Option<usize>,
    is_read: bool,
    /// Its answer says nothing: see [`Search::let_go`].
    is_let_go: bool,
}

/// The search through the history of one object.
pub(super) struct Search<'m, M: Model> {
    model: &'m M,
    states: States<M::State>,
    window: Vec<Option<Open>>,
    configurations: Configurations,
    horizon: Horizon,
    /// Called so far: those with a larger index are not.
    called: Option<usize>,
    /// Kept between returns for their room.
    seen: Configurations,
    results: Configurations,
    hiding: Vec<StateId>,
    /// Not called yet, and let go when they are.
    to_let_go: Vec<usize>,
}

type Operations<M> = [Operation<<M as Model>::Input, <M as Model>::Output>];

impl<'m, M: Model> Search<'m, M>
where
    M::Input: PartialEq,
{
    /// So many configurations are carried along without a thought.
    const FEW: usize = 6;

    /// A search that begins in this state.
    pub fn new(model: &'m M, initial: M::State) -> Self {
        let mut search = Search {
            model,
            states: States::new(),
            window: Vec::new(),
            configurations: Configurations::default(),
            horizon: Horizon::default(),
            called: None,
            seen: Configurations::default(),
            results: Configurations::default(),
            hiding: Vec::new(),
            to_let_go: Vec::new(),
        };
        let state = search.states.intern(initial, |state| model.weight(state));
        search.configurations.insert(Configuration { state, must: Slots::default(), may: Slots::default() });
        search
    }

    /// An operation is called.
    pub fn called(&mut self, operations: &Operations<M>, operation: usize, meter: &mut Meter) {
        self.called = Some(operation);
        let asked = &operations[operation];
        let is_read = self.model.is_read(&asked.input);
        let is_let_go = self.to_let_go.contains(&operation);
        let unknown = asked.ended().is_none() || is_let_go;
        if unknown && is_read {
            return; // it explains nothing, whether or not it happened, and revives nothing
        }
        let twin = if unknown { self.twin_of(operations, operation) } else { None };
        self.open_as(operations, Open { operation, twin, is_read, is_let_go }, unknown, meter);
    }

    /// Gives an operation a slot.
    fn open_as(&mut self, operations: &Operations<M>, open: Open, may: bool, meter: &mut Meter) {
        let slot = self.window.iter().position(Option::is_none).unwrap_or(self.window.len());
        if slot == self.window.len() {
            self.window.push(None);
            self.states.widen(self.window.len());
        }
        self.window[slot] = Some(open);
        let (model, asked) = (self.model, operations[open.operation].asked());
        self.horizon.called(open.operation, slot, |coming| model.revives(asked, operations[coming].asked()));
        // Whether it is free depends on the state alone: configurations of one state stay as incomparable as they were.
        for place in 0..self.configurations.places() {
            let Some(state) = self.configurations.at(place).map(|configuration| configuration.state) else { continue };
            let free = may || self.step(operations, state, slot, meter) == Step::To(state);
            self.configurations.open(place, slot, free);
        }
    }

    /// Takes an operation that is open or not called yet as one of unknown outcome, whatever it was answered; and as one that never happens,
    /// if that is of no use.
    pub fn let_go(&mut self, operations: &Operations<M>, operation: usize, is_useful: bool) {
        let never = !is_useful || self.model.is_read(&operations[operation].input);
        let Some(slot) = self.slot_of(operation) else {
            self.to_let_go.push(operation);
            return;
        };
        let all = self.configurations.drain().collect::<Vec<_>>();
        self.states.forget(slot);
        self.window[slot] = (!never).then_some(Open { operation, twin: None, is_read: false, is_let_go: true });
        for mut one in all {
            // Where it has happened already, it has.
            let has_not = one.must.contains(slot) || one.may.contains(slot);
            one = without(one, slot);
            if has_not && !never {
                one.may.insert(slot);
            }
            self.configurations.insert(one);
        }
    }

    /// Another one that is where this one is.
    pub fn fork(&self) -> Self {
        Search {
            model: self.model,
            states: self.states.clone(),
            window: self.window.clone(),
            configurations: self.configurations.clone(),
            horizon: self.horizon.clone(),
            called: self.called,
            seen: Configurations::default(),
            results: Configurations::default(),
            hiding: Vec::new(),
            to_let_go: self.to_let_go.clone(),
        }
    }

    /// Forgets what it knows of what is coming.
    pub fn forget_the_horizon(&mut self) {
        self.horizon = Horizon::default();
    }

    /// The operations that are open.
    pub fn open(&self) -> impl Iterator<Item = usize> + '_ {
        self.window.iter().flatten().map(|open| open.operation)
    }

    /// The states that the object can be in.
    pub fn states(&self) -> Vec<M::State> {
        let mut states = self.configurations.iter().map(|configuration| configuration.state).collect::<Vec<_>>();
        states.sort_unstable_by_key(|state| state.0);
        states.dedup();
        states.into_iter().map(|state| self.states.get(state).clone()).collect()
    }

    /// Whether it wants to know more of what is coming: looking ahead pays once the orders multiply.
    pub fn looks_further(&self) -> bool {
        self.configurations.len() > Self::FEW && !self.horizon.is_full()
    }

    /// Tells which operation returns after those that it was told of, and what is called until then.
    pub fn foresee(
        &mut self,
        operations: &Operations<M>,
        operation: usize,
        called_until_then: impl Iterator<Item = usize>,
    ) {
        let model = self.model;
        let coming = operations[operation].asked();
        let revives = |other: usize| other != operation && model.revives(operations[other].asked(), coming);
        let mut open_revivers = Slots::default();
        let mut stands = Stands::Uncalled;
        for (slot, open) in self.window.iter().enumerate().filter_map(|(slot, open)| Some((slot, open.as_ref()?))) {
            if open.operation == operation {
                stands = Stands::Open(slot);
            } else if revives(open.operation) {
                open_revivers.insert(slot);
            }
        }
        if stands == Stands::Uncalled && self.called.is_some_and(|called| operation <= called) {
            stands = Stands::Answered;
        }
        let is_heard_of =
            |other: &usize| operations[*other].ended().is_some() || !model.is_read(&operations[*other].input);
        let revivers_to_come = called_until_then.filter(|other| is_heard_of(other) && revives(*other)).count();
        self.horizon.push(Coming { operation, stands, revivers_to_come, open_revivers });
        for place in 0..self.configurations.places() {
            let Some(configuration) = self.configurations.at(place).cloned() else { continue };
            if self.is_doomed(operations, &configuration) {
                self.configurations.drop_at(place);
            }
        }
    }

    /// Whether an operation that is coming can no more be answered as it will be.
    fn is_doomed(&mut self, operations: &Operations<M>, configuration: &Configuration) -> bool {
        let (model, state) = (self.model, self.states.get(configuration.state));
        let past = self.horizon.past(configuration.state, |coming| model.is_past(state, operations[coming].asked()));
        past.filter_map(|place| self.horizon.at(place)).any(|coming| {
            let must = match coming.stands {
                Stands::Uncalled => true,
                Stands::Open(slot) => configuration.must.contains(slot),
                Stands::Answered => false,
            };
            let revivers = &coming.open_revivers;
            must && coming.revivers_to_come == 0
                && !revivers.meets(&configuration.must)
                && !revivers.meets(&configuration.may)
        })
    }

    /// An operation returns. Every configuration in which it has no place yet must find one now: whether any does. If none did, nothing more can be asked.
    pub fn returned(
        &mut self,
        operations: &Operations<M>,
        operation: usize,
        meter: &mut Meter,
    ) -> Result<bool, Exhausted> {
        self.horizon.pass(operation);
        let Some(slot) = self.slot_of(operation) else { return Ok(true) }; // it had a place in every order already
        if let Some(alone) = self.alone(slot) {
            return Ok(self.returned_alone(operations, alone, slot, meter));
        }
        let visible = !self.window[slot].is_some_and(|open| open.is_read);
        let mut seen = std::mem::take(&mut self.seen);
        let mut results = std::mem::take(&mut self.results);
        for configuration in self.configurations.iter() {
            if configuration.must.contains(slot) || visible && configuration.may.contains(slot) {
                seen.insert(configuration.clone());
            }
            if !configuration.must.contains(slot) {
                results.insert(without(configuration.clone(), slot));
            }
        }
        let mut place = 0;
        while place < seen.places() {
            if let Some(configuration) = seen.at(place).cloned() {
                self.extend(operations, &configuration, slot, &mut seen, &mut results, meter);
                meter.cost.peak_bytes =
                    meter.cost.peak_bytes.max((seen.bytes() + results.bytes() + self.states.bytes()) as u64);
                meter.check()?;
            }
            place += 1;
        }
        seen.clear();
        self.seen = seen;
        self.window[slot] = None;
        self.horizon.placed(slot);
        if results.len() == 0 {
            return Ok(false);
        }
        self.drop_what_can_wait(operations, &mut results, meter);
        meter.cost.peak_configurations = meter.cost.peak_configurations.max(results.len());
        self.configurations.clear();
        self.results = std::mem::replace(&mut self.configurations, results);
        self.forget();
        Ok(true)
    }

    /// The place of the one configuration, if there is but one, and nothing is open but this operation, which must happen.
    fn alone(&self, slot: usize) -> Option<usize> {
        let place = self.configurations.only()?;
        let configuration = self.configurations.at(place)?;
        let nothing_else = configuration.must.is_only(slot) && configuration.may.is_empty();
        nothing_else.then_some(place)
    }

    /// The common case, which needs no search: what must happen, happens.
    fn returned_alone(&mut self, operations: &Operations<M>, place: usize, slot: usize, meter: &mut Meter) -> bool {
        let from = self.configurations.at(place).map_or(StateId(0), |configuration| configuration.state);
        let Step::To(state) = self.step(operations, from, slot, meter) else { return false };
        self.window[slot] = None;
        self.horizon.placed(slot);
        self.configurations.clear();
        self.configurations.insert(Configuration { state, must: Slots::default(), may: Slots::default() });
        self.forget();
        true
    }

    /// Gives each open operation the next place in this order; those in which `slot` then has one are results.
    fn extend(
        &mut self,
        operations: &Operations<M>,
        from: &Configuration,
        slot: usize,
        seen: &mut Configurations,
        results: &mut Configurations,
        meter: &mut Meter,
    ) {
        let visible = !self.window[slot].is_some_and(|open| open.is_read);
        for next in from.must.iter().chain(from.may.iter()) {
            let Some(reached) = self.linearize(operations, from, next, meter) else { continue };
            let explained = from.must.contains(slot) && reached.may.contains(slot);
            if next == slot || explained {
                results.insert(without(reached.clone(), slot));
            }
            if next != slot && (reached.must.contains(slot) || visible) {
                seen.insert(reached);
            }
        }
    }

    /// The configuration after an open operation takes effect, if it can and changes anything.
    fn linearize(
        &mut self,
        operations: &Operations<M>,
        from: &Configuration,
        slot: usize,
        meter: &mut Meter,
    ) -> Option<Configuration> {
        let open = self.window[slot]?;
        if open.is_read || open.twin.is_some_and(|twin| self.slot_of(twin).is_some_and(|twin| from.may.contains(twin)))
        {
            return None;
        }
        let Step::To(state) = self.step(operations, from.state, slot, meter) else { return None };
        if state == from.state {
            return None;
        }
        let mut next = Configuration { state, must: from.must.clone(), may: from.may.clone() };
        next.must.remove(slot);
        next.may.remove(slot);
        let mut before = std::mem::take(&mut self.hiding);
        before.clear();
        before.push(from.state);
        for other in from.must.iter().filter(|other| *other != slot) {
            let free = self.step(operations, state, other, meter) == Step::To(state)
                || self.is_hidden(operations, &mut before, (slot, state), other, meter);
            if free {
                next.must.remove(other);
                next.may.insert(other);
            }
        }
        self.hiding = before;
        (!self.is_doomed(operations, &next)).then_some(next)
    }

    /// Whether `other` can have its place just before the operation in `slot`, which hides it, whichever of those that were found hidden there
    /// do have theirs. `before` are the states that these lead to.
    fn is_hidden(
        &mut self,
        operations: &Operations<M>,
        before: &mut Vec<StateId>,
        (slot, to): (usize, StateId),
        other: usize,
        meter: &mut Meter,
    ) -> bool {
        let found = before.len();
        for place in 0..found {
            let between = match self.step(operations, before[place], other, meter) {
                Step::To(between) if self.step(operations, between, slot, meter) == Step::To(to) => between,
                _ => {
                    before.truncate(found);
                    return false;
                }
            };
            if !before.contains(&between) {
                before.push(between);
            }
        }
        true
    }

    /// Drops each configuration that another one reaches by one more operation: it will be reached when the next one returns.
    fn drop_what_can_wait(&mut self, operations: &Operations<M>, results: &mut Configurations, meter: &mut Meter) {
        if results.len() < 2 {
            return;
        }
        for place in 0..results.places() {
            let Some(from) = results.at(place).cloned() else { continue };
            for next in from.must.iter().chain(from.may.iter()) {
                if let Some(reached) = self.linearize(operations, &from, next, meter) {
                    results.drop_covered(&reached);
                }
            }
        }
    }

    fn step(&mut self, operations: &Operations<M>, from: StateId, slot: usize, meter: &mut Meter) -> Step {
        let Open { operation, is_let_go, .. } = self.window[slot].expect("only open operations are asked");
        if let Some(known) = self.states.remembered(from, slot, operation) {
            return known;
        }
        meter.cost.steps += 1;
        let model = self.model;
        let asked = operations[operation].asked();
        let asked = if is_let_go { Asked { output: None, ..asked } } else { asked };
        let step = match model.step(self.states.get(from), asked) {
            None => Step::Illegal,
            Some(state) => Step::To(self.states.intern(state, |state| model.weight(state))),
        };
        self.states.remember(from, slot, operation, step);
        step
    }

    /// Forgets states that no configuration is in any more, and operations that have a place in all of them.
    fn forget(&mut self) {
        for slot in 0..self.window.len() {
            let happened =
                |configuration: &Configuration| !configuration.may.contains(slot) && !configuration.must.contains(slot);
            if self.window[slot].is_some() && self.configurations.iter().all(happened) {
                self.window[slot] = None;
                self.horizon.placed(slot);
            }
        }
        if self.states.len() > 64 + 4 * self.configurations.len() {
            let mut kept = self.configurations.drain().collect::<Vec<_>>();
            let model = self.model;
            self.horizon.forget_states();
            self.states
                .keep(kept.iter_mut().map(|configuration| &mut configuration.state), |state| model.weight(state));
            kept.into_iter().for_each(|configuration| self.configurations.insert(configuration));
        }
    }

    fn slot_of(&self, operation: usize) -> Option<usize> {
        self.window.iter().position(|open| open.is_some_and(|open| open.operation == operation))
    }

    fn twin_of(&self, operations: &Operations<M>, operation: usize) -> Option<usize> {
        let asks_the_same = |open: &&Open| {
            operations[open.operation].ended().is_none()
                && operations[open.operation].input == operations[operation].input
        };
        self.window.iter().flatten().filter(asks_the_same).map(|open| open.operation).max()
    }
}

fn without(mut configuration: Configuration, slot: usize) -> Configuration {
    configuration.must.remove(slot);
    configuration.may.remove(slot);
    configuration
}
