//! The trait that a submission implements.

use super::{AppliedStream, BarrierError, LogIndex, NotLeader, Proposed, Status, View};
use std::future::Future;
use std::io;

/// One server of a Raft cluster. Cheap to clone: an `Rc` inside.
///
/// A node is single-threaded, so `Rc<RefCell<_>>` is fine, and another task runs at `.await` and
/// nowhere else. Do not hold a `RefCell` borrow across one.
pub trait Raft: Clone + 'static {
    /// Starts the server: reads what it needs from its own disk, serves its RPCs, starts its
    /// timers, and returns when it can answer. (Figure 2; who the others are says
    /// `windtunnel::node::peers`.)
    ///
    /// Nothing is handed over from before a restart. What is on the disk is all there is.
    ///
    /// # Errors
    ///
    /// When the disk does not give back what was saved. A server that has forgotten a vote must
    /// not vote: the node stops for good, as with `windtunnel::node::stop`.
    fn start(applied: AppliedStream) -> impl Future<Output = io::Result<Self>>;

    /// Takes a command into the leader's log and returns at once, without waiting for the disk or
    /// anybody. (Figure 2, "Leaders": if command received from client, append entry to local log)
    ///
    /// # Errors
    ///
    /// When this server does not believe to be the leader.
    fn propose(&self, command: Vec<u8>) -> Result<Proposed, NotLeader>;

    /// The term and role of the server. (Section 5.1)
    fn status(&self) -> Status;

    /// Tells the server that the state machine has everything up to `index` in `data`, so the log
    /// up to there may go. (Section 7; part snapshot)
    ///
    /// A server that keeps its log breaks no safety rule, and by default it does; part snapshot
    /// bounds what may stay on the disk.
    fn snapshot(&self, index: LogIndex, data: Vec<u8>) {
        let _ = (index, data);
    }

    /// An index such that a state machine that has applied it may answer a read that is asked
    /// now, from its own state. (Section 8, and section 6.4 of Ongaro's dissertation)
    ///
    /// # Errors
    ///
    /// By default there is none: [`BarrierError::Unsupported`].
    fn read_barrier(&self) -> impl Future<Output = Result<LogIndex, BarrierError>> {
        async { Err(BarrierError::Unsupported) }
    }

    /// What the oracle sees, taken before each reply of the node and after every step. (Figure 2, "State") It is what is in
    /// memory, also where that is not on the disk yet.
    ///
    /// Shows the state and must not change it, except to note what it has shown.
    fn view(&self) -> View;
}
