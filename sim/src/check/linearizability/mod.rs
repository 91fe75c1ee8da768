//! Linearizability (Herlihy and Wing 1990): is there an order of the operations, each between its call and its return, in which
//! a sequential service would have answered the same?
//!
//! `part` takes the events of one object in order, `search` carries the possible orders, `configurations`, `slots`, `states` and `index` keep them
//! small; `budget` ends what would take too long.

mod budget;
mod configurations;
mod horizon;
mod index;
mod part;
mod search;
mod slots;
mod states;

pub use budget::{Budget, Cost, Exhausted};

use super::history::{History, Operation, OperationId};
use super::model::Model;
use budget::Meter;
use part::PartVerdict;
use std::collections::BTreeMap;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is an order that explains every answer.
    Linearizable,
    /// There is none.
    NotLinearizable(Violation),
    /// The check ran out of its budget. This is no pass.
    Undecided(Exhausted),
}

/// Why a history is not linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The operation at whose return no order was left.
    pub operation: OperationId,
    /// The states, in words, that the object can have been in just before, if they are few and have names.
    pub states: Vec<String>,
}

/// A verdict and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What was found.
    pub verdict: Verdict,
    /// What it took.
    pub cost: Cost,
}

/// Judges a history, each object for itself.
pub fn check<M: Model>(model: &M, history: &History<M::Input, M::Output>, budget: Budget) -> Checked
where
    M::Input: PartialEq,
{
    let operations = history.operations();
    let mut meter = Meter::new(budget);
    let verdict = match parts(model, operations).iter().find_map(|(key, part)| {
        match part::judge(model, model.initial(key), operations, part, &mut meter) {
            Ok(PartVerdict::Linearizable) => None,
            Ok(PartVerdict::Contradiction { at, contradiction }) => Some(Verdict::NotLinearizable(Violation {
                operation: OperationId(at),
                states: contradiction.states.iter().filter_map(|state| model.describe_state(state)).collect(),
            })),
            Err(exhausted) => Some(Verdict::Undecided(exhausted)),
        }
    }) {
        Some(verdict) => verdict,
        None => Verdict::Linearizable,
    };
    Checked { verdict, cost: meter.cost }
}

/// The operations of each object, in the order of their calls.
fn parts<M: Model>(model: &M, operations: &[Operation<M::Input, M::Output>]) -> BTreeMap<M::Key, Vec<u32>> {
    let mut parts = BTreeMap::<M::Key, Vec<u32>>::new();
    for (index, operation) in operations.iter().enumerate() {
        let index = u32::try_from(index).expect("a history has fewer than four billion operations");
        parts.entry(model.key(&operation.input)).or_default().push(index);
    }
    parts
}
