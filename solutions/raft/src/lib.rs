//! The reference submission to the Raft lab, written to be read.
//!
//! Read [`messages`] first, then [`core`]: the rules of the paper, without I/O. [`raft`] is the
//! shell around it, which moves bytes and holds no rule: timers, RPCs, and the disk by way of
//! `journal`; `replicator` is a leader's side of one follower.

pub mod core;
mod journal;
pub mod messages;
pub mod raft;
mod replicator;

pub use raft::Raft;
