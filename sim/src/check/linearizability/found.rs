//! A contradiction that was found, and what is told of it.

use super::Operations;
use super::budget::{Cost, Meter};
use super::explain::{Core, explain, states_met};
use super::left_out::{For, leave_out};
use super::part::{Event, number};
use super::violation::{Explained, Violation};
use crate::check::model::Model;

/// Events of one object that no order explains.
#[derive(Clone, Copy)]
pub(super) struct Found<'e> {
    pub events: &'e [Event],
    /// At this one, a return, it showed.
    pub at: usize,
}

/// What is told of them, and what it took to find out, beside what lies beside the search that judged them.
pub(super) fn explained<M: Model>(
    model: &M,
    key: &M::Key,
    operations: &Operations<M>,
    Found { events, at }: Found<'_>,
    judged: &Meter,
) -> (Violation, Cost) {
    let mut meter = Meter::new(judged.budget.for_explaining(judged.cost));
    meter.lies_beside(judged.beside());
    let fewer = without_useless(model, operations, events, &mut meter);
    let left = fewer.as_deref().unwrap_or(events);
    let at_left = place_of(events[at], left);
    let initial = model.initial(key);
    let violation = match explain(model, &initial, operations, left, at_left, &mut meter) {
        Ok(core) if fewer.is_some() => {
            // What was left out may have led to other states than those that were found.
            let states = states_met(model, &initial, operations, events, at, &mut meter).unwrap_or_default();
            Violation::new(model, operations, Core { states, ..core })
        }
        Ok(core) => Violation::new(model, operations, core),
        Err(exhausted) => Violation::unexplained(events[at].operation(), Explained::Failed(exhausted)),
    };
    (violation, meter.cost)
}

/// The events without those of operations that no explanation needs, if there are any.
fn without_useless<M: Model>(
    model: &M,
    operations: &Operations<M>,
    events: &[Event],
    meter: &mut Meter,
) -> Option<Vec<Event>> {
    let called = events.iter().filter(|event| matches!(event, Event::Called(_)));
    let part = called.map(|event| number(event.operation())).collect::<Vec<_>>();
    let left = leave_out(model, operations, &part, For::Explanation, meter)?;
    let is_left = |event: &&Event| left.binary_search(&number(event.operation())).is_ok();
    Some(events.iter().filter(is_left).copied().collect())
}

pub(super) fn place_of(event: Event, events: &[Event]) -> usize {
    events.iter().position(|other| *other == event).expect("nothing that was answered is left out")
}
