//! The clerk: asks until it is answered, and says honestly what it cannot know.

use lab_kv::{Get, GetError, Put, PutError, PutRefused, Version, Versioned};
use std::time::Duration;
use windtunnel::net::{self, CallError};
use windtunnel::{NodeId, time};

/// A call without an answer is given up after.
const PATIENCE: Duration = Duration::from_millis(250);

/// And asked again after.
const PAUSE: Duration = Duration::from_millis(50);

/// A clerk of one server. It remembers nothing from one call to the next.
#[derive(Clone, Copy, Debug)]
pub struct Clerk {
    server: NodeId,
}

impl lab_kv::Clerk for Clerk {
    fn connect(server: NodeId) -> Self {
        Clerk { server }
    }

    async fn get(&self, key: &str) -> Result<Versioned, GetError> {
        loop {
            match net::call(self.server, Get { key: key.to_owned() }).timeout(PATIENCE).await {
                Ok(answer) => return answer,
                Err(_) => time::sleep(PAUSE).await,
            }
        }
    }

    async fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let put = Put { key: key.to_owned(), value: value.to_owned(), version };
        let mut may_have_arrived = false;
        loop {
            match net::call(self.server, put.clone()).timeout(PATIENCE).await {
                // The version was there for the taking, or it was taken by the request before this one.
                Ok(Err(PutRefused::Version)) if may_have_arrived => return Err(PutError::Maybe),
                Ok(answer) => return answer.map_err(PutError::from),
                Err(error) => may_have_arrived |= error != CallError::NoHandler, // a server that is still starting
            }
            time::sleep(PAUSE).await;
        }
    }
}
