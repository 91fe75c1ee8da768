//! The server: what answers requests, and keeps its promises through crashes.

use super::{Get, GetError, Put, PutRefused, Versioned};
use std::future::Future;
use std::io;

/// The one server of the lab. Cheap to clone: an `Rc` inside.
///
/// A node is single-threaded, so `Rc<RefCell<_>>` is fine, and another request is served at `.await` and nowhere else. Do
/// not hold a `RefCell` borrow across one.
///
/// What was answered must survive: the process may be killed and the machine may lose its power at any moment, and what was
/// not synced may then be gone, in part and in any order. The disk is honest: what was synced stays.
pub trait Server: Clone + 'static {
    /// Starts the server from what is on its own disk, and returns when it can answer.
    ///
    /// Nothing is handed over from before a restart.
    ///
    /// # Errors
    /// When the disk does not give back what was saved. Then the node stops for good.
    fn start() -> impl Future<Output = io::Result<Self>>;

    /// The value of a key.
    ///
    /// What it answers has been read, and must not be forgotten either.
    ///
    /// # Errors
    /// [`GetError::NoKey`] if nobody has put that key.
    fn get(&self, request: Get) -> impl Future<Output = Result<Versioned, GetError>>;

    /// Gives a key a value and one version more, if it has the version that the request names. A key that does not exist is
    /// created by a put of version 0.
    ///
    /// The same request arrives several times if its clerk sends it again, and perhaps long after the clerk has given up on it. And
    /// what was sent once may come once more, long after it was answered: what is answered then reaches nobody.
    ///
    /// # Errors
    /// [`PutRefused::NoKey`] if there is no such key and the version is not 0, [`PutRefused::Version`] if the key has
    /// another one.
    fn put(&self, request: Put) -> impl Future<Output = Result<(), PutRefused>>;
}
