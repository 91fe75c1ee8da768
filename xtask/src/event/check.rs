//! What `check` says.

use serde::Serialize;

/// A history was judged.
#[derive(Clone, Debug, Serialize)]
pub struct CheckEvent {
    pub file: String,
    pub format: &'static str,
    pub model: &'static str,
    pub partition: bool,
    pub operations: usize,
    pub clients: usize,
    pub keys: usize,
    /// Operations of unknown outcome.
    pub unknown: usize,
    pub verdict: CheckVerdict,
    /// What contradicts what, in a sentence.
    pub sentence: Option<String>,
    /// Whether that is the smallest contradiction.
    pub explained: Option<CheckExplained>,
    /// The smallest contradiction, in the order of the calls.
    pub core: Vec<CheckedOperation>,
    /// The line from which on calls were looked at for it, if not from the first.
    pub since_line: Option<usize>,
    /// The budget that an undecided check, or an explanation that did not come to its end, ran out of.
    pub out_of: Option<String>,
    pub steps: u64,
    pub peak_bytes: u64,
    /// Steps that the explanation took besides.
    pub explanation_steps: u64,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    Linearizable,
    NotLinearizable,
    Undecided,
}

/// How far an explanation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckExplained {
    /// To its end: nothing of the core can be left out.
    Fully,
    /// The core is a contradiction, and there may be a smaller one, or one that needs nothing of what came before.
    Partly,
    /// There is no core.
    Failed,
}

/// An operation of a contradiction.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedOperation {
    pub operation: usize,
    pub client: u64,
    pub call_line: usize,
    pub return_line: Option<usize>,
    pub words: String,
}
