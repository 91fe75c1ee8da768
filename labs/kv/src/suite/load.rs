//! Clients at work: each gets and puts a few keys, at versions that it was told, until it is stopped.

use super::cluster::Client;
use crate::contract::{GetError, PutError, Version, Versioned};
use crate::control::{Reply, Request};
use lab_harness::at_work::AtWork;
use std::collections::BTreeMap;
use std::time::Duration;
use windtunnel::Nanos;
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
}

impl Load {
    /// A few clients' worth of work on two keys.
    pub const USUAL: Load = Load { keys: 2, rest: Duration::from_millis(20), value_bytes: 16 };
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
            if self.stream.below(3) == 0 { self.get(key).await } else { self.put(key).await }
        }
    }

    async fn get(&mut self, key: String) {
        let request = Request::Get { clerk: 0, key: key.clone() };
        let version = match self.client.ask_on_and_on(&request).await {
            Reply::Got(Ok(Versioned { version, .. })) => version,
            Reply::Got(Err(GetError::NoKey)) => Version::NONE,
            _ => return,
        };
        self.known.insert(key, version);
    }

    /// Puts a value that nobody else puts, over the version that the client knows: it may have passed.
    async fn put(&mut self, key: String) {
        let version = self.known.get(&key).copied().unwrap_or_default();
        let mut value = self.client.cluster().new_value();
        let padding = self.load.value_bytes.saturating_sub(value.len());
        value.extend(std::iter::repeat_n('.', padding));
        let request = Request::Put { clerk: 0, key: key.clone(), value, version };
        match self.client.ask_on_and_on(&request).await {
            Reply::Put(Ok(())) => _ = self.known.insert(key, version.next()),
            Reply::Put(Err(PutError::Version | PutError::Maybe)) => self.get(key).await,
            _ => {}
        }
    }
}

/// Sets these clients to take turns with a lock, each for so long.
pub fn begin_turns(clients: &[Client], lock: &'static str, inside: [Nanos; 2]) -> AtWork {
    AtWork::begin(clients.iter().map(|client| take_turns(client.clone(), lock, inside)))
}

async fn take_turns(client: Client, lock: &'static str, [least, most]: [Nanos; 2]) {
    let stream = client.cluster().inner().stream("turns");
    let request = |which: fn(u32, String) -> Request| which(0, lock.to_owned());
    loop {
        client.ask_on_and_on(&request(|clerk, lock| Request::Acquire { clerk, lock })).await;
        client.ask_on_and_on(&request(|clerk, lock| Request::Use { clerk, lock })).await;
        sleep(stream.duration(least.to_duration(), most.to_duration())).await;
        client.ask_on_and_on(&request(|clerk, lock| Request::Use { clerk, lock })).await;
        client.ask_on_and_on(&request(|clerk, lock| Request::Release { clerk, lock })).await;
    }
}
