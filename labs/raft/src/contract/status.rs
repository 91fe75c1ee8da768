//! Short answers of a server.

use super::{LogIndex, Role, Term};
use serde::{Deserialize, Serialize};

/// What a server says of itself. (Figure 2, "State")
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The latest term it has seen.
    pub term: Term,
    /// What it is in that term.
    pub role: Role,
}

/// Where a proposed command stands in the leader's log. (Section 5.3)
///
/// It will be applied there if it commits. If another leader takes over first, another command
/// may be applied at that index, or the same one under another term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// Its place in the log.
    pub index: LogIndex,
    /// The leader's term.
    pub term: Term,
}
