//! What a server is at the moment. (Section 5.1)

use serde::{Deserialize, Serialize};
use std::fmt;

/// The three states of a server. (Section 5.1 and figure 4)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers leaders and candidates.
    #[default]
    Follower,
    /// Asks for votes.
    Candidate,
    /// Takes commands and replicates them.
    Leader,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Role::Follower => "follower",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
        })
    }
}
