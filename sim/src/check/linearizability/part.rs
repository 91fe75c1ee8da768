//! The history of one object, event by event.

use super::budget::{Exhausted, Meter};
use super::search::Search;
use crate::check::history::Operation;
use crate::check::model::Model;

/// What happens in a history; operations by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Called(usize),
    Returned(usize),
}

impl Event {
    /// Of which operation.
    pub fn operation(self) -> usize {
        let (Event::Called(operation) | Event::Returned(operation)) = self;
        operation
    }
}

/// What happens to the operations whose indices are in `part`, which is in the order of their calls. Events of equal time are concurrent
/// as far as the history says: calls go first. Operations of unknown outcome never return.
pub(super) fn events<Input, Output>(operations: &[Operation<Input, Output>], part: &[u32]) -> Vec<Event> {
    let mut returns = part
        .iter()
        .filter_map(|index| operations[*index as usize].ended_as().map(|place| (place, *index)))
        .collect::<Vec<_>>();
    returns.sort_unstable();
    let mut returns = returns.into_iter().peekable();
    let mut events = Vec::with_capacity(part.len() * 2);
    for operation in part.iter().map(|index| *index as usize) {
        while let Some((_, returned)) = returns.next_if(|(place, _)| *place < operations[operation].behind) {
            events.push(Event::Returned(returned as usize));
        }
        events.push(Event::Called(operation));
    }
    events.extend(returns.map(|(_, returned)| Event::Returned(returned as usize)));
    events
}

/// What a search says of a part of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartVerdict {
    /// Some order explains every answer.
    Linearizable,
    /// None does: that showed at this event, a return.
    Contradiction(usize),
}

impl PartVerdict {
    /// The same verdict on events of which so many were left out at the beginning.
    pub fn after(self, events: usize) -> PartVerdict {
        match self {
            PartVerdict::Contradiction(at) => PartVerdict::Contradiction(events + at),
            PartVerdict::Linearizable => PartVerdict::Linearizable,
        }
    }
}

/// Judges a part of a history. What it was told of is looked up in `operations`.
pub(super) fn judge<M: Model>(
    search: &mut Search<'_, M>,
    operations: &[Operation<M::Input, M::Output>],
    events: &[Event],
    meter: &mut Meter,
) -> Result<PartVerdict, Exhausted> {
    let mut foreseen = 0;
    for (at, event) in events.iter().enumerate() {
        while foreseen < events.len() && search.looks_further() {
            let Some((returns, operation)) = next_return(events, foreseen.max(at)) else {
                foreseen = events.len();
                break;
            };
            let called = events[at..returns].iter().filter_map(|event| match event {
                Event::Called(operation) => Some(*operation),
                Event::Returned(_) => None,
            });
            search.foresee(operations, operation, called, meter);
            foreseen = returns + 1;
        }
        match *event {
            Event::Called(operation) => {
                search.called(operations, operation, meter);
                meter.compared(search.take_compared());
                meter.holds(search.bytes())?;
            }
            Event::Returned(operation) => {
                let goes_on = search.returned(operations, operation, meter)?;
                meter.compared(search.take_compared());
                meter.holds(search.bytes())?; // without room for what could have been no order says anything
                if !goes_on {
                    return Ok(PartVerdict::Contradiction(at));
                }
            }
        }
    }
    Ok(PartVerdict::Linearizable)
}

/// The index of an operation, as parts of a history keep it.
pub(super) fn number(operation: usize) -> u32 {
    u32::try_from(operation).expect("a history has fewer than four billion operations")
}

/// The next return, where it is and of what.
fn next_return(events: &[Event], from: usize) -> Option<(usize, usize)> {
    events[from..].iter().enumerate().find_map(|(further, event)| match event {
        Event::Returned(operation) => Some((from + further, *operation)),
        Event::Called(_) => None,
    })
}
