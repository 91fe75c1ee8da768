//! Clients at work in stories and storms of key/value services: each gets, puts and appends to a few keys, until it is stopped.
//!
//! [`pairs`](crate::pairs) is the load of flights, where most keys have one client that puts them.

use crate::at_work::{ASK_AGAIN, AtWork};
use crate::pairs::{NoAnswer, PairsClient, Put};
use std::collections::BTreeMap;
use std::future::Future;
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
    /// Whether they append, where the service [has appends](PairsClient::APPENDS): values grow, and each append is done once.
    pub appends: bool,
    /// Whether they put now and then over a version that is still to come, if ever. Not where a server keeps nothing of what it
    /// was asked: a copy of the request that comes late does then what was refused before.
    pub ahead: bool,
}

impl Load {
    /// Puts and gets of one key, with short rests.
    pub const ONE_KEY: Load =
        Load { keys: 1, rest: Duration::from_millis(20), value_bytes: 16, appends: false, ahead: true };

    /// The keys.
    pub fn keys(self) -> impl Iterator<Item = String> {
        (0..self.keys).map(name)
    }
}

fn name(key: u64) -> String {
    format!("k{key}")
}

/// A client whose work is made of words that nobody else writes.
pub trait LoadClient: PairsClient {
    /// A stream for what it does next.
    fn stream(&self) -> Stream;

    /// A value that no other operation of the test has.
    fn new_value(&self) -> String;
}

/// A value that no other number has. Most are plain; some end in what a file of lines, or an encoding by hand, takes for an end.
#[must_use]
pub fn value_of(number: u64) -> String {
    const ENDS: [&str; 5] = ["\n", "\0", "\"", "\t", "ü"];
    let end = if number.is_multiple_of(3) { ENDS[(number / 3) as usize % ENDS.len()] } else { "" };
    format!("value {number}{end}")
}

/// Sets these clients to work.
pub fn begin<C: LoadClient>(clients: &[C], load: Load) -> AtWork {
    AtWork::begin(clients.iter().map(|client| Worker::new(client.clone(), load).work()))
}

struct Worker<C> {
    client: C,
    load: Load,
    stream: Stream,
    /// What the client was told last of each key.
    known: BTreeMap<String, u64>,
}

impl<C: LoadClient> Worker<C> {
    fn new(client: C, load: Load) -> Self {
        let stream = client.stream();
        Worker { client, load, stream, known: BTreeMap::new() }
    }

    async fn work(mut self) {
        loop {
            sleep(self.stream.duration(Duration::ZERO, self.load.rest)).await;
            let key = name(self.stream.below(self.load.keys));
            match self.stream.below(4) {
                0 => self.get(key).await,
                1 if self.load.appends => {
                    let value = format!("{}; ", self.client.new_value());
                    _ = on_and_on(|| self.client.append(&key, &value)).await;
                }
                _ => self.put(key).await,
            }
        }
    }

    async fn get(&mut self, key: String) {
        if let Some(version) = on_and_on(|| self.client.get(&key)).await {
            self.known.insert(key, version);
        }
    }

    /// Puts a value that nobody else puts, over the version that the client knows: it may have passed.
    async fn put(&mut self, key: String) {
        let known = self.known.get(&key).copied().unwrap_or_default();
        let is_ahead = self.load.ahead && self.stream.below(16) == 0;
        let version = if is_ahead { known + self.stream.below(3) } else { known };
        let mut value = self.client.new_value();
        value.extend(std::iter::repeat_n('.', self.load.value_bytes.saturating_sub(value.len())));
        match on_and_on(|| self.client.put(&key, &value, version)).await {
            Some(Put::Done) => _ = self.known.insert(key, version + 1),
            Some(Put::Refused | Put::Perhaps) => self.get(key).await,
            None => {}
        }
    }
}

/// Asks until the node is there, for ever; nothing if what it says then is no answer.
async fn on_and_on<T, F: Future<Output = Result<T, NoAnswer>>>(ask: impl Fn() -> F) -> Option<T> {
    loop {
        match ask().await {
            Ok(answer) => return Some(answer),
            Err(NoAnswer::Odd) => return None,
            Err(NoAnswer::Down) => sleep(ASK_AGAIN).await,
        }
    }
}
