//! What a reader is told of a contradiction.

use super::explain::Core;
use crate::check::history::{Operation, OperationId};
use crate::check::model::Model;

/// Why a history is not linearizable: operations that no order explains, however the others went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The operation at whose return no order was left.
    pub operation: OperationId,
    /// The smallest contradiction, in the order of the calls. Nothing in it can be left out. All other operations of the same object may have
    /// taken effect at any time after their calls or never: these contradict one another all the same.
    pub core: Vec<OperationId>,
    /// Of a long history only the end was looked at anew for that, from the call or return of this operation on. What was before stands as the
    /// check had found it.
    pub since: Option<OperationId>,
    /// Each of them in words.
    pub described: Vec<String>,
    /// In which states the object can have been while the last of them was open, if they are few and have names.
    pub states: Vec<String>,
    /// The contradiction in a sentence.
    pub sentence: String,
}

/// So many states are worth telling.
const FEW: usize = 4;

impl Violation {
    pub(super) fn new<M: Model>(
        model: &M,
        operations: &[Operation<M::Input, M::Output>],
        core: Core<M::State>,
    ) -> Violation {
        let last = core.last;
        let words =
            |operation: usize| format!("{} {}", OperationId(operation), model.describe(operations[operation].asked()));
        let named = core.states.iter().map(|state| model.describe_state(state)).collect::<Option<Vec<_>>>();
        let states = named.filter(|names| names.len() <= FEW).unwrap_or_default();
        let others = core.operations.iter().copied().filter(|other| *other != last).collect::<Vec<_>>();
        let sentence = sentence(&words, operations, &others, last, &states);
        Violation {
            operation: OperationId(last),
            core: core.operations.iter().copied().map(OperationId).collect(),
            described: core.operations.iter().copied().map(words).collect(),
            since: core.since.map(OperationId),
            states,
            sentence,
        }
    }

    /// A contradiction that the budget did not reach to explain.
    pub(super) fn unexplained(operation: usize) -> Violation {
        let operation = OperationId(operation);
        Violation {
            operation,
            core: vec![operation],
            described: Vec::new(),
            since: None,
            states: Vec::new(),
            sentence: format!("when {operation} returned, no order of the operations explained all answers"),
        }
    }
}

fn sentence<Input, Output>(
    words: &impl Fn(usize) -> String,
    operations: &[Operation<Input, Output>],
    others: &[usize],
    last: usize,
    states: &[String],
) -> String {
    let only = match states {
        [] => String::new(),
        [one] => format!(": it can only have been {one}"),
        some => format!(": it can only have been {}", some.join(" or ")),
    };
    match others {
        [] => format!("{}{only}", words(last)),
        [before] if operations[*before].ended().is_some_and(|ended| ended < operations[last].called) => {
            format!("{}, called after {}{only}", words(last), words(*before))
        }
        some => {
            let others = some.iter().map(|other| OperationId(*other).to_string()).collect::<Vec<_>>();
            format!("{} beside {}{only}", words(last), others.join(", "))
        }
    }
}
