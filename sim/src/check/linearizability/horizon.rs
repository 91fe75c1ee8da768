//! What is about to be answered. A history that lies there whole tells what the next answers will be, and an order
//! that makes one of them impossible need not be carried until then.

use super::slots::{Bits, Slots};
use super::states::{StateId, more};

/// An operation that will return soon.
#[derive(Clone, Debug)]
pub(super) struct Coming {
    pub operation: usize,
    pub stands: Stands,
    /// How many that would make possible what is not will be called before it returns.
    pub revivers_to_come: usize,
    /// Those of them that are open.
    pub open_revivers: Slots,
}

/// How it stands with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// Not called yet.
    Uncalled,
    /// Open, in this slot of the window.
    Open(usize),
    /// It has a place in every order.
    Answered,
}

/// The operations that return next, each in a place of its own: a ring.
#[derive(Clone, Debug, Default)]
pub(super) struct Horizon {
    coming: [Option<Coming>; Self::RETURNS],
    first: usize,
    count: usize,
    /// By state: which places were asked about, and where the answer was that it is past there.
    asked: Vec<Places>,
    past: Vec<Places>,
}

/// A set of places of the ring.
type Places = u32;

impl Horizon {
    /// How many returns it looks ahead.
    pub const RETURNS: usize = Places::BITS as usize;

    pub fn len(&self) -> usize {
        self.count
    }

    /// Adds what returns after all that are there.
    pub fn push(&mut self, coming: Coming) {
        let place = (self.first + self.count) % Self::RETURNS;
        self.coming[place] = Some(coming);
        self.count += 1;
        self.asked.iter_mut().for_each(|asked| *asked &= !(1 << place));
    }

    /// An operation is called and open in this slot; `revives` tells which of those that are coming it could make possible.
    pub fn called(&mut self, operation: usize, slot: usize, revives: impl Fn(usize) -> bool) {
        if self.count == 0 {
            return;
        }
        for coming in self.coming.iter_mut().flatten() {
            if coming.operation == operation {
                coming.stands = Stands::Open(slot);
            } else if revives(coming.operation) {
                coming.revivers_to_come -= 1;
                coming.open_revivers.insert(slot);
            }
        }
    }

    /// What was open in this slot has a place in every order.
    pub fn placed(&mut self, slot: usize) {
        if self.count == 0 {
            return;
        }
        for coming in self.coming.iter_mut().flatten() {
            coming.open_revivers.remove(slot);
            if coming.stands == Stands::Open(slot) {
                coming.stands = Stands::Answered;
            }
        }
    }

    /// An operation returns: the first of those that are coming, if any are.
    pub fn pass(&mut self, operation: usize) {
        if self.coming[self.first].as_ref().is_some_and(|coming| coming.operation == operation) {
            self.coming[self.first] = None;
            self.first = (self.first + 1) % Self::RETURNS;
            self.count -= 1;
        }
    }

    pub fn at(&self, place: usize) -> Option<&Coming> {
        self.coming[place].as_ref()
    }

    /// The places of operations that can never be answered as they will be from this state on, unless they are revived.
    pub fn past(&mut self, state: StateId, mut is_past: impl FnMut(usize) -> bool) -> Bits {
        if self.count == 0 {
            return Bits(0);
        }
        let state = state.0 as usize;
        if self.asked.len() <= state {
            self.asked.resize(state + 1, 0);
            self.past.resize(state + 1, 0);
        }
        let there = self.there();
        let mut unasked = there & !self.asked[state];
        while unasked != 0 {
            let place = unasked.trailing_zeros() as usize;
            unasked &= unasked - 1;
            let past = self.coming[place].as_ref().is_some_and(|coming| is_past(coming.operation));
            self.past[state] = self.past[state] & !(1 << place) | Places::from(past) << place;
        }
        self.asked[state] |= there;
        Bits(u64::from(self.past[state] & there))
    }

    /// The states have new names.
    pub fn forget_states(&mut self) {
        self.asked.clear();
        self.past.clear();
    }

    /// Bytes of what it remembers of states, if there is room for so many of them.
    pub fn bytes(&self, states: usize) -> usize {
        let kept = self.asked.capacity();
        2 * (kept + more(0, kept, states)) * size_of::<Places>()
    }

    /// The places that are taken.
    fn there(&self) -> Places {
        match self.count {
            0 => 0,
            count => (Places::MAX >> (Self::RETURNS - count)).rotate_left(self.first as u32),
        }
    }
}
