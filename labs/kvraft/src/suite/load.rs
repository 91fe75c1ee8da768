//! Clients at work: each gets, puts and appends to a few keys, until it is stopped.

use super::client::Client;
use crate::contract::{GetError, PutError, Version, Versioned};
use crate::control::{Reply, Request};
use lab_harness::load::{Load, LoadClient};
use lab_harness::pairs::{NoAnswer, PairsClient, Put};
use windtunnel::rand::Stream;

/// Puts and gets of three keys, where MIT's clients have one.
pub const PUTS_AND_GETS: Load = Load { keys: 3, ..Load::ONE_KEY };

/// Puts, gets and appends of a few keys.
pub const FEW_KEYS: Load = Load { appends: true, ..PUTS_AND_GETS };

/// The same of a hundred keys.
pub const MANY_KEYS: Load = Load { keys: 100, ..FEW_KEYS };

impl PairsClient for Client {
    const APPENDS: bool = true;

    async fn get(&self, key: &str) -> Result<u64, NoAnswer> {
        match answered(self, &self.asks_for(key)).await? {
            Reply::Got(Ok(Versioned { version, .. })) => Ok(version.0),
            Reply::Got(Err(GetError::NoKey)) => Ok(0),
            _ => Err(NoAnswer::Odd),
        }
    }

    async fn put(&self, key: &str, value: &str, version: u64) -> Result<Put, NoAnswer> {
        match answered(self, &self.puts(key, value, Version(version))).await? {
            Reply::Put(Ok(())) => Ok(Put::Done),
            Reply::Put(Err(PutError::Maybe)) => Ok(Put::Perhaps),
            Reply::Put(Err(PutError::Version | PutError::NoKey)) => Ok(Put::Refused),
            _ => Err(NoAnswer::Odd),
        }
    }

    async fn append(&self, key: &str, value: &str) -> Result<(), NoAnswer> {
        match answered(self, &self.appends(key, value)).await? {
            Reply::Appended => Ok(()),
            _ => Err(NoAnswer::Odd),
        }
    }
}

impl LoadClient for Client {
    fn stream(&self) -> Stream {
        self.cluster().inner().stream("load")
    }

    fn new_value(&self) -> String {
        self.cluster().new_value()
    }
}

/// What its node says, if it is there.
async fn answered(client: &Client, request: &Request) -> Result<Reply, NoAnswer> {
    client.cluster().inner().control(client.node(), request).await.map_err(|_| NoAnswer::Down)
}
