//! Clients at work: each gets, puts and appends to a few keys, until it is stopped.

use super::client::Client;
use crate::contract::{GetError, PutError, Version, Versioned};
use crate::control::Reply;
use lab_harness::at_work::AtWork;
use std::collections::BTreeMap;
use std::time::Duration;
use windtunnel::rand::Stream;
use windtunnel::time::sleep;

/// What clients do.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many keys there are.
    pub keys: u64,
    /// A client rests so long between two operations, at most.
    pub rest: Duration,
    /// How long a value is at least.
    pub value_bytes: usize,
    /// Whether they append: values grow, and each append is done once.
    pub appends: bool,
}

impl Load {
    /// Puts and gets of one key, as MIT's clients do.
    pub const ONE_KEY: Load = Load { keys: 1, rest: Duration::from_millis(20), value_bytes: 16, appends: false };

    /// The same of a hundred keys, with appends.
    pub const MANY_KEYS: Load = Load { keys: 100, appends: true, ..Load::ONE_KEY };

    /// Puts, gets and appends of a few keys.
    pub const FEW_KEYS: Load = Load { keys: 3, appends: true, ..Load::ONE_KEY };
}

/// Sets these clients to work.
pub fn begin(clients: &[Client], load: Load) -> AtWork {
    AtWork::begin(clients.iter().map(|client| Worker::new(client.clone(), load).work()))
}

struct Worker {
    client: Client,
    load: Load,
    stream: Stream,
    /// What the client was told last of each key.
    known: BTreeMap<String, Version>,
}

impl Worker {
    fn new(client: Client, load: Load) -> Self {
        let stream = client.cluster().inner().stream("load");
        Worker { client, load, stream, known: BTreeMap::new() }
    }

    async fn work(mut self) {
        loop {
            sleep(self.stream.duration(Duration::ZERO, self.load.rest)).await;
            let key = format!("k{}", self.stream.below(self.load.keys));
            match self.stream.below(4) {
                0 => self.get(key).await,
                1 if self.load.appends => self.append(key).await,
                _ => self.put(key).await,
            }
        }
    }

    async fn get(&mut self, key: String) {
        let version = match self.client.ask_on_and_on(&self.client.asks_for(&key)).await {
            Reply::Got(Ok(Versioned { version, .. })) => version,
            Reply::Got(Err(GetError::NoKey)) => Version::NONE,
            _ => return,
        };
        self.known.insert(key, version);
    }

    /// Puts a value that nobody else puts, over the version that the client knows: it may have passed. Now and then over one that is
    /// still to come, if ever.
    async fn put(&mut self, key: String) {
        let known = self.known.get(&key).copied().unwrap_or_default();
        let version = if self.stream.below(16) == 0 { Version(known.0 + self.stream.below(3)) } else { known };
        match self.client.ask_on_and_on(&self.client.puts(&key, &self.value(), version)).await {
            Reply::Put(Ok(())) => _ = self.known.insert(key, version.next()),
            Reply::Put(Err(PutError::Version | PutError::Maybe)) => self.get(key).await,
            _ => {}
        }
    }

    async fn append(&mut self, key: String) {
        let value = format!("{}; ", self.client.cluster().new_value());
        self.client.ask_on_and_on(&self.client.appends(&key, &value)).await;
    }

    fn value(&self) -> String {
        let mut value = self.client.cluster().new_value();
        let padding = self.load.value_bytes.saturating_sub(value.len());
        value.extend(std::iter::repeat_n('.', padding));
        value
    }
}
