//! The reference submission to the lab of a key/value service on Raft, written to be read.
//!
//! Read [`replicated`] first: one replica of a state machine, and who waits for what in its log; [`lease`] is what lets a leader
//! answer reads alone. [`server`] makes a key/value service of it, whose state is in [`pairs`], and [`clerk`] asks whoever leads.

pub mod clerk;
pub mod lease;
pub mod pairs;
pub mod replicated;
pub mod server;

pub use clerk::Clerk;
pub use replicated::Replicated;
pub use server::Server;

use lab_kvraft::StateMachine;
use lab_raft::Raft;

/// The submission: it runs on any Raft.
#[derive(Debug)]
pub struct Submission;

impl lab_kvraft::Submission for Submission {
    type Replicated<R: Raft, M: StateMachine> = Replicated<R, M>;
    type Server<R: Raft> = Server<R>;
    type Clerk = Clerk;
}
