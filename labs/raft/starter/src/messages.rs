//! What servers say to each other. (Figure 2, "RequestVote RPC" and "AppendEntries RPC")

use lab_raft::Term;
use serde::{Deserialize, Serialize};
use windtunnel::net;

/// A candidate asks for a vote. Who asks is not written here: the network says it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestVote {
    /// The candidate's term.
    pub term: Term,
    // TODO(you): lastLogIndex and lastLogTerm. (Section 5.4.1)
}

/// The answer to [`RequestVote`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vote {
    /// The voter's term, for the candidate to update itself.
    pub term: Term,
    /// Whether the candidate has the vote.
    pub granted: bool,
}

/// A leader sends entries, or none as a heartbeat.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppendEntries {
    /// The leader's term.
    pub term: Term,
    // TODO(you): prevLogIndex, prevLogTerm, entries, leaderCommit.
}

/// The answer to [`AppendEntries`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Appended {
    /// The follower's term, for the leader to update itself.
    pub term: Term,
    /// Whether the follower's log holds what was sent.
    pub success: bool,
    // TODO(you): where to go on after a refusal. (End of section 5.3)
}

impl net::Request for RequestVote {
    type Reply = Vote;
    const NAME: &'static str = "request_vote";
}

impl net::Request for AppendEntries {
    type Reply = Appended;
    const NAME: &'static str = "append_entries";
}
