//! Workers.

use crate::attempt::Apps;
use std::future::Future;
use std::io;

/// Does what the coordinator, node 1, gives it to do. There is one on each of the other nodes, with a disk of its own that no other
/// sees; the store is a node by itself.
///
/// It is killed, loses power, stands still and is cut off at any moment. A task may be given to another one meanwhile, and both may
/// finish it.
pub trait Worker: 'static {
    /// Starts. What an earlier start has left on the disk may be used or removed.
    ///
    /// The functions of applications are called through `apps` alone.
    ///
    /// # Errors
    /// If it cannot; the node is down then.
    fn start(apps: Apps) -> impl Future<Output = io::Result<Self>>
    where
        Self: Sized;
}
