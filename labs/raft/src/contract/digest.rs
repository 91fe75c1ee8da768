//! Commands by their digest: what a view says of an entry without carrying it.

use serde::{Deserialize, Serialize};
use std::fmt;
use windtunnel::fold;

/// 64 bits that stand for the bytes of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub u64);

impl Digest {
    /// The digest of a command.
    #[must_use]
    pub const fn of(command: &[u8]) -> Digest {
        Digest(fold::of_bytes(command))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
