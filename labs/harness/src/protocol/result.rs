//! How one run ended.

use super::{Failure, TraceHash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use windtunnel::Seed;

/// How one test ended under one seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResult {
    /// Which test.
    pub test: String,
    /// Under which seed.
    pub seed: Seed,
    /// How it ended.
    pub verdict: Verdict,
    /// The fold over everything that happened.
    pub trace_hash: TraceHash,
    /// The hash after as many events as the request asked for, if the run had so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_at: Option<TraceHash>,
    /// How many events there were.
    pub events: u64,
    /// Virtual time at the end, in nanoseconds.
    pub sim_ns: u64,
    /// How often each family of faults struck.
    #[serde(default)]
    pub faults: BTreeMap<String, u64>,
    /// What a storm was like: `leader-change`, `unsynced-power-loss`, `one-way-cut`, `long-pause` (of a second or
    /// more), each if there was one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rough: Vec<String>,
    /// Faults of a run that passed without coming to their event's number: `kill at event 5000`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never_struck: Vec<String>,
    /// What the lab's judge has counted, by name: turns with a lock, say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counted: BTreeMap<String, u64>,
    /// Messages sent, replies included.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The most heap any one node held.
    pub peak_heap_bytes: u64,
    /// What broke, unless it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything held.
    Passed,
    /// A checker ran out of its budget. Never a pass.
    Undecided,
    /// Something broke.
    Failed,
    /// The same seed gave another trace.
    Nondeterministic,
}
