//! A key/value service on Raft of your own. It compiles, refuses everything politely, and does nothing that it is asked.
//!
//! Follow the `TODO(you)` marks: `replicated` first (part rsm), then `pairs`, `server` and `clerk` (part kv), and all of them
//! again for snapshots. The handout says what each must stand: labs/kvraft/README.md.

mod clerk;
mod pairs;
mod replicated;
mod server;

pub use clerk::Clerk;
pub use replicated::Replicated;
pub use server::Server;

use lab_kvraft::StateMachine;
use lab_raft::Raft;

/// What is handed in: it runs on any Raft.
#[derive(Debug)]
pub struct Submission;

impl lab_kvraft::Submission for Submission {
    type Replicated<R: Raft, M: StateMachine> = Replicated<R, M>;
    type Server<R: Raft> = Server<R>;
    type Clerk = Clerk;
}
