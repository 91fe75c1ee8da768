//! Linearizability as Herlihy and Wing define it, tried on every order: slow, and too simple to be wrong.

use std::collections::BTreeMap;
use windtunnel::check::{Asked, Model, Operation};

/// Whether any order of these explains them, of which each lies before those that were called behind its answer.
pub fn is_linearizable<M: Model>(model: &M, operations: &[Operation<&M::Input, &M::Output>]) -> bool {
    in_some_order(model, operations, &|one, other| {
        operations[one].ended_as().is_some_and(|place| place < operations[other].behind)
    })
}

/// Whether any order of these explains them, in which those that ended lie before those that they must precede.
pub fn in_some_order<M: Model>(
    model: &M,
    operations: &[Operation<&M::Input, &M::Output>],
    must_precede: &dyn Fn(usize, usize) -> bool,
) -> bool {
    let mut parts = BTreeMap::<M::Key, Vec<usize>>::new();
    for (place, operation) in operations.iter().enumerate() {
        parts.entry(model.key(operation.input)).or_default().push(place);
    }
    let orders = Orders { model, operations, must_precede };
    parts.iter().all(|(key, part)| orders.go_on(&model.initial(key), part))
}

struct Orders<'o, M: Model> {
    model: &'o M,
    operations: &'o [Operation<&'o M::Input, &'o M::Output>],
    must_precede: &'o dyn Fn(usize, usize) -> bool,
}

impl<M: Model> Orders<'_, M> {
    /// Whether any order of the rest goes on from this state.
    fn go_on(&self, state: &M::State, rest: &[usize]) -> bool {
        let has_ended = |place: &&usize| self.operations[**place].ended().is_some();
        // All that is left need not have happened.
        if !rest.iter().any(|place| has_ended(&place)) {
            return true;
        }
        (0..rest.len()).any(|at| {
            let next = rest[at];
            let asked = Asked { input: self.operations[next].input, output: self.operations[next].output };
            !rest.iter().filter(has_ended).any(|other| (self.must_precede)(*other, next))
                && self.model.step(state, asked).is_some_and(|state| {
                    let others = [&rest[..at], &rest[at + 1..]].concat();
                    self.go_on(&state, &others)
                })
        })
    }
}
