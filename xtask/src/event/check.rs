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
    /// The smallest contradiction, in the order of the calls.
    pub core: Vec<CheckedOperation>,
    /// The line from which on it was looked for, if not from the first.
    pub since_line: Option<usize>,
    /// The budget that an undecided check ran out of.
    pub out_of: Option<String>,
    pub steps: u64,
    pub peak_bytes: u64,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    Linearizable,
    NotLinearizable,
    Undecided,
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
