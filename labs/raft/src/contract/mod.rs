//! The contract: what a submission implements, and the words it is written in.
//!
//! Begin with [`Raft`], the trait. Everything else here is a word that it uses.
//! The paper is Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm
//! (Extended Version)"; "figure 2" is its one-page summary.

mod applied;
mod digest;
mod errors;
mod index;
mod raft;
mod role;
mod status;
mod term;
mod view;

pub use applied::{Applied, AppliedStream};
pub use digest::Digest;
pub use errors::{BarrierError, NotLeader};
pub use index::LogIndex;
pub use raft::Raft;
pub use role::Role;
pub use status::{Proposed, Status};
pub use term::Term;
pub use view::{View, ViewFault};
