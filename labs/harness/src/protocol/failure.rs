//! What broke in a run: the rule, where, and the events that show it.

use super::Row;
use serde::{Deserialize, Serialize};
use windtunnel::NodeId;
use windtunnel::line::LogLevel;

/// What broke in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The rule's name for machines: `election-safety`, `panic`, `out-of-time`, `never-idle`.
    pub rule: String,
    /// What broke, as a sentence: `Election safety is broken: node 1 and node 3 both lead term 5.`
    pub title: String,
    /// Where the rule comes from: `Raft, section 5.2: a server votes for …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What to look at next, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// How things stood when it broke, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// The node on which it broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// The event at which it broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// When it broke, in nanoseconds of virtual time.
    #[serde(default)]
    pub at_ns: u64,
    /// The events that show it, oldest first; the last one is where it broke.
    #[serde(default)]
    pub story: Vec<Row>,
    /// Log lines, if the request asked for a level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogRecord>,
    /// What lab code wrote to standard output and error, capped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<OutputRecord>,
    /// What the seed decided, as an explicit scenario file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
}

/// A line that lab code logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    /// The event during which it was logged.
    pub event: u64,
    /// Virtual time in nanoseconds.
    pub at_ns: u64,
    /// By whom.
    pub node: NodeId,
    /// How much it matters.
    pub level: LogLevel,
    /// The module that logged it.
    pub target: String,
    /// The message and its fields.
    pub message: String,
}

/// A line that lab code wrote past `tracing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRecord {
    /// The event during which it was written.
    pub event: u64,
    /// Virtual time in nanoseconds.
    pub at_ns: u64,
    /// By whom.
    pub node: NodeId,
    /// Where to.
    pub stream: OutputStream,
    /// One line, without its end; what is no UTF-8 is replaced.
    pub text: String,
}

/// Where lab code wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}
