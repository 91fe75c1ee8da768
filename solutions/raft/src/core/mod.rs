//! The rules of Raft, and nothing else: no network, no disk, no clock, no task.
//!
//! The shell (`raft`) tells a [`Core`] what happened and does what comes out. So every rule can
//! be read beside the paper's figure 2, and tested by a call.
//!
//! | file | figure 2 |
//! |---|---|
//! | this one | State; "Rules for Servers": All Servers |
//! | [`log`] | the log, and AppendEntries steps 3 and 4 |
//! | `election` | RequestVote; "Rules for Servers": Followers, Candidates |
//! | `pre_vote` | no part of it: asking before standing |
//! | `replication` | AppendEntries, the leader's side; "Rules for Servers": Leaders |
//! | `progress` | nextIndex, matchIndex, and what is under way |
//! | `appending` | AppendEntries, the follower's side |
//! | `commit` | commitIndex, lastApplied |
//! | `snapshot` | figure 13: InstallSnapshot |
//! | `quorum` | no part of it: a leader without a majority, and those who still hear theirs |
//! | `reads` | no part of it: reads that need no entry of the log (section 8) |
//! | `durable` | "updated on stable storage before responding" |

mod appending;
mod commit;
mod durable;
mod election;
pub mod log;
mod pre_vote;
mod progress;
mod quorum;
mod reads;
mod replication;
mod shown;
mod snapshot;
#[cfg(test)]
mod tests;

pub use commit::ToApply;
pub use durable::{Record, Unsaved};
pub use progress::Sent;
pub use quorum::{Contact, Heard};
pub use reads::{Answer, Question};
pub use replication::Request;
pub use snapshot::Snapshot;

use durable::Durability;
use lab_raft::{LogIndex, NotLeader, Role, Status, Term};
use log::Log;
use progress::Follower;
use shown::Shown;
use snapshot::Arriving;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use windtunnel::NodeId;

/// The state of one server. (Figure 2, "State")
#[derive(Debug)]
pub struct Core {
    id: NodeId,
    peers: Vec<NodeId>,

    /// currentTerm, the latest term this server has seen.
    term: Term,
    /// votedFor, the candidate that has this server's vote in `term`.
    voted_for: Option<NodeId>,
    log: Log,
    /// What stands for the beginning of the log, if anything does.
    snapshot: Option<Rc<Snapshot>>,

    standing: Standing,
    /// commitIndex.
    commit: LogIndex,
    /// lastApplied.
    applied: LogIndex,

    /// What of the above has reached the disk.
    durability: Durability,
    /// Who was heard since the election timer was last set.
    heard: Option<Heard>,
    /// The snapshot that a leader is sending.
    arriving: Option<Arriving>,
    /// What of the log the oracle has not seen.
    shown: Shown,
}

/// What the server is, with the state that belongs to it. (Figure 4)
#[derive(Debug)]
enum Standing {
    Follower {
        leader: Option<NodeId>,
    },
    /// A follower whose leader is silent, and who would vote for it.
    Asking {
        willing: BTreeSet<NodeId>,
    },
    Candidate {
        votes: BTreeSet<NodeId>,
    },
    Leader {
        followers: BTreeMap<NodeId, Follower>,
        /// How many reads were asked for since the election.
        reads: u64,
    },
}

/// What a server finds on its disk. (Figure 2, "Persistent state on all servers")
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// currentTerm.
    pub term: Term,
    /// votedFor.
    pub voted_for: Option<NodeId>,
    /// The log.
    pub log: Log,
    /// What stands for the log's beginning.
    pub snapshot: Option<Snapshot>,
}

impl Core {
    /// A server that has just started, with what its disk held. "When servers start up, they
    /// begin as followers." (Section 5.2)
    #[must_use]
    pub fn new(id: NodeId, peers: Vec<NodeId>, recovered: Recovered) -> Self {
        let Recovered { term, voted_for, log, snapshot } = recovered;
        Core {
            id,
            peers,
            term,
            voted_for,
            durability: Durability::of(&log),
            commit: log.base(),
            log,
            snapshot: snapshot.map(Rc::new),
            standing: Standing::Follower { leader: None },
            applied: LogIndex::ZERO,
            heard: Some(Heard::Nobody),
            arriving: None,
            shown: Shown::nothing(),
        }
    }

    /// Term and role.
    #[must_use]
    pub const fn status(&self) -> Status {
        let role = match self.standing {
            Standing::Follower { .. } | Standing::Asking { .. } => Role::Follower,
            Standing::Candidate { .. } => Role::Candidate,
            Standing::Leader { .. } => Role::Leader,
        };
        Status { term: self.term, role }
    }

    /// The other servers.
    #[must_use]
    pub fn peers(&self) -> &[NodeId] {
        &self.peers
    }

    /// "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
    /// follower." (Figure 2, All Servers)
    fn observe_term(&mut self, term: Term) {
        if term > self.term {
            self.term = term;
            self.voted_for = None;
            self.durability.hard_state_changed();
            self.standing = Standing::Follower { leader: None };
        }
    }

    /// Who leads, as far as this server knows.
    const fn not_leader(&self) -> NotLeader {
        match self.standing {
            Standing::Follower { leader } => NotLeader { hint: leader },
            _ => NotLeader { hint: None },
        }
    }

    /// How many servers are a majority, this one counted.
    const fn majority(&self) -> usize {
        self.peers.len().div_ceil(2) + 1
    }
}
