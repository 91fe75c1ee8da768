//! A model of all keys at once, for whoever will not split a history by key.

use crate::check::hash::hash_of;
use crate::check::model::{Asked, Model};
use std::rc::Rc;

/// All objects of `M` as one object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Whole<M>(pub M);

impl<M: Model> Model for Whole<M> {
    type Key = ();
    /// The states of the keys that something changed, in the order of the keys.
    type State = Rc<[(M::Key, M::State)]>;
    type Input = M::Input;
    type Output = M::Output;

    fn key(&self, _input: &M::Input) {}

    fn initial(&self, (): &()) -> Self::State {
        Rc::new([])
    }

    fn step(&self, state: &Self::State, asked: Asked<'_, Self>) -> Option<Self::State> {
        let key = self.0.key(asked.input);
        let place = state.binary_search_by(|(other, _)| other.cmp(&key));
        let initial;
        let before = match place {
            Ok(place) => &state[place].1,
            Err(_) => {
                initial = self.0.initial(&key);
                &initial
            }
        };
        let after = self.0.step(before, part(asked))?;
        if after == *before {
            return Some(Rc::clone(state));
        }
        Some(match place {
            Ok(place) => replaced(state, place, (key, after)),
            Err(place) => inserted(state, place, (key, after)),
        })
    }

    fn is_read(&self, input: &M::Input) -> bool {
        self.0.is_read(input)
    }

    fn leads_to(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        self.0.key(earlier.input) == self.0.key(later.input) && self.0.leads_to(part(earlier), part(later))
    }

    fn is_past(&self, state: &Self::State, asked: Asked<'_, Self>) -> bool {
        let key = self.0.key(asked.input);
        state
            .binary_search_by(|(other, _)| other.cmp(&key))
            .is_ok_and(|place| self.0.is_past(&state[place].1, part(asked)))
    }

    fn revives(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        self.0.key(earlier.input) == self.0.key(later.input) && self.0.revives(part(earlier), part(later))
    }

    /// Two keys of one hash are looked at together, which is no mistake.
    fn object(&self, input: &M::Input) -> u64 {
        hash_of(&self.0.key(input))
    }

    fn weight(&self, state: &Self::State) -> usize {
        state.iter().map(|(_, state)| size_of::<M::Key>() + self.0.weight(state)).sum()
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        self.0.describe(part(asked))
    }

    fn describe_state(&self, state: &Self::State) -> Option<String> {
        match &**state {
            [(_, only)] => self.0.describe_state(only),
            _ => None,
        }
    }
}

fn part<'a, M: Model>(asked: Asked<'a, Whole<M>>) -> Asked<'a, M> {
    Asked { input: asked.input, output: asked.output }
}

fn replaced<K: Clone, S: Clone>(all: &[(K, S)], place: usize, new: (K, S)) -> Rc<[(K, S)]> {
    all[..place].iter().cloned().chain(std::iter::once(new)).chain(all[place + 1..].iter().cloned()).collect()
}

fn inserted<K: Clone, S: Clone>(all: &[(K, S)], place: usize, new: (K, S)) -> Rc<[(K, S)]> {
    all[..place].iter().cloned().chain(std::iter::once(new)).chain(all[place..].iter().cloned()).collect()
}
