//! What servers say to each other. (Figure 2, "RequestVote RPC" and "AppendEntries RPC"; figure 13,
//! "InstallSnapshot RPC")
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
    #[serde(with = "serde_bytes")]
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

/// A leader sends a piece of its snapshot to a follower that lacks what the snapshot stands for.
/// (Figure 13, "InstallSnapshot RPC")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallSnapshot {
    /// The leader's term.
    pub term: Term,
    /// The snapshot stands for all entries up to this one.
    pub last_index: LogIndex,
    /// The term of that entry.
    pub last_term: Term,
    /// Where in the snapshot the piece begins, in bytes.
    pub offset: u64,
    /// The piece.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
    /// Whether it is the last one.
    pub done: bool,
}

/// The answer to [`InstallSnapshot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The follower's term.
    pub term: Term,
    /// What it needs next.
    pub progress: Progress,
}

/// How far a follower is with a snapshot. The paper's answer is the term alone; this much more
/// lets a leader go on after a lost piece without beginning again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// It holds everything that the snapshot stands for, and it is on its disk.
    Holds,
    /// It needs the piece that begins here.
    Needs {
        /// In bytes from the snapshot's beginning.
        offset: u64,
    },
    /// The sender's term is over.
    Refused,
}

/// Whether a follower's log matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It holds the entry before the new ones, and now the new ones.
    Matched,
    /// The sender's term is over.
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

impl net::Request for InstallSnapshot {
    type Reply = Installed;
    const NAME: &'static str = "install_snapshot";
}
