//! One thing that happened, for people: a cell of the table with a column for each node.

use serde::{Deserialize, Serialize};
use windtunnel::NodeId;

/// Something that happened on a node. Words are few: a cell is about 20 characters wide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The number of the event it belongs to, from 1.
    pub event: u64,
    /// Virtual time in nanoseconds.
    pub at_ns: u64,
    /// Whose column: the sender's, if it is a message. 0 is the tester.
    pub node: NodeId,
    /// What kind of thing it is.
    pub kind: RowKind,
    /// What happened: `candidate of 5`, `fsync begins`, `power loss, vote not on disk`.
    pub text: String,
    /// The receiver, if it is a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<NodeId>,
    /// What the receiver did of it: `votes for node 1`. The arrow points here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_text: Option<String>,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// A process began.
    Start,
    /// A message: sent if it has no `peer_text`, delivered if it has one.
    Message,
    /// A call failed, a connection was reset.
    Connection,
    /// A timer went off or was set.
    Timer,
    /// A disk operation began or ended.
    Disk,
    /// The tester did or asked something.
    Control,
    /// A node showed something: became leader, applied an entry.
    Observation,
    /// The weather struck: power loss, partition, pause. Marked ✗.
    Fault,
    /// Lab code logged a line.
    Log,
    /// Lab code wrote to its standard output or error.
    Output,
    /// Here the rule broke. Marked `← here`.
    Violation,
}
