//! The order that the service itself told: an index of its log, a version. If it explains the history, nothing need be searched;
//! if it does not, that says nothing, since a service may be wrong about itself.

use super::Operations;
use crate::check::model::Model;

/// Whether the hints of these operations, of one object, put them into an order that explains them. What nobody knows the outcome of and
/// nobody hints at is taken not to have happened.
pub(super) fn explains<M: Model>(model: &M, initial: M::State, operations: &Operations<M>, part: &[u32]) -> bool {
    let Some(order) = told_order(model, operations, part) else { return false };
    let mut state = initial;
    // How many answers lie before the latest call so far: none of these operations can have taken effect before that, nor can what comes after them.
    let mut behind = 0;
    for operation in order.into_iter().map(|place| &operations[place as usize]) {
        behind = behind.max(operation.behind);
        if operation.ended_as().is_some_and(|place| place < behind) {
            return false;
        }
        match model.step(&state, operation.asked()) {
            Some(after) => state = after,
            None => return false,
        }
    }
    true
}

/// Sorted by their hints; what reads at a place comes after what wrote there. Nothing, if an operation that ended has no hint.
fn told_order<M: Model>(model: &M, operations: &Operations<M>, part: &[u32]) -> Option<Vec<u32>> {
    let mut order = Vec::new();
    for place in part {
        let operation = &operations[*place as usize];
        match operation.hint {
            Some(_) => order.push(*place),
            None if operation.ended().is_some() => return None,
            None => {}
        }
    }
    order.sort_by_key(|place| {
        let operation = &operations[*place as usize];
        (operation.hint, model.is_read(&operation.input), operation.called)
    });
    Some(order)
}
