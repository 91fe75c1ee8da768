//! A file, a model's name, a verdict.

use super::decode::Decode;
use super::{Format, ReadError, Reading, read};
use crate::check::history::{History, OperationId};
use crate::check::linearizability::{Budget, Cost, Verdict, check};
use crate::check::models::{AppendList, CasRegister, Counter, Keyed, Kv, KvAppend, Lock, Whole};
use std::collections::BTreeSet;
use std::io::BufRead;

/// A ready model by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelName {
    /// [`Kv`]
    Kv,
    /// [`KvAppend`]
    KvAppend,
    /// [`CasRegister`]
    CasRegister,
    /// [`AppendList`]
    AppendList,
    /// [`Counter`]
    Counter,
    /// [`Lock`]
    Lock,
}

/// How a history is read and judged.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// As what.
    pub model: ModelName,
    /// Whether each key is judged for itself.
    pub partition: bool,
    /// What the check may cost.
    pub budget: Budget,
    /// How many operations there may be.
    pub operations: usize,
    /// How many bytes the history itself may take, estimated from its lines.
    pub history_bytes: u64,
}

impl ReadOptions {
    /// What a history may take if nothing else is said: a gibibyte.
    pub const HISTORY_BYTES: u64 = 1 << 30;

    /// With the usual budgets, key by key.
    #[must_use]
    pub fn new(model: ModelName) -> Self {
        let (operations, history_bytes) = (History::<(), ()>::OPERATIONS, Self::HISTORY_BYTES);
        ReadOptions { model, partition: true, budget: Budget::default(), operations, history_bytes }
    }
}

/// One operation of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedOperation {
    /// Which.
    pub operation: OperationId,
    /// Whose.
    pub client: u64,
    /// The line of its call.
    pub call_line: usize,
    /// The line of its answer.
    pub return_line: Option<usize>,
    /// What, and what was answered.
    pub words: String,
}

/// What was read and found.
#[derive(Clone, Debug)]
pub struct Judged {
    /// How the file was written.
    pub format: Format,
    /// How many operations were read.
    pub operations: usize,
    /// Of how many clients.
    pub clients: usize,
    /// On how many keys.
    pub keys: usize,
    /// How many of unknown outcome.
    pub unknown: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// The operations of the contradiction, if there is one.
    pub core: Vec<NamedOperation>,
    /// The line from which on calls were looked at for the contradiction, if not from the first.
    pub since_line: Option<usize>,
    /// What the verdict took.
    pub cost: Cost,
    /// What the explanation took.
    pub explanation: Cost,
}

/// Reads a history and judges it.
///
/// # Errors
/// If it cannot be read, is none, or does not fit the model.
pub fn judge(text: impl BufRead, options: &ReadOptions) -> Result<Judged, ReadError> {
    match options.model {
        ModelName::Kv => judge_as(&Kv, text, options),
        ModelName::KvAppend => judge_as(&KvAppend, text, options),
        ModelName::CasRegister => judge_as(&Keyed(CasRegister), text, options),
        ModelName::AppendList => judge_as(&AppendList, text, options),
        ModelName::Counter => judge_as(&Counter, text, options),
        ModelName::Lock => judge_as(&Lock, text, options),
    }
}

fn judge_as<M: Decode + Copy>(model: &M, text: impl BufRead, options: &ReadOptions) -> Result<Judged, ReadError> {
    let Reading { history, lines, format, .. } = read::<M>(text, options.operations, options.history_bytes)?;
    let checked = if options.partition {
        check(model, &history, options.budget)
    } else {
        check(&Whole(*model), &history, options.budget)
    };
    let operations = history.operations();
    let (core, since) = match &checked.verdict {
        Verdict::NotLinearizable(violation) => (&violation.core[..], violation.since),
        _ => (&[][..], None),
    };
    let named = |operation: &OperationId| NamedOperation {
        operation: *operation,
        client: operations[operation.0].client.0,
        call_line: lines[operation.0].0,
        return_line: lines[operation.0].1,
        words: model.describe(operations[operation.0].asked()),
    };
    Ok(Judged {
        format,
        operations: operations.len(),
        clients: operations.iter().map(|operation| operation.client).collect::<BTreeSet<_>>().len(),
        keys: operations.iter().map(|operation| model.key(&operation.input)).collect::<BTreeSet<_>>().len(),
        unknown: operations.iter().filter(|operation| operation.ended().is_none()).count(),
        core: core.iter().map(named).collect(),
        since_line: since.map(|since| lines[since.0].0),
        verdict: checked.verdict,
        cost: checked.cost,
        explanation: checked.explanation,
    })
}
