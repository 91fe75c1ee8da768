//! Models of which nothing is known but what they do, so that nothing is left out and nothing is cheap.

use std::cell::Cell;
use windtunnel::check::{Asked, Model};

/// A model without what makes a check cheaper. It counts the steps that it is asked for.
#[derive(Debug, Default)]
pub struct Bare<M> {
    model: M,
    pub steps: Cell<u64>,
}

impl<M: Model> Model for Bare<M> {
    type Key = M::Key;
    type State = M::State;
    type Input = M::Input;
    type Output = M::Output;

    fn key(&self, input: &M::Input) -> M::Key {
        self.model.key(input)
    }

    fn initial(&self, key: &M::Key) -> M::State {
        self.model.initial(key)
    }

    fn step(&self, state: &M::State, asked: Asked<'_, Self>) -> Option<M::State> {
        self.steps.set(self.steps.get() + 1);
        self.model.step(state, Asked { input: asked.input, output: asked.output })
    }
}
