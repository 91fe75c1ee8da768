//! Why a server does not do what it was asked.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use windtunnel::NodeId;

/// Only the leader takes commands; ask it. (Section 8)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("this server is not the leader{}", hint_in_words(.hint))]
pub struct NotLeader {
    /// The leader, as far as this server knows.
    pub hint: Option<NodeId>,
}

/// Why there is no read barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum BarrierError {
    /// Only a leader that has just heard from a majority can give one. (Section 8)
    #[error("this server is not the leader{}", hint_in_words(.hint))]
    NotLeader {
        /// The leader, as far as this server knows. A leader that no majority confirms in time knows of none, not even
        /// of itself: ask another server, or again.
        hint: Option<NodeId>,
    },
    /// This submission has none; reads must go through the log.
    #[error("this Raft has no read barrier; send reads through the log")]
    Unsupported,
}

impl From<NotLeader> for BarrierError {
    fn from(NotLeader { hint }: NotLeader) -> Self {
        BarrierError::NotLeader { hint }
    }
}

fn hint_in_words(hint: &Option<NodeId>) -> String {
    hint.map_or_else(String::new, |leader| format!("; ask {leader}"))
}
