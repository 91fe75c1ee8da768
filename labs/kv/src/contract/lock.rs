//! A lock that is a key, with a lease and a fencing token.

use super::Clerk;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::future::Future;
use windtunnel::time::{Duration, Instant};

/// For how long a lock is held at most, by the clock of whoever holds it. Who dies with it loses it then.
pub const LEASE: Duration = Duration::from_secs(3);

/// Two clocks agree on nothing, but no clock gains or loses more than that, in nanoseconds a millisecond.
///
/// So 3 s of one clock may be 3.31 s of another: `3 s × (1,000,000 + 50,000) / (1,000,000 - 50,000)`.
pub const MAX_DRIFT_PPM: u64 = 50_000;

/// The number of a holding. Each time a lock is acquired its token is higher than all before it, so that whatever the lock
/// guards can turn away a holder who does not know yet that it is none any more. (Kleppmann, "How to do distributed
/// locking", 2016; Burrows, "The Chubby lock service", 2006, section 2.4: sequencers)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub u64);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A lock that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Shown to whatever the lock guards.
    pub token: Token,
    /// The lock is held until this node's clock shows that, and nobody else holds it before. At most [`LEASE`] from now, and at
    /// least half of it where no message is lost or late.
    pub until: Instant,
}

/// A lock of that name, built on nothing but a clerk. Cheap to clone: an `Rc` inside.
///
/// Of all who acquire it one holds it: until it releases it, or until its lease is over. Clocks drift by [`MAX_DRIFT_PPM`]
/// at most and may jump on the wall, so only spans of `windtunnel::time::Instant` mean anything.
pub trait Lock<C: Clerk>: Clone + 'static {
    /// The lock that is kept under the key `name`. Sends nothing.
    fn new(clerk: C, name: &str) -> Self;

    /// Waits until the lock is this one's, and says until when. Whoever holds it and is not heard of again loses it soon
    /// after its [`LEASE`].
    fn acquire(&self) -> impl Future<Output = Lease>;

    /// Gives the lock back, if it is still this one's.
    fn release(&self) -> impl Future<Output = ()>;
}
