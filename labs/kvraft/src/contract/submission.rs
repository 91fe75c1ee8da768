//! What a submission hands in.

use super::{Clerk, Replicated, Server, StateMachine};
use lab_raft::Raft;

/// The three things that a submission consists of, for any Raft: the reference's, or the learner's own (`--raft DIR`).
pub trait Submission: 'static {
    /// Part rsm: a state machine of which each server has a replica.
    type Replicated<R: Raft, M: StateMachine>: Replicated<R, M>;
    /// Parts kv and snapshot: the service.
    type Server<R: Raft>: Server<R>;
    /// Parts kv and snapshot: who asks it.
    type Clerk: Clerk;
}
