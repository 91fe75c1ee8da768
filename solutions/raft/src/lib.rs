//! The reference submission to the Raft lab, written to be read.
//!
//! Read [`messages`] first, then [`core`]: the rules of the paper, without I/O. [`raft`] is the
//! shell around it, which moves bytes and holds no rule: timers, RPCs, and the disk by way of
//! `journal`; `elector`, `replicator` and `reader` do what its name says.

pub mod core;
mod elector;
mod journal;
pub mod messages;
pub mod raft;
mod reader;
mod replicator;

pub use raft::Raft;
