//! The clerk: what a client asks, instead of servers of which one leads and any may be deaf, slow or down.

use super::{GetError, PutError, Version, Versioned};
use std::future::Future;
use windtunnel::NodeId;

/// Sends a client's requests to the servers, again and again until one of them has an answer. Cheap to clone: an `Rc` inside.
///
/// A client asks one thing of its clerk after the other.
pub trait Clerk: Clone + 'static {
    /// A clerk of these servers. Sends nothing.
    fn connect(servers: Vec<NodeId>) -> Self;

    /// The value of a key. Tries for ever.
    ///
    /// # Errors
    /// [`GetError::NoKey`] if nobody has written that key.
    fn get(&self, key: &str) -> impl Future<Output = Result<Versioned, GetError>>;

    /// Gives a key a value, if it still has that version; [`Version::NONE`] creates it. Tries for ever.
    ///
    /// # Errors
    /// [`PutError::Version`] and [`PutError::NoKey`] say that the put was not done, and never will be. [`PutError::Maybe`] says
    /// that it may be: the request was sent again after a server may have begun with it, and was refused.
    fn put(&self, key: &str, value: &str, version: Version) -> impl Future<Output = Result<(), PutError>>;

    /// Writes something behind the value of a key, once. A key that does not exist is created. Tries for ever.
    fn append(&self, key: &str, value: &str) -> impl Future<Output = ()>;
}
