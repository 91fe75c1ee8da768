//! The handles by which test bodies drive a server and its clients.

use super::bounds::{ANSWER_WITHIN, LOCK_OF_THE_DEAD_WITHIN, TURN_WITHIN};
use crate::contract::{GetError, PutError, Token, Version, Versioned};
use crate::control::{Reply, Request, Used};
use crate::judge::KvJudge;
use crate::node::SERVER;
use lab_harness::cluster::Cluster;
use lab_harness::failed::{Failed, TestResult};
use lab_harness::load::value_of;
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::world::LinkWeather;
use windtunnel::{Nanos, NodeId, Ppm};

/// Each message takes so long on an unreliable network. (MIT: a request 0 to 26 ms, a reply nothing)
const DELAY: Duration = Duration::from_millis(26);

/// A tenth of requests and a tenth of replies is lost there. (MIT: the same, but the caller is told at once)
const LOSS: Ppm = Ppm(100_000);

const LOST: &str =
    "The contract, Lock::acquire: whoever holds it and is not heard of again loses it soon after its lease.";

const NAMED: &str = "The contract, Lock::new: a lock of that name.";

/// The server and the clients of a test. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KvCluster {
    cluster: Cluster<KvJudge>,
    words: Rc<Cell<u64>>,
}

/// A client: one clerk of one node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    cluster: KvCluster,
    node: NodeId,
    clerk: u32,
}

impl KvCluster {
    /// The nodes of a test.
    #[must_use]
    pub fn new(cluster: Cluster<KvJudge>) -> Self {
        KvCluster { cluster, words: Rc::default() }
    }

    /// The harness's handle.
    #[must_use]
    pub const fn inner(&self) -> &Cluster<KvJudge> {
        &self.cluster
    }

    /// A client for each node that is not the server.
    #[must_use]
    pub fn clients(&self) -> Vec<Client> {
        let nodes = self.cluster.nodes().iter().filter(|node| **node != SERVER);
        nodes.map(|node| Client { cluster: self.clone(), node: *node, clerk: 0 }).collect()
    }

    /// Lets virtual time pass.
    pub async fn sleep(&self, span: Duration) {
        self.cluster.sleep(span).await;
    }

    /// A time in that range.
    #[must_use]
    pub fn draw(&self, low_ms: u64, high_ms: u64) -> Duration {
        self.cluster.draw(low_ms, high_ms)
    }

    /// A value that no other put of this test has.
    #[must_use]
    pub fn new_value(&self) -> String {
        self.words.set(self.words.get() + 1);
        value_of(self.words.get())
    }

    /// Links that are late and lose messages.
    pub fn make_unreliable(&self) {
        let latency = [Nanos::ZERO, Nanos::from(DELAY)];
        self.cluster.set_links(LinkWeather { latency, loss_ppm: LOSS, ..self.cluster.calm() });
    }

    /// Links on which many messages are overtaken by later ones, and are so late that clerks send them again; many requests
    /// come once more when they were answered, and many replies twice.
    pub fn make_disorderly(&self) {
        let often = Ppm(300_000);
        let reorder_by = [Nanos::from_millis(50), Nanos::from_millis(1_500)];
        let overtaken = LinkWeather { reorder_ppm: often, reorder_by, tail: reorder_by, ..self.cluster.calm() };
        self.cluster.set_links(overtaken);
        for client in self.clients() {
            self.cluster.set_link(SERVER, client.node, LinkWeather { duplicate_ppm: often, ..overtaken });
            self.cluster.set_link(client.node, SERVER, LinkWeather { late_copy_ppm: often, ..overtaken });
        }
    }

    /// Links that lose nothing, over which each request comes once more, up to so long after it was answered.
    pub fn make_copies(&self, late: Duration) {
        let tail = [Nanos::ZERO, Nanos::from(late)];
        let copied = LinkWeather { late_copy_ppm: Ppm(1_000_000), tail, ..self.cluster.calm() };
        self.clients().iter().for_each(|client| self.cluster.set_link(client.node, SERVER, copied));
    }

    /// Kills the server or takes its power, as is drawn, and starts it again after a while.
    pub async fn crash_server(&self, down: Duration) {
        self.cluster.crash(SERVER);
        self.sleep(down).await;
        self.cluster.start(SERVER);
    }

    /// Takes the server's power, and gives it back at once.
    pub fn lose_power(&self) {
        self.cluster.power_loss(SERVER);
        self.cluster.start(SERVER);
    }

    /// A failed expectation of a test body.
    pub fn failed(&self, rule: &'static str, title: impl Into<String>) -> Failed {
        Failed::new(rule, title)
    }
}

impl Client {
    /// Another clerk of the same node.
    #[must_use]
    pub fn another(&self, clerk: u32) -> Self {
        Client { clerk, ..self.clone() }
    }

    /// Its node.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// Which clerk of its node it is.
    #[must_use]
    pub const fn clerk(&self) -> u32 {
        self.clerk
    }

    /// The cluster it belongs to.
    #[must_use]
    pub const fn cluster(&self) -> &KvCluster {
        &self.cluster
    }

    /// A request for the value of a key.
    #[must_use]
    pub fn asks_for(&self, key: &str) -> Request {
        Request::Get { clerk: self.clerk, key: key.to_owned() }
    }

    /// A request to put it.
    #[must_use]
    pub fn puts(&self, key: &str, value: &str, version: Version) -> Request {
        Request::Put { clerk: self.clerk, key: key.to_owned(), value: value.to_owned(), version }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// When the clerk does not answer in time, or its node is down.
    pub async fn get(&self, key: &str) -> TestResult<Result<Versioned, GetError>> {
        match self.ask(&self.asks_for(key), ANSWER_WITHIN, "a get").await? {
            Reply::Got(answer) => Ok(answer),
            other => Err(self.odd(&other)),
        }
    }

    /// Gives a key a value, if it has that version.
    ///
    /// # Errors
    /// As [`get`](Client::get).
    pub async fn put(&self, key: &str, value: &str, version: Version) -> TestResult<Result<(), PutError>> {
        match self.ask(&self.puts(key, value, version), ANSWER_WITHIN, "a put").await? {
            Reply::Put(answer) => Ok(answer),
            other => Err(self.odd(&other)),
        }
    }

    /// Waits for a lock.
    ///
    /// # Errors
    /// As [`get`](Client::get).
    pub async fn acquire(&self, lock: &str) -> TestResult<Token> {
        self.acquire_within(lock, TURN_WITHIN).await
    }

    /// Waits for a lock, and not for longer.
    ///
    /// # Errors
    /// As [`get`](Client::get).
    pub async fn acquire_within(&self, lock: &str, patience: Duration) -> TestResult<Token> {
        match self.ask(&Request::Acquire { clerk: self.clerk, lock: lock.to_owned() }, patience, "an acquire").await? {
            Reply::Acquired(token) => Ok(token),
            other => Err(self.odd(&other)),
        }
    }

    /// Waits for a lock whose holder is not heard of any more, and not for much longer than its lease.
    ///
    /// # Errors
    /// When it is not to be had.
    pub async fn take_over(&self, lock: &str) -> TestResult<Token> {
        let patience = LOCK_OF_THE_DEAD_WITHIN;
        let taken = self.acquire_within(lock, patience).await;
        taken.map_err(|_| {
            let title = format!(
                "The holder of lock {lock:?} is gone, and after {} s it is not {}'s.",
                patience.as_secs(),
                self.node
            );
            self.failed("lock-of-the-dead", title).from_source(LOST)
        })
    }

    /// Waits for a lock that nobody holds, while this client holds another one.
    ///
    /// # Errors
    /// When it is not to be had.
    pub async fn acquire_free(&self, lock: &str, patience: Duration) -> TestResult<Token> {
        let acquired = self.acquire_within(lock, patience).await;
        acquired.map_err(|_| {
            let millis = patience.as_millis();
            let title = format!(
                "{} holds another lock, nobody holds {lock:?}, and it is not to be had within {millis} ms.",
                self.node
            );
            self.failed("free-lock", title).from_source(NAMED)
        })
    }

    /// Shows the token of a lock to the vault; nothing if it was not acquired.
    ///
    /// # Errors
    /// As [`get`](Client::get).
    pub async fn show(&self, lock: &str) -> TestResult<Option<Used>> {
        match self
            .ask(&Request::Use { clerk: self.clerk, lock: lock.to_owned() }, ANSWER_WITHIN, "a visit to the vault")
            .await?
        {
            Reply::Used(used) => Ok(Some(used)),
            Reply::NotHeld => Ok(None),
            other => Err(self.odd(&other)),
        }
    }

    /// Releases a lock.
    ///
    /// # Errors
    /// As [`get`](Client::get).
    pub async fn release(&self, lock: &str) -> TestResult {
        match self
            .ask(&Request::Release { clerk: self.clerk, lock: lock.to_owned() }, ANSWER_WITHIN, "a release")
            .await?
        {
            Reply::Done | Reply::NotHeld => Ok(()),
            other => Err(self.odd(&other)),
        }
    }

    /// Asks, whatever it is.
    ///
    /// # Errors
    /// When there is no answer in time, or the node is down.
    pub async fn ask(&self, request: &Request, patience: Duration, what: &str) -> TestResult<Reply> {
        self.cluster.cluster.ask(self.node, request, patience, what).await
    }

    /// Asks until the node is there and answers, for ever: for clients in a storm.
    pub async fn ask_on_and_on(&self, request: &Request) -> Reply {
        self.cluster.cluster.ask_on_and_on(self.node, request).await
    }

    /// A failed expectation about this client.
    pub fn failed(&self, rule: &'static str, title: impl Into<String>) -> Failed {
        self.cluster.failed(rule, title).on([self.node])
    }

    fn odd(&self, reply: &impl fmt::Debug) -> Failed {
        self.failed("own-answers", format!("{} answers its tester {reply:?}.", self.node))
    }
}
