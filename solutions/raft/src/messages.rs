//! What servers say to each other. (Figure 2, "RequestVote RPC" and "AppendEntries RPC")
//!
//! Who asks is not written in a request: the network says it.

use lab_raft::{LogIndex, Term};
use serde::{Deserialize, Serialize};
use windtunnel::net;

/// One entry of the log. (Section 5.3)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The term in which a leader received it.
    pub term: Term,
    /// For the state machine.
    pub command: Vec<u8>,
}

/// A candidate asks for a vote. (Section 5.2)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestVote {
    /// The candidate's term.
    pub term: Term,
    /// The last entry of the candidate's log. (Section 5.4.1)
    pub last_index: LogIndex,
    /// The term of that entry.
    pub last_term: Term,
}

/// A server asks whether it would get a vote. (Section 9.6 of Ongaro's dissertation)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreVote {
    /// The term in which it would stand.
    pub term: Term,
    /// The last entry of its log.
    pub last_index: LogIndex,
    /// The term of that entry.
    pub last_term: Term,
}

/// The answer to [`RequestVote`] and to [`PreVote`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The voter's term.
    pub term: Term,
    /// Whether the candidate has the vote.
    pub granted: bool,
}

/// A leader sends entries, or none as a heartbeat. (Section 5.3)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendEntries {
    /// The leader's term.
    pub term: Term,
    /// The entry before the new ones.
    pub previous_index: LogIndex,
    /// The term of that entry.
    pub previous_term: Term,
    /// The new ones.
    pub entries: Vec<Entry>,
    /// The leader's commitIndex.
    pub commit: LogIndex,
}

/// The answer to [`AppendEntries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// The follower's term.
    pub term: Term,
    /// Whether the follower's log now holds what was sent.
    pub outcome: Outcome,
}

/// Whether a follower's log matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It holds the entry before the new ones, and now the new ones.
    Matched,
    /// The sender's term is over, or the follower could not look.
    Refused,
    /// It does not hold the entry before the new ones. "The follower can include the term of the
    /// conflicting entry and the first index it stores for that term." (End of section 5.3)
    Conflict {
        /// The term of the entry it has in that place, or none if its log ends before.
        term: Option<Term>,
        /// The first entry of that term, or the place after its last entry.
        first_index: LogIndex,
    },
}

impl net::Request for RequestVote {
    type Reply = Vote;
    const NAME: &'static str = "request_vote";
}

impl net::Request for PreVote {
    type Reply = Vote;
    const NAME: &'static str = "pre_vote";
}

impl net::Request for AppendEntries {
    type Reply = Appended;
    const NAME: &'static str = "append_entries";
}
