//! Several objects, each with a name, of a model that knows but one.

use super::short::quoted;
use crate::check::model::{Asked, Model};
use std::rc::Rc;

/// Objects of `M` by name. One without a name is the only one of its history.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keyed<M>(pub M);

/// What one of them is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedAsk<Input> {
    /// Which.
    pub key: Rc<str>,
    /// What.
    pub ask: Input,
}

impl<M: Model> Model for Keyed<M> {
    type Key = (Rc<str>, M::Key);
    type State = M::State;
    type Input = KeyedAsk<M::Input>;
    type Output = M::Output;

    fn key(&self, input: &Self::Input) -> Self::Key {
        (Rc::clone(&input.key), self.0.key(&input.ask))
    }

    fn initial(&self, (_, key): &Self::Key) -> M::State {
        self.0.initial(key)
    }

    fn step(&self, state: &M::State, asked: Asked<'_, Self>) -> Option<M::State> {
        self.0.step(state, one(asked))
    }

    fn is_read(&self, input: &Self::Input) -> bool {
        self.0.is_read(&input.ask)
    }

    fn leads_to(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        self.0.leads_to(one(earlier), one(later))
    }

    fn is_past(&self, state: &M::State, asked: Asked<'_, Self>) -> bool {
        self.0.is_past(state, one(asked))
    }

    fn revives(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        self.0.revives(one(earlier), one(later))
    }

    fn object(&self, input: &Self::Input) -> u64 {
        self.0.object(&input.ask)
    }

    fn weight(&self, state: &M::State) -> usize {
        self.0.weight(state)
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        let words = self.0.describe(one(asked));
        if asked.input.key.is_empty() { words } else { format!("{}: {words}", quoted(&asked.input.key)) }
    }

    fn describe_state(&self, state: &M::State) -> Option<String> {
        self.0.describe_state(state)
    }
}

/// What is asked of one name is never compared with what is asked of another: they have different keys.
fn one<'a, M: Model>(asked: Asked<'a, Keyed<M>>) -> Asked<'a, M> {
    Asked { input: &asked.input.ask, output: asked.output }
}
