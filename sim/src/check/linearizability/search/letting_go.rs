//! What explanations need of a search: to be at one place more than once, and to take an operation's answer for unknown.

use super::{Open, Operations, Search, without};
use crate::check::linearizability::configurations::Configurations;
use crate::check::model::Model;

impl<'m, M: Model> Search<'m, M> {
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
        self.window[slot] = (!never).then_some(Open { operation, ends: None, is_read: false, is_let_go: true });
        self.rank(operations, slot);
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
            go_first: self.go_first.clone(),
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

    /// The states that the object can be in.
    pub fn states(&self) -> Vec<M::State> {
        let mut states = self.configurations.iter().map(|configuration| configuration.state).collect::<Vec<_>>();
        states.sort_unstable_by_key(|state| state.0);
        states.dedup();
        states.into_iter().map(|state| self.states.get(state).clone()).collect()
    }
}
