//! What a reader is told of a contradiction.

use super::budget::Exhausted;
use super::explain::Core;
use crate::check::history::{Operation, OperationId};
use crate::check::model::Model;

/// Why a history is not linearizable: operations that no order explains, however the others went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The operation at whose return no order was left: none that explains what was answered until then, if the contradiction is
    /// [explained](Explained); otherwise none to a search that knows what is answered later too.
    pub operation: OperationId,
    /// The smallest contradiction, in the order of the calls. All other operations of the same object may have
    /// taken effect at any time after their calls or never: these contradict one another all the same. Empty if it was not [explained](Explained).
    pub core: Vec<OperationId>,
    /// Whether nothing in it can be left out.
    pub explained: Explained,
    /// That is so of what was called from this operation on. What was called before is as the history has it.
    pub since: Option<OperationId>,
    /// Each of the core in words.
    pub described: Vec<String>,
    /// In which states the object can have been while the last of them was open, if they are few and have names.
    pub states: Vec<String>,
    /// The contradiction in a sentence.
    pub sentence: String,
}

/// How far an explanation came within its budget, which is a few times what the verdict took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explained {
    /// Nothing in the core can be left out.
    Fully,
    /// The core is a contradiction, and there may be a smaller one, or one that shows better why.
    Partly(Exhausted),
    /// Not as far as any contradiction but that of the whole history.
    Failed(Exhausted),
    /// It was not asked for.
    NotAsked,
}

/// So many states are worth telling.
pub(super) const FEW: usize = 4;
/// So many operations fit into a sentence beside the last, each in words.
const IN_WORDS: usize = 2;

impl Violation {
    pub(super) fn new<M: Model>(
        model: &M,
        operations: &[Operation<M::Input, M::Output>],
        core: Core<M::State>,
    ) -> Violation {
        let last = core.last;
        let words =
            |operation: usize| format!("{} {}", OperationId(operation), model.describe(operations[operation].asked()));
        let states = core.states.iter().filter_map(|state| model.describe_state(state)).collect::<Vec<_>>();
        let others = core.operations.iter().copied().filter(|other| *other != last).collect::<Vec<_>>();
        let sentence = sentence(&words, operations, &others, last, &states);
        Violation {
            operation: OperationId(last),
            core: core.operations.iter().copied().map(OperationId).collect(),
            explained: core.ended_by.map_or(Explained::Fully, Explained::Partly),
            described: core.operations.iter().copied().map(words).collect(),
            since: core.since.map(OperationId),
            states,
            sentence,
        }
    }

    /// A contradiction that nobody explains.
    pub(super) fn unexplained(operation: usize, explained: Explained) -> Violation {
        let operation = OperationId(operation);
        Violation {
            operation,
            core: Vec::new(),
            explained,
            described: Vec::new(),
            since: None,
            states: Vec::new(),
            // Not that no order explained what was answered until then: that may be so later only.
            sentence: format!(
                "when {operation} returned, a search that knows also what is answered later had no order left that explains all"
            ),
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
    let was_over = |other: &usize| operations[*other].ended_as().is_some_and(|place| place < operations[last].behind);
    let (before, beside) = others.iter().copied().partition::<Vec<_>, _>(was_over);
    let numbers = |some: &[usize]| {
        let numbers = some.iter().map(|other| OperationId(*other).to_string()).collect::<Vec<_>>();
        numbers.join(", ")
    };
    let before = match &before[..] {
        [] => String::new(),
        few if few.len() <= IN_WORDS => {
            format!(", called after {}", few.iter().copied().map(words).collect::<Vec<_>>().join(" and "))
        }
        many => format!(", called after {}", numbers(many)),
    };
    let beside = if beside.is_empty() { String::new() } else { format!(", beside {}", numbers(&beside)) };
    format!("{}{before}{beside}{only}", words(last))
}
