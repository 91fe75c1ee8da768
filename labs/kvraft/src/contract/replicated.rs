//! A state machine of which each server has a replica: MIT's `rsm`.

use super::{NotServed, Options, StateMachine};
use lab_raft::{Applied, Raft};
use std::future::Future;
use windtunnel::sync::mpsc::UnboundedReceiver;

/// One server's replica, kept equal to the others' by Raft. Cheap to clone: an `Rc` inside.
///
/// Every replica does the same commands in the same order, since that is the order of Raft's log. The replica begins anew with every start
/// of the server: Raft delivers again what it has kept, a snapshot first if it has one.
pub trait Replicated<R: Raft, M: StateMachine>: Clone + 'static {
    /// Begins. Raft delivers through `applied`, which is read by this and by nobody else; `machine` is new.
    fn start(raft: R, applied: UnboundedReceiver<Applied>, machine: M, options: Options) -> Self;

    /// Has all replicas do a command, and waits until this one has: then its answer. (MIT's `Submit`)
    ///
    /// Every call comes to an end if the servers can reach each other, whoever leads by then.
    ///
    /// # Errors
    /// [`NotServed::NotLeader`] if the command was not offered to anybody, [`NotServed::Lost`] if it was, and it is not known
    /// what has come of it: another command has taken its place in the log, or somebody else leads.
    fn submit(&self, command: M::Command) -> impl Future<Output = Result<M::Answer, NotServed>>;

    /// Looks at this server's replica, once it is known to have all that anybody was told of before this was called, by
    /// [`submit`](Replicated::submit) or by this, on any server.
    ///
    /// Raft's `read_barrier` tells what has to be applied for that; a Raft that has none (`Unsupported`) leaves the way through
    /// the log. Under a [lease](Options::lease) nobody needs to be asked.
    ///
    /// # Errors
    /// [`NotServed`] if this server does not lead, or cannot know whether it does.
    fn read<T>(&self, look: impl FnOnce(&M) -> T) -> impl Future<Output = Result<T, NotServed>>;
}
