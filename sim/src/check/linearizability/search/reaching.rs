//! Which states the object can be in, whatever of what is open has taken effect by now.

use super::{Operations, Search};
use crate::check::linearizability::budget::{Exhausted, Meter};
use crate::check::linearizability::configurations::Configurations;
use crate::check::model::Model;
use std::collections::BTreeSet;

impl<M: Model> Search<'_, M> {
    /// The states, or more than `most` of them. A configuration has the latest moment at which its operations can have happened; here each that is open may have
    /// happened sooner.
    pub fn states(
        &mut self,
        operations: &Operations<M>,
        most: usize,
        meter: &mut Meter,
    ) -> Result<Vec<M::State>, Exhausted> {
        let mut reached = Configurations::default();
        let mut states = BTreeSet::new();
        for configuration in self.configurations.iter() {
            states.insert(configuration.state);
            reached.insert(configuration.clone());
        }
        let mut place = 0;
        while place < reached.places() && states.len() <= most {
            let from = reached.at(place).cloned();
            for from in from.iter() {
                for next in from.must.iter().chain(from.may.iter()) {
                    if let Some(configuration) = self.linearize(operations, from, next, meter) {
                        states.insert(configuration.state);
                        reached.insert(configuration);
                    }
                    meter.compared(reached.take_compared());
                    meter.holds(reached.bytes(self.states.capacity()) + self.bytes())?;
                }
            }
            place += 1;
        }
        Ok(states.into_iter().map(|state| self.states.get(state).clone()).collect())
    }
}
