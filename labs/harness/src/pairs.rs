//! The load of a key/value service in flight: clients who put and get as fast as they are answered, and count it.
//!
//! Most keys are put by one client each, who therefore knows their versions; all get all keys. A few are everybody's to put and to
//! append to in a flight through weather: of two who put over one version at most one may be told that it is done.

use crate::at_work::{ASK_AGAIN, AtWork};
use crate::failed::{Failed, TestResult};
use crate::meter::Meter;
use crate::scenario::DrawnLoad;
use crate::suite::{Clients, Running};
use std::future::Future;
use std::rc::Rc;
use windtunnel::rand::Stream;
use windtunnel::spawn;
use windtunnel::task::JoinHandle;
use windtunnel::time::sleep;

/// How many keys there are.
pub const KEYS: u64 = 1_000;

/// How many more there are that all clients write, where they [share some](DrawnLoad::shares_keys).
const SHARED_KEYS: u64 = 4;

/// Then one operation in so many is on one of them.
const ONE_SHARED_IN: u64 = 8;

/// A client of a key/value service with versions.
pub trait PairsClient: Clone + 'static {
    /// The version of a key, 0 if it is not there.
    fn get(&self, key: &str) -> impl Future<Output = Result<u64, NoAnswer>>;

    /// Puts a key over a version: whether it is done, or what it is is not known.
    fn put(&self, key: &str, value: &str, version: u64) -> impl Future<Output = Result<Put, NoAnswer>>;

    /// Whether the service has appends.
    const APPENDS: bool = false;

    /// Writes something behind the value of a key. Only a service that [has appends](PairsClient::APPENDS) is asked for it.
    fn append(&self, key: &str, value: &str) -> impl Future<Output = Result<(), NoAnswer>> {
        async move { panic!("this lab has no appends, and its load appends {value:?} to {key:?}") }
    }
}

/// Why there is no answer, and never will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The client's node is down.
    Down,
    /// What it says is none.
    Odd,
}

/// What becomes of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is done.
    Done,
    /// It is not: the key has another version.
    Refused,
    /// Nobody knows.
    Perhaps,
}

/// These clients at work, and that all keys can be read afterwards.
pub fn clients<C: PairsClient>(
    clients: Vec<C>,
    stream: impl Fn(usize) -> Stream,
    load: &DrawnLoad,
    meter: &Meter,
) -> Clients {
    let all = clients.clone();
    let count = clients.len() as u64;
    let worker = |(number, client): (usize, C)| Worker {
        client,
        own: (0..KEYS).filter(|key| key % count == number as u64).map(|key| (name(key), 0)).collect(),
        shared: shared_keys(load).map(|key| (key, 0)).collect(),
        stream: stream(number),
        load: load.clone(),
        meter: meter.clone(),
        puts: 0,
        number,
    };
    let tasks = AtWork::begin(clients.into_iter().enumerate().map(worker).map(Worker::work));
    let at_work: Running<()> = Box::pin(async move {
        let _end_with_the_load = tasks;
        std::future::pending().await
    });
    let keys = (0..KEYS).map(name).chain(shared_keys(load)).collect();
    Clients { at_work, nothing_lost: Box::pin(read_all(all, keys)) }
}

/// Reads every key: the judge knows what must be there.
async fn read_all<C: PairsClient>(clients: Vec<C>, keys: Vec<String>) -> TestResult {
    let (count, all, keys) = (clients.len(), keys.len(), Rc::new(keys));
    let reader = |(number, client): (usize, C)| {
        let keys = keys.clone();
        spawn(async move {
            let mut unanswered = 0;
            for key in keys.iter().skip(number).step_by(count) {
                unanswered += u64::from(client.get(key).await.is_err());
            }
            unanswered
        })
    };
    let readers: Vec<JoinHandle<u64>> = clients.into_iter().enumerate().map(reader).collect();
    let mut unanswered = 0;
    for reader in readers {
        unanswered += reader.await.expect("nobody aborts it");
    }
    if unanswered == 0 {
        return Ok(());
    }
    let title = format!("All is well, and for {unanswered} of {all} keys nobody says what they hold.");
    Err(Failed::new("no-answer", title))
}

fn name(key: u64) -> String {
    format!("key {key}")
}

/// The keys that all clients write, if there are some.
fn shared_keys(load: &DrawnLoad) -> impl Iterator<Item = String> + use<> {
    (0..if load.shares_keys { SHARED_KEYS } else { 0 }).map(|key| format!("shared {key}"))
}

/// One client, with the keys that it puts and the versions that it knows.
struct Worker<C> {
    client: C,
    number: usize,
    own: Vec<(String, u64)>,
    /// The keys that others put as well, with what this one was told last.
    shared: Vec<(String, u64)>,
    stream: Stream,
    load: DrawnLoad,
    meter: Meter,
    puts: u64,
}

impl<C: PairsClient> Worker<C> {
    async fn work(mut self) {
        let pause = self.load.propose_every.0.to_duration();
        for which in 0..self.own.len() {
            self.put(which).await; // so that there is something to get
        }
        loop {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            if !self.shared.is_empty() && self.stream.below(ONE_SHARED_IN) == 0 {
                self.share().await;
            } else if self.stream.below(100) < self.load.reads_percent || self.own.is_empty() {
                self.get().await;
            } else {
                let which = self.stream.below(self.own.len() as u64) as usize;
                self.put(which).await;
            }
        }
    }

    async fn get(&self) {
        let key = name(self.stream.below(KEYS));
        self.measured(self.client.get(&key)).await;
    }

    /// What is asked counts as an operation; without an answer its client waits a little.
    async fn measured<T>(&self, asked: impl Future<Output = Result<T, NoAnswer>>) -> Option<T> {
        let operation = self.meter.begin();
        match asked.await {
            Ok(answer) => {
                operation.answered();
                Some(answer)
            }
            Err(_) => {
                drop(operation);
                sleep(ASK_AGAIN).await;
                None
            }
        }
    }

    /// Gets, puts or appends to a key that others write at the same time.
    async fn share(&mut self) {
        let which = self.stream.below(self.shared.len() as u64) as usize;
        if self.stream.below(100) < self.load.reads_percent {
            self.look(which).await;
        } else if C::APPENDS && self.stream.below(2) == 0 {
            // Short: what is appended is there until the next put that is done.
            self.puts += 1;
            let value = format!("{} of client {}; ", self.puts, self.number);
            self.measured(self.client.append(&self.shared[which].0, &value)).await;
        } else if !self.put_shared(which).await {
            // What it was told last has passed, most often; what it is told now need not have.
            self.look(which).await;
            self.put_shared(which).await;
        }
    }

    async fn look(&mut self, which: usize) {
        if let Some(version) = self.measured(self.client.get(&self.shared[which].0)).await {
            self.shared[which].1 = version;
        }
    }

    /// Puts over the version that this client was told last, if ever; whether that is done.
    async fn put_shared(&mut self, which: usize) -> bool {
        self.puts += 1;
        let value = self.value();
        let (key, version) = self.shared[which].clone();
        let operation = self.meter.begin();
        match self.client.put(&key, &value, version).await {
            Ok(Put::Done) => {
                operation.answered();
                self.shared[which].1 = version + 1;
                true
            }
            Ok(Put::Refused) => {
                operation.answered();
                false
            }
            Ok(Put::Perhaps) => false,
            Err(_) => {
                drop(operation);
                sleep(ASK_AGAIN).await;
                false
            }
        }
    }

    async fn put(&mut self, which: usize) {
        self.puts += 1;
        let value = self.value();
        let (key, version) = self.own[which].clone();
        let operation = self.meter.begin();
        match self.client.put(&key, &value, version).await {
            Ok(Put::Done) => {
                operation.answered();
                self.own[which].1 = version + 1;
            }
            outcome => {
                drop(operation);
                if outcome.is_err() {
                    sleep(ASK_AGAIN).await;
                }
                if let Ok(version) = self.client.get(&key).await {
                    self.own[which].1 = version;
                }
            }
        }
    }

    /// A value that nobody else puts, of the length that is asked for.
    fn value(&self) -> String {
        let mut value = format!("put {} of client {} ", self.puts, self.number);
        let bytes = usize::try_from(self.load.command_bytes).unwrap_or(usize::MAX);
        value.extend(std::iter::repeat_n('.', bytes.saturating_sub(value.len())));
        value
    }
}

#[cfg(test)]
mod tests;
