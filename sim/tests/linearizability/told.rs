//! Histories as real services make them: some clients, a service that does one thing after the other, outcomes that nobody learns, and
//! one answer that may be a lie. And the definition of linearizability on every prefix of them.
#![allow(clippy::disallowed_types)] // a set that is only asked what it contains

use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use windtunnel::check::{Asked, ClientId, History, Model, OperationId};

/// A model that can be served.
pub trait Service: Model<Input: Clone, Output: Clone> {
    /// What a right service answers in this state at this time.
    fn answer(&self, state: &Self::State, input: &Self::Input, now: u64) -> Self::Output;

    /// Another answer.
    fn lie(&self, input: &Self::Input, output: &Self::Output, salt: u64) -> Self::Output;

    /// The answer as it is when the client is told.
    fn told(&self, output: Self::Output, _now: u64) -> Self::Output {
        output
    }
}

/// An operation, by the places of its call and its answer among the events.
#[derive(Clone, Debug)]
pub struct Told<I, O> {
    pub client: ClientId,
    pub input: I,
    pub output: Option<O>,
    pub called: usize,
    pub returned: Option<usize>,
    /// The step at which the service did it, if it did.
    pub done: Option<u64>,
}

/// What happened at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Called(usize),
    Returned(usize),
    GaveUp(usize),
}

#[derive(Clone, Debug)]
pub struct Story<I, O> {
    pub operations: Vec<Told<I, O>>,
    pub events: Vec<Event>,
}

/// What a client does next: which client, what it asks if it is idle, and what becomes of what it asked otherwise.
pub type Choice<I> = (u8, I, u8);

/// Choices of a few clients, of which about this share of the steps gives up.
pub fn choices<I: Clone + std::fmt::Debug>(
    clients: u8,
    inputs: impl Strategy<Value = I>,
    length: usize,
) -> impl Strategy<Value = Vec<Choice<I>>> {
    prop::collection::vec((0..clients, inputs, any::<u8>()), 0..length)
}

/// The story of these choices; `gives_up` of 256 steps end an operation without an answer.
pub fn story<S: Service>(
    service: &S,
    choices: &[Choice<S::Input>],
    gives_up: u8,
    lie: Option<(usize, u64)>,
) -> Story<S::Input, S::Output> {
    let mut story = Story { operations: Vec::<Told<S::Input, S::Output>>::new(), events: Vec::new() };
    let mut waits = std::collections::BTreeMap::<u8, (usize, Option<S::Output>)>::new();
    let mut state: Option<S::State> = None;
    for (step, (client, input, what)) in choices.iter().enumerate() {
        let place = story.events.len();
        match waits.remove(client) {
            None => {
                let id = story.operations.len();
                // Who gave up goes on under another name.
                let client_id = ClientId(u64::from(*client) + 100 * id as u64);
                let (client_id, input) = (client_id, input.clone());
                let (output, returned, done) = (None, None, None);
                story.operations.push(Told { client: client_id, input, output, called: place, returned, done });
                story.events.push(Event::Called(id));
                waits.insert(*client, (id, None));
            }
            Some((id, _)) if *what < gives_up => story.events.push(Event::GaveUp(id)),
            Some((id, None)) => {
                let asked = story.operations[id].input.clone();
                let before = state.take().unwrap_or_else(|| service.initial(&service.key(&asked)));
                let output = service.answer(&before, &asked, step as u64);
                let told = service.told(output.clone(), step as u64);
                let after = service.step(&before, Asked { input: &asked, output: Some(&told) });
                state = Some(after.expect("the model knows its service"));
                story.operations[id].done = Some(step as u64);
                waits.insert(*client, (id, Some(output)));
            }
            Some((id, Some(output))) => {
                story.operations[id].output = Some(service.told(output, step as u64));
                story.operations[id].returned = Some(place);
                story.events.push(Event::Returned(id));
            }
        }
    }
    if let Some((which, salt)) = lie {
        let answered = story.operations.iter().filter(|operation| operation.output.is_some()).count();
        let mut told = story.operations.iter_mut().filter(|operation| operation.output.is_some());
        if let Some(operation) = told.nth(which % answered.max(1)) {
            operation.output = operation.output.take().map(|output| service.lie(&operation.input, &output, salt));
        }
    }
    story
}

impl<I: Clone, O: Clone> Story<I, O> {
    pub fn history(&self) -> History<I, O> {
        let mut history = History::new();
        for (at, event) in self.events.iter().enumerate() {
            let at = at as u64;
            match *event {
                Event::Called(id) => {
                    history.called(self.operations[id].client, self.operations[id].input.clone(), at).map(drop)
                }
                Event::Returned(id) => {
                    let output = self.operations[id].output.clone().expect("it returned");
                    history.returned(self.operations[id].client, output, at).map(drop)
                }
                Event::GaveUp(id) => history.unknown(self.operations[id].client, at).map(drop),
            }
            .expect("the story is in order");
        }
        history
    }

    /// The same, and the service told in which order it did what it was asked.
    pub fn hinted_history(&self) -> History<I, O> {
        let mut history = self.history();
        for (id, operation) in self.operations.iter().enumerate() {
            operation.done.into_iter().for_each(|done| history.hint(OperationId(id), done));
        }
        history
    }

    /// The length of the first prefix that no order explains: what holds of no prefix holds of none that is longer.
    pub fn bad_from<M: Model<Input = I, Output = O>>(&self, model: &M) -> Option<usize> {
        let is_bad = |length: usize| !self.is_linearizable(model, length, |_| true);
        let (mut low, mut high) = (0, self.events.len());
        if !is_bad(high) {
            return None;
        }
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            if is_bad(middle) { high = middle } else { low = middle }
        }
        Some(high)
    }

    /// Whether some order explains what is told in the first `length` events, the answers of operations that `keep` does not name left out.
    pub fn is_linearizable<M: Model<Input = I, Output = O>>(
        &self,
        model: &M,
        length: usize,
        keep: impl Fn(usize) -> bool,
    ) -> bool {
        let all = self.called_before(length, keep);
        let Some(initial) = all.first().map(|(_, _, input, _)| model.initial(&model.key(input))) else { return true };
        Orders { model, all, seen: HashSet::new() }.go_on(0, &initial)
    }

    /// The states that `last` can have met in an order that explains all others in the first `length` events.
    pub fn met_by<M: Model<Input = I, Output = O>>(&self, model: &M, length: usize, last: usize) -> Vec<M::State> {
        let all = self.called_before(length, |id| id != last);
        let initial = model.initial(&model.key(&self.operations[last].input));
        let mut meetings = Meetings { model, all, last, seen: HashMap::new(), met: Vec::new() };
        meetings.go_on(0, &initial);
        meetings.met
    }

    /// What is called in the first `length` events, the answers of operations that `keep` does not name left out.
    fn called_before(&self, length: usize, keep: impl Fn(usize) -> bool) -> Vec<Placed<'_, I, O>> {
        let called = self.operations.iter().enumerate().filter(|(_, operation)| operation.called < length);
        let placed = called.map(|(id, operation)| {
            let end = operation.returned.filter(|returned| *returned < length && keep(id));
            (operation.called, end, &operation.input, end.and(operation.output.as_ref()))
        });
        placed.collect()
    }
}

/// An operation: when it was called and returned, what it asked and was answered.
type Placed<'o, I, O> = (usize, Option<usize>, &'o I, Option<&'o O>);

/// Wing and Gong's search with a memory of where it was (Lowe 2017, section 3): no cleverness else.
struct Orders<'o, M: Model> {
    model: &'o M,
    all: Vec<Placed<'o, M::Input, M::Output>>,
    seen: HashSet<(u64, M::State)>,
}

impl<M: Model> Orders<'_, M> {
    fn go_on(&mut self, done: u64, state: &M::State) -> bool {
        let is_left = |place: &usize| done >> place & 1 == 0;
        let Some(first_end) = (0..self.all.len()).filter(is_left).filter_map(|place| self.all[place].1).min() else {
            return true; // all that is left need not have happened
        };
        if !self.seen.insert((done, state.clone())) {
            return false;
        }
        (0..self.all.len()).filter(is_left).any(|place| {
            let (called, _, input, output) = self.all[place];
            called < first_end
                && self
                    .model
                    .step(state, Asked { input, output })
                    .is_some_and(|state| self.go_on(done | 1 << place, &state))
        })
    }
}

/// The same through all orders, with an eye on what one operation meets.
struct Meetings<'o, M: Model> {
    model: &'o M,
    all: Vec<Placed<'o, M::Input, M::Output>>,
    last: usize,
    seen: HashMap<(u64, M::State), bool>,
    met: Vec<M::State>,
}

impl<M: Model> Meetings<'_, M> {
    /// Whether there is an order of all that is left.
    fn go_on(&mut self, done: u64, state: &M::State) -> bool {
        let at = (done, state.clone());
        if let Some(known) = self.seen.get(&at) {
            return *known;
        }
        let is_left = |place: &usize| done >> place & 1 == 0;
        let first_end = (0..self.all.len()).filter(is_left).filter_map(|place| self.all[place].1).min();
        let mut is_possible = first_end.is_none();
        for place in (0..self.all.len()).filter(is_left) {
            let (called, _, input, output) = self.all[place];
            if first_end.is_none_or(|end| called < end)
                && let Some(next) = self.model.step(state, Asked { input, output })
            {
                is_possible |= self.go_on(done | 1 << place, &next);
            }
        }
        let is_called = first_end.is_none_or(|end| self.all[self.last].0 < end);
        if is_possible && is_called && is_left(&self.last) && !self.met.contains(state) {
            self.met.push(state.clone());
        }
        self.seen.insert(at, is_possible);
        is_possible
    }
}
