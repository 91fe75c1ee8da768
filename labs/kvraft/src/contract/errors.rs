//! Why a server has no answer.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use windtunnel::NodeId;

/// Why a server has not done what it was asked, as far as it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum NotServed {
    /// It does not lead, and has not begun: nothing comes of the request.
    #[error("this server is not the leader{}", .hint.map_or_else(String::new, |leader| format!("; ask {leader}")))]
    NotLeader {
        /// Who leads, as far as it knows.
        hint: Option<NodeId>,
    },
    /// It led and has begun, and leads no more: the request may have been executed, or may be yet.
    #[error("this server led when it was asked, and leads no more: perhaps done")]
    Lost,
}
