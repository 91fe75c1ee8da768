//! The clerk: what a client asks, instead of a server that may be deaf, slow or down.

use super::{GetError, PutError, Version, Versioned};
use std::future::Future;
use windtunnel::NodeId;

/// Sends a client's requests to the server, again and again until there is an answer. Cheap to clone: an `Rc` inside.
///
/// It knows one thing that the server does not: whether a request was sent more than once. Requests and replies get lost,
/// come late, come twice, and overtake each other.
pub trait Clerk: Clone + 'static {
    /// A clerk for that server. Sends nothing.
    fn connect(server: NodeId) -> Self;

    /// The value of a key. Tries for ever.
    ///
    /// # Errors
    /// [`GetError::NoKey`] if nobody has put that key.
    fn get(&self, key: &str) -> impl Future<Output = Result<Versioned, GetError>>;

    /// Gives a key a value, if it still has that version; [`Version::NONE`] creates it. Tries for ever.
    ///
    /// A caller names a version that it was told, or 0: of a version that is yet to come nobody can say whether it will not,
    /// by a request that is still on its way, be replaced after all.
    ///
    /// # Errors
    /// [`PutError::Version`] and [`PutError::NoKey`] say that the put was not done. [`PutError::Maybe`] says that it may
    /// have been: the request was sent again, and was refused for its version. A first request that is refused is refused.
    fn put(&self, key: &str, value: &str, version: Version) -> impl Future<Output = Result<(), PutError>>;
}
