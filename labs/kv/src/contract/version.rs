//! What a key holds: a value, and how often it was put.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How often a key was put. A key that was never put has none; its first put gives it version 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// What a put names that is to create its key.
    pub const NONE: Version = Version(0);

    /// The version after one more put.
    #[must_use]
    pub const fn next(self) -> Version {
        Version(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value, with its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned {
    /// The value.
    pub value: String,
    /// How often its key was put, this value included.
    pub version: Version,
}
