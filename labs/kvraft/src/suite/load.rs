//! Clients at work: each gets, puts and appends to a few keys, until it is stopped.

use super::client::Client;
use crate::contract::{GetError, PutError, Version, Versioned};
use crate::control::{Reply, Request};
use lab_harness::load::{Load, LoadClient};
use lab_harness::pairs::{PairsClient, Put};
use windtunnel::rand::Stream;

/// Puts and gets of one key, where that is the point.
pub const ONE_KEY: Load = Load { ahead: true, ..Load::ONE_KEY };

/// Puts and gets of a few keys, as MIT's clients do, who have one.
pub const PUTS_AND_GETS: Load = Load { keys: 3, ..ONE_KEY };

/// Puts, gets and appends of a few keys.
pub const FEW_KEYS: Load = Load { appends: true, ..PUTS_AND_GETS };

/// The same of a hundred keys.
pub const MANY_KEYS: Load = Load { keys: 100, ..FEW_KEYS };

impl PairsClient for Client {
    async fn get(&self, key: &str) -> Option<u64> {
        match answered(self, &self.asks_for(key)).await? {
            Reply::Got(Ok(Versioned { version, .. })) => Some(version.0),
            Reply::Got(Err(GetError::NoKey)) => Some(0),
            _ => None,
        }
    }

    async fn put(&self, key: &str, value: &str, version: u64) -> Option<Put> {
        match answered(self, &self.puts(key, value, Version(version))).await? {
            Reply::Put(Ok(())) => Some(Put::Done),
            Reply::Put(Err(PutError::Version | PutError::NoKey | PutError::Maybe)) => Some(Put::Other),
            _ => None,
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

    async fn append(&self, key: &str, value: &str) -> Option<()> {
        matches!(answered(self, &self.appends(key, value)).await?, Reply::Appended).then_some(())
    }
}

/// What its node answers, if it is there.
async fn answered(client: &Client, request: &Request) -> Option<Reply> {
    client.cluster().inner().control(client.node(), request).await.ok()
}
