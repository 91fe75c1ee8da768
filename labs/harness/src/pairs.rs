//! The load of a key/value service in flight: clients who put and get as fast as they are answered, and count it.
//!
//! Each key is put by one client alone, who therefore knows its version; all get all keys.

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

/// A client of a key/value service with versions.
pub trait PairsClient: Clone + 'static {
    /// The version of a key, 0 if it is not there.
    fn get(&self, key: &str) -> impl Future<Output = Result<u64, NoAnswer>>;

    /// Puts a key over a version: whether it is done, or what it is is not known.
    fn put(&self, key: &str, value: &str, version: u64) -> impl Future<Output = Result<Put, NoAnswer>>;
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
    /// It is not, or perhaps: its client looks what there is.
    Other,
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
    Clients { at_work, nothing_lost: Box::pin(read_all(all)) }
}

/// Reads every key: the judge knows what must be there.
async fn read_all<C: PairsClient>(clients: Vec<C>) -> TestResult {
    let clients = Rc::new(clients);
    let count = clients.len() as u64;
    let readers: Vec<JoinHandle<u64>> = (0..count)
        .map(|number| {
            let clients = clients.clone();
            spawn(async move {
                let mut unanswered = 0;
                for key in (0..KEYS).filter(|key| key % count == number) {
                    unanswered += u64::from(clients[number as usize].get(&name(key)).await.is_err());
                }
                unanswered
            })
        })
        .collect();
    let mut unanswered = 0;
    for reader in readers {
        unanswered += reader.await.expect("nobody aborts it");
    }
    if unanswered == 0 {
        return Ok(());
    }
    let title = format!("All is well, and for {unanswered} of {KEYS} keys nobody says what they hold.");
    Err(Failed::new("no-answer", title))
}

fn name(key: u64) -> String {
    format!("key {key}")
}

/// One client, with the keys that it puts and the versions that it knows.
struct Worker<C> {
    client: C,
    number: usize,
    own: Vec<(String, u64)>,
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
            if self.stream.below(100) < self.load.reads_percent || self.own.is_empty() {
                self.get().await;
            } else {
                let which = self.stream.below(self.own.len() as u64) as usize;
                self.put(which).await;
            }
        }
    }

    async fn get(&self) {
        let operation = self.meter.begin();
        match self.client.get(&name(self.stream.below(KEYS))).await {
            Ok(_) => operation.answered(),
            Err(_) => {
                drop(operation);
                sleep(ASK_AGAIN).await;
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
