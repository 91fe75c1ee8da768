//! What explanations need of a search: to be at one place more than once, and to take an operation's answer for unknown.

use super::Search;
use crate::check::linearizability::configurations::Configurations;
use crate::check::model::Model;
use std::collections::BTreeSet;

impl<'m, M: Model> Search<'m, M> {
    /// Takes these, which are not called yet, as ones of unknown outcome, whatever they will be answered.
    pub fn let_go(&mut self, operations: BTreeSet<usize>) {
        self.to_let_go.extend(operations);
    }

    /// Another one that is where this one is.
    pub fn fork(&self) -> Self {
        Search {
            model: self.model,
            states: self.states.clone(),
            window: self.window.clone(),
            go_first: self.go_first.clone(),
            go_first_bytes: self.go_first_bytes,
            unknown: self.unknown.clone(),
            configurations: self.configurations.clone(),
            horizon: self.horizon.clone(),
            called: self.called,
            seen: Configurations::default(),
            results: Configurations::default(),
            hiding: Vec::new(),
            to_let_go: self.to_let_go.clone(),
        }
    }

    /// The operations that are open.
    pub fn open(&self) -> impl Iterator<Item = usize> + '_ {
        self.window.iter().flatten().map(|open| open.operation)
    }
}
