//! A server of the key/value service.

use super::{Append, Get, GetError, NotServed, Options, Put, PutRefused, Versioned};
use lab_raft::{Applied, Raft};
use std::future::Future;
use windtunnel::sync::mpsc::UnboundedReceiver;

/// One server. Cheap to clone: an `Rc` inside.
///
/// All servers together are one service: as if there were one server that does one thing after the other, and never dies. That
/// is, the service is linearizable. (Herlihy and Wing, 1990) A server keeps nothing on its disk: Raft does.
pub trait Server<R: Raft>: Clone + 'static {
    /// Begins. Raft delivers through `applied`, which is read by this and by nobody else.
    fn start(raft: R, applied: UnboundedReceiver<Applied>, options: Options) -> Self;

    /// The value of a key.
    ///
    /// # Errors
    /// Inside [`GetError::NoKey`] if nobody has written that key, outside [`NotServed`].
    fn get(&self, request: Get) -> impl Future<Output = Result<Result<Versioned, GetError>, NotServed>>;

    /// Gives a key a value and one version more, if it has the version that the request names. A key that does not exist is
    /// created by a put of version 0. A clerk that has no answer sends it again, to any server.
    ///
    /// # Errors
    /// Inside [`PutRefused::NoKey`] if there is no such key and the version is not 0, [`PutRefused::Version`] if the key
    /// has another one. Outside [`NotServed`].
    fn put(&self, request: Put) -> impl Future<Output = Result<Result<(), PutRefused>, NotServed>>;

    /// Writes something behind the value of a key, which gives it one version more; exactly once for each number of a
    /// clerk, though the request may come several times, to several servers, before and after crashes.
    ///
    /// # Errors
    /// [`NotServed`].
    fn append(&self, request: Append) -> impl Future<Output = Result<(), NotServed>>;
}
