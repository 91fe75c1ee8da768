//! Why a key has no value, and why a put was not done.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a get has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum GetError {
    /// Nobody has put that key.
    #[error("no such key")]
    NoKey,
}

/// Why a server does not do a put: it knows, and has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum PutRefused {
    /// The put names a version, and nobody has put that key.
    #[error("no such key")]
    NoKey,
    /// The key has another version than the put names.
    #[error("the key has another version")]
    Version,
}

/// What a clerk says of a put that is not simply done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum PutError {
    /// Not done: there is no such key.
    #[error("no such key")]
    NoKey,
    /// Not done: the key had another version.
    #[error("the key has another version")]
    Version,
    /// Done or not, nobody knows: the request was sent again, and was refused for its version. Perhaps
    /// because the first one was done, and its reply was lost.
    #[error("perhaps done: sent again, and the version had changed")]
    Maybe,
}

impl From<PutRefused> for PutError {
    fn from(refused: PutRefused) -> Self {
        match refused {
            PutRefused::NoKey => PutError::NoKey,
            PutRefused::Version => PutError::Version,
        }
    }
}
