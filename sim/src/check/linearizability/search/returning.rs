//! What happens when an operation returns: every configuration in which it has no place yet must find one.

use super::{Operations, Search, without};
use crate::check::linearizability::budget::{Exhausted, Meter};
use crate::check::linearizability::configurations::{Configuration, Configurations};
use crate::check::linearizability::slots::Slots;
use crate::check::linearizability::states::{StateId, Step};
use crate::check::model::Model;

impl<M: Model> Search<'_, M> {
    /// An operation returns. Every configuration in which it has no place yet must find one now: whether any does. If none did, nothing more can be asked.
    pub fn returned(
        &mut self,
        operations: &Operations<M>,
        operation: usize,
        meter: &mut Meter,
    ) -> Result<bool, Exhausted> {
        // While it has no place it is still coming: an order in which it can have none any more is not gone on with.
        let found = self.find_places(operations, operation, meter);
        self.horizon.pass(operation);
        found
    }

    fn find_places(
        &mut self,
        operations: &Operations<M>,
        operation: usize,
        meter: &mut Meter,
    ) -> Result<bool, Exhausted> {
        meter.compared(self.window.len().saturating_sub(1) as u64);
        let Some(slot) = self.slot_of(operation) else { return Ok(true) }; // it had a place in every order already
        if let Some(alone) = self.alone(slot) {
            return Ok(self.returned_alone(operations, alone, slot, meter));
        }
        let visible = !self.window[slot].is_some_and(|open| open.is_read);
        let mut seen = std::mem::take(&mut self.seen);
        let mut results = std::mem::take(&mut self.results);
        for configuration in self.configurations.iter() {
            if configuration.must.contains(slot) || visible && configuration.may.contains(slot) {
                seen.insert(configuration.clone());
            }
            if !configuration.must.contains(slot) {
                results.insert(without(configuration.clone(), slot));
            }
            meter.holds(self.bytes_with(&seen, &results))?;
        }
        let mut place = 0;
        while place < seen.places() {
            if let Some(configuration) = seen.at(place).cloned() {
                self.extend(operations, &configuration, slot, &mut seen, &mut results, meter)?;
            }
            place += 1;
        }
        seen.clear();
        self.seen = seen;
        self.window[slot] = None;
        self.horizon.placed(slot);
        if results.len() == 0 {
            return Ok(false);
        }
        self.drop_what_can_wait(operations, &mut results, meter)?;
        meter.cost.peak_configurations = meter.cost.peak_configurations.max(results.len());
        self.configurations.clear();
        self.results = std::mem::replace(&mut self.configurations, results);
        self.forget(meter);
        Ok(true)
    }

    /// The place of the one configuration, if there is but one, and nothing is open but this operation, which must happen.
    fn alone(&self, slot: usize) -> Option<usize> {
        let place = self.configurations.only()?;
        let configuration = self.configurations.at(place)?;
        let nothing_else = configuration.must.is_only(slot) && configuration.may.is_empty();
        nothing_else.then_some(place)
    }

    /// The common case, which needs no search: what must happen, happens.
    fn returned_alone(&mut self, operations: &Operations<M>, place: usize, slot: usize, meter: &mut Meter) -> bool {
        let from = self.configurations.at(place).map_or(StateId(0), |configuration| configuration.state);
        let Step::To(state) = self.step(operations, from, slot, meter) else { return false };
        self.window[slot] = None;
        self.horizon.placed(slot);
        self.configurations.clear();
        self.configurations.insert(Configuration { state, must: Slots::default(), may: Slots::default() });
        self.forget(meter);
        true
    }

    /// Gives each open operation the next place in this order; those in which `slot` then has one are results.
    fn extend(
        &mut self,
        operations: &Operations<M>,
        from: &Configuration,
        slot: usize,
        seen: &mut Configurations,
        results: &mut Configurations,
        meter: &mut Meter,
    ) -> Result<(), Exhausted> {
        let visible = !self.window[slot].is_some_and(|open| open.is_read);
        for next in from.must.iter().chain(from.may.iter()) {
            let Some(reached) = self.linearize(operations, from, next, meter) else {
                meter.goes_on()?;
                continue;
            };
            let explained = from.must.contains(slot) && reached.may.contains(slot);
            if next == slot || explained {
                results.insert(without(reached.clone(), slot));
            }
            if next != slot && (reached.must.contains(slot) || visible) {
                seen.insert(reached);
            }
            meter.compared(seen.take_compared() + results.take_compared());
            meter.holds(self.bytes_with(seen, results))?;
        }
        Ok(())
    }

    /// The configuration after an open operation takes effect, if it can and changes anything.
    pub(super) fn linearize(
        &mut self,
        operations: &Operations<M>,
        from: &Configuration,
        slot: usize,
        meter: &mut Meter,
    ) -> Option<Configuration> {
        let open = self.window[slot]?;
        if open.is_read || self.gives_way(from, slot, open) {
            return None;
        }
        let Step::To(state) = self.step(operations, from.state, slot, meter) else { return None };
        if state == from.state {
            return None;
        }
        let mut next = Configuration { state, must: from.must.clone(), may: from.may.clone() };
        next.must.remove(slot);
        next.may.remove(slot);
        let mut before = std::mem::take(&mut self.hiding);
        before.clear();
        before.push(from.state);
        for other in from.must.iter().filter(|other| *other != slot) {
            let free = self.step(operations, state, other, meter) == Step::To(state)
                || self.is_hidden(operations, &mut before, (slot, state), other, meter);
            if free {
                next.must.remove(other);
                next.may.insert(other);
            }
        }
        self.hiding = before;
        (!self.is_doomed(operations, &next, meter)).then_some(next)
    }

    /// Whether `other` can have its place just before the operation in `slot`, which hides it, whichever of those that were found hidden there
    /// do have theirs. `before` are the states that these lead to.
    fn is_hidden(
        &mut self,
        operations: &Operations<M>,
        before: &mut Vec<StateId>,
        (slot, to): (usize, StateId),
        other: usize,
        meter: &mut Meter,
    ) -> bool {
        let found = before.len();
        for place in 0..found {
            let between = match self.step(operations, before[place], other, meter) {
                Step::To(between) if self.step(operations, between, slot, meter) == Step::To(to) => between,
                _ => {
                    before.truncate(found);
                    return false;
                }
            };
            if !before.contains(&between) {
                before.push(between);
            }
        }
        true
    }

    /// Drops each configuration that another one reaches by one more operation: it will be reached when the next one returns.
    fn drop_what_can_wait(
        &mut self,
        operations: &Operations<M>,
        results: &mut Configurations,
        meter: &mut Meter,
    ) -> Result<(), Exhausted> {
        if results.len() < 2 {
            return Ok(());
        }
        for place in 0..results.places() {
            let Some(from) = results.at(place).cloned() else { continue };
            for next in from.must.iter().chain(from.may.iter()) {
                if let Some(reached) = self.linearize(operations, &from, next, meter) {
                    results.drop_covered(&reached);
                }
                meter.compared(results.take_compared());
                meter.holds(self.bytes_with(&self.seen, results))?;
            }
        }
        Ok(())
    }
}
