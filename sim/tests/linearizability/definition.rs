//! Linearizability as Herlihy and Wing define it, tried on every order: slow, and too simple to be wrong.

use std::collections::BTreeMap;
use windtunnel::check::{Asked, Model, Operation};

/// Whether any order of these explains them.
pub fn is_linearizable<M: Model>(model: &M, operations: &[Operation<&M::Input, &M::Output>]) -> bool {
    let mut parts = BTreeMap::<M::Key, Vec<&Operation<&M::Input, &M::Output>>>::new();
    for operation in operations {
        parts.entry(model.key(operation.input)).or_default().push(operation);
    }
    parts.iter().all(|(key, part)| some_order(model, &model.initial(key), part))
}

/// Whether any order of the rest goes on from this state.
fn some_order<M: Model>(model: &M, state: &M::State, rest: &[&Operation<&M::Input, &M::Output>]) -> bool {
    // All that is left need not have happened.
    if rest.iter().all(|operation| operation.ended().is_none()) {
        return true;
    }
    let first_end = rest.iter().filter_map(|operation| operation.ended()).min();
    (0..rest.len()).any(|place| {
        let next = rest[place];
        let asked = Asked { input: next.input, output: next.output };
        first_end.is_none_or(|end| next.called <= end)
            && model.step(state, asked).is_some_and(|state| {
                let others = [&rest[..place], &rest[place + 1..]].concat();
                some_order(model, &state, &others)
            })
    })
}
