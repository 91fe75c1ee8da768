//! What a clerk sends a server: requests, and the types of their replies.

use super::{GetError, PutRefused, Version, Versioned};
use serde::{Deserialize, Serialize};
use windtunnel::net::Request;

/// Asks for the value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Get {
    /// The key.
    pub key: String,
}

impl Request for Get {
    type Reply = Result<Versioned, GetError>;
    const NAME: &'static str = "get";
}

/// Asks to give a key a value, if it still has the version that is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Put {
    /// The key.
    pub key: String,
    /// Its new value.
    pub value: String,
    /// The version that the key must have, [`Version::NONE`] if it is to be created.
    pub version: Version,
}

impl Request for Put {
    type Reply = Result<(), PutRefused>;
    const NAME: &'static str = "put";
}
