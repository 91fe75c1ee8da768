//! The history of one object, event by event.

use super::budget::{Exhausted, Meter};
use super::search::{Contradiction, Search};
use crate::check::history::Operation;
use crate::check::model::Model;

/// What a search says of a part of a history.
pub(super) enum PartVerdict<State> {
    /// Some order explains every answer.
    Linearizable,
    /// None does: the operation at whose return that showed.
    Contradiction {
        /// Index of the operation.
        at: usize,
        /// What is known of it.
        contradiction: Contradiction<State>,
    },
}

/// Judges the operations whose indices are in `part`, in the order of their calls. Events of equal time are concurrent: calls go first.
pub(super) fn judge<M: Model>(
    model: &M,
    initial: M::State,
    operations: &[Operation<M::Input, M::Output>],
    part: &[u32],
    meter: &mut Meter,
) -> Result<PartVerdict<M::State>, Exhausted>
where
    M::Input: PartialEq,
{
    let mut returns = part
        .iter()
        .filter_map(|index| operations[*index as usize].ended().map(|at| (at, *index)))
        .collect::<Vec<_>>();
    returns.sort_unstable();
    let (mut returned, mut foreseen) = (0, 0);
    let mut search = Search::new(model, initial);
    let mut calls = part.iter().map(|index| *index as usize).peekable();
    loop {
        while search.looks_further() && foreseen.max(returned) < returns.len() {
            let (at, operation) = returns[foreseen.max(returned)];
            let called = calls.clone().take_while(|call| operations[*call].called <= at);
            search.foresee(operations, operation as usize, called);
            foreseen = foreseen.max(returned) + 1;
        }
        let next_call = calls.peek().map(|index| operations[*index].called);
        let next_return = returns.get(returned);
        match (next_call, next_return) {
            (Some(call), ended) if ended.is_none_or(|(ended, _)| call <= *ended) => {
                search.called(operations, calls.next().expect("it was peeked at"), meter);
            }
            (_, Some((_, operation))) => {
                returned += 1;
                let at = *operation as usize;
                if let Err(contradiction) = search.returned(operations, at, meter)? {
                    return Ok(PartVerdict::Contradiction { at, contradiction });
                }
            }
            (_, None) => return Ok(PartVerdict::Linearizable),
        }
    }
}
