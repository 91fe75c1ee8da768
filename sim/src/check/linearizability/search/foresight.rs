//! Looking ahead: orders that make impossible what is about to be answered are not carried on.

use super::{Operations, Search, asked};
use crate::check::linearizability::budget::Meter;
use crate::check::linearizability::configurations::Configuration;
use crate::check::linearizability::horizon::{Coming, Horizon, Stands};
use crate::check::linearizability::slots::Slots;
use crate::check::model::Model;

impl<M: Model> Search<'_, M> {
    /// It looks so many returns ahead for every order that the next return may try.
    const AHEAD: usize = 4;
    /// So few orders are cheaper to try than to look ahead for.
    const FEW: usize = 3;

    /// Whether it wants to know more of what is coming: looking ahead pays once the orders multiply, and those that will be are as many as there are
    /// open operations for each that is there.
    pub fn looks_further(&self) -> bool {
        let changing = self.window.iter().flatten().filter(|open| !open.is_read).count();
        let orders = self.configurations.len() * changing;
        orders > Self::FEW && self.horizon.len() < Horizon::RETURNS.min(Self::AHEAD * orders)
    }

    /// Tells which operation returns after those that it was told of, and what is called until then.
    pub fn foresee(
        &mut self,
        operations: &Operations<M>,
        operation: usize,
        called_until_then: impl Iterator<Item = usize>,
        meter: &mut Meter,
    ) {
        let model = self.model;
        let coming = operations[operation].asked();
        let revives = |other: usize, is_let_go: bool| {
            other != operation && model.revives(asked(operations, other, is_let_go), coming)
        };
        let mut open_revivers = Slots::default();
        let mut stands = Stands::Uncalled;
        for (slot, open) in self.window.iter().enumerate().filter_map(|(slot, open)| Some((slot, open.as_ref()?))) {
            if open.operation == operation {
                stands = Stands::Open(slot);
            } else if revives(open.operation, open.is_let_go) {
                open_revivers.insert(slot);
            }
        }
        if stands == Stands::Uncalled && self.called.is_some_and(|called| operation <= called) {
            stands = Stands::Answered;
        }
        let is_heard_of =
            |other: &usize| operations[*other].ended().is_some() || !model.is_read(&operations[*other].input);
        let revivers_to_come = called_until_then
            .filter(|other| is_heard_of(other) && revives(*other, self.to_let_go.contains(other)))
            .count();
        self.horizon.push(Coming { operation, stands, revivers_to_come, open_revivers });
        for place in 0..self.configurations.places() {
            let Some(configuration) = self.configurations.at(place).cloned() else { continue };
            if self.is_doomed(operations, &configuration, meter) {
                self.configurations.drop_at(place);
            }
        }
    }

    /// Whether an operation that is coming can no more be answered as it will be.
    pub(super) fn is_doomed(
        &mut self,
        operations: &Operations<M>,
        configuration: &Configuration,
        meter: &mut Meter,
    ) -> bool {
        let (model, state) = (self.model, self.states.get(configuration.state));
        let past = self.horizon.past(configuration.state, |coming| {
            meter.compared(1);
            model.is_past(state, operations[coming].asked())
        });
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

    /// Forgets what it knows of what is coming.
    pub fn forget_the_horizon(&mut self) {
        self.horizon = Horizon::default();
    }
}
