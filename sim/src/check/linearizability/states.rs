//! Every state is kept once and named by a number, so that configurations compare and copy as numbers do; and what a
//! step led to is remembered as long as its operation is open.

use super::index::Index;
use crate::check::hash::hash_of;
use std::hash::Hash;

/// A state's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StateId(pub u32);

/// What an operation does to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It cannot be answered so here.
    Illegal,
    /// It leads there.
    To(StateId),
}

/// What is remembered of an operation's step: whose step it was, since slots change hands.
#[derive(Clone, Copy, Debug)]
struct Taken {
    operation: u32,
    to: u32,
}

const NOBODY: Taken = Taken { operation: u32::MAX, to: 0 };
const ILLEGAL: u32 = u32::MAX;
/// Slots that there is room for at first.
const COLUMNS: usize = 4;
/// Of no more slots are steps remembered: with thousands open at a time, a row of all of them for every state would take more than the states.
const MOST_COLUMNS: usize = 512;

/// Bytes that others keep by a state's number: `Horizon` two words, and each of three `Configurations` one.
const BY_NUMBER: usize = 5 * 4;

/// The states of one search.
#[derive(Clone, Debug)]
pub(super) struct States<State> {
    states: Vec<State>,
    hashes: Vec<u64>,
    index: Index,
    /// A row a state, a column a slot, as far as there are columns.
    taken: Vec<Taken>,
    columns: usize,
    /// Bytes of the states themselves.
    weight: usize,
}

impl<State: Clone + Eq + Hash> States<State> {
    pub fn new() -> Self {
        States {
            states: Vec::with_capacity(32),
            hashes: Vec::with_capacity(32),
            index: Index::new(),
            taken: Vec::with_capacity(32 * COLUMNS),
            columns: COLUMNS,
            weight: 0,
        }
    }

    pub fn get(&self, id: StateId) -> &State {
        &self.states[id.0 as usize]
    }

    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// The number of a state, which is kept if it is new; none, if there is no room for so many bytes more.
    pub fn intern(
        &mut self,
        state: State,
        weight: impl Fn(&State) -> usize,
        has_room: impl FnOnce(usize) -> bool,
    ) -> Option<StateId> {
        let hash = hash_of(&state);
        let (states, hashes) = (&self.states, &self.hashes);
        if let Some(found) = self.index.find(hash, |id| hashes[id as usize] == hash && states[id as usize] == state) {
            return Some(StateId(found));
        }
        let weight = weight(&state);
        if !has_room(weight + self.growth()) {
            return None;
        }
        let id = u32::try_from(self.states.len())
            .expect("a search has fewer than four billion states: its budget is smaller");
        self.weight += weight;
        self.states.push(state);
        self.hashes.push(hash);
        self.taken.resize(self.states.len() * self.columns, NOBODY);
        let hashes = &self.hashes;
        self.index.insert(hash, id, |id| hashes[id as usize]);
        Some(StateId(id))
    }

    pub fn remembered(&self, from: StateId, slot: usize, operation: usize) -> Option<Step> {
        if slot >= self.columns {
            return None;
        }
        match self.taken[from.0 as usize * self.columns + slot] {
            Taken { operation: whose, .. } if whose as usize != operation => None,
            Taken { to: ILLEGAL, .. } => Some(Step::Illegal),
            Taken { to, .. } => Some(Step::To(StateId(to))),
        }
    }

    #[allow(clippy::cast_possible_truncation)] // a history has fewer operations: see History::with_limit
    pub fn remember(&mut self, from: StateId, slot: usize, operation: usize, step: Step) {
        if slot >= self.columns {
            return;
        }
        let to = match step {
            Step::Illegal => ILLEGAL,
            Step::To(state) => state.0,
        };
        self.taken[from.0 as usize * self.columns + slot] = Taken { operation: operation as u32, to };
    }

    /// Makes room for the steps of operations in slots below `slots`.
    pub fn widen(&mut self, slots: usize) {
        let columns = columns_for(slots);
        if columns > self.columns {
            self.columns = columns;
            self.taken.clear();
            self.taken.resize(self.states.len() * self.columns, NOBODY);
        }
    }

    /// How many bytes more that takes.
    pub fn growth_of_widening(&self, slots: usize) -> usize {
        let cells = self.states.len() * columns_for(slots).max(self.columns);
        more(0, self.taken.capacity(), cells) * size_of::<Taken>()
    }

    /// Forgets all states, and the room for more slots than are usual.
    pub fn begin(&mut self) {
        self.clear();
        if self.columns > MOST_COLUMNS / 8 {
            (self.columns, self.taken) = (COLUMNS, Vec::new());
        }
    }

    fn clear(&mut self) {
        self.states.clear();
        self.hashes.clear();
        self.index.clear();
        self.taken.clear();
        self.weight = 0;
    }

    /// Forgets all states but these, which are in order. Their numbers are then their places among these.
    pub fn keep(&mut self, live: &[StateId], weight: impl Fn(&State) -> usize) {
        for (place, id) in live.iter().enumerate() {
            self.states.swap(place, id.0 as usize);
            self.hashes.swap(place, id.0 as usize);
        }
        self.states.truncate(live.len());
        self.hashes.truncate(live.len());
        self.weight = self.states.iter().map(weight).sum();
        self.taken.clear();
        self.taken.resize(self.states.len() * self.columns, NOBODY);
        self.index.clear();
        let hashes = &self.hashes;
        for (number, hash) in (0..).zip(hashes) {
            self.index.insert(*hash, number, |id| hashes[id as usize]);
        }
    }

    /// How many states there is room for.
    pub fn capacity(&self) -> usize {
        self.states.capacity()
    }

    pub fn bytes(&self) -> usize {
        let spare = self.states.capacity() - self.states.len();
        let lists = spare * size_of::<State>() + self.hashes.capacity() * size_of::<u64>();
        self.weight + lists + self.index.bytes() + self.taken.capacity() * size_of::<Taken>()
    }

    /// How many bytes one more state may take besides its weight.
    fn growth(&self) -> usize {
        let each = size_of::<State>() + size_of::<u64>() + BY_NUMBER;
        let lists = more(self.states.len(), self.states.capacity(), 1) * each;
        lists + more(self.taken.len(), self.taken.capacity(), self.columns) * size_of::<Taken>() + self.index.growth()
    }
}

fn columns_for(slots: usize) -> usize {
    slots.next_power_of_two().min(MOST_COLUMNS)
}

/// How much a vector of so many takes in addition for some more: it doubles at least.
pub(super) fn more(length: usize, capacity: usize, by: usize) -> usize {
    if length + by > capacity { (2 * capacity).max(length + by) - capacity } else { 0 }
}
