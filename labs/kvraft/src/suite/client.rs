//! A client: what a test body asks of one clerk.

use super::bounds::ANSWER_WITHIN;
use super::cluster::KvRaftCluster;
use crate::contract::{GetError, PutError, Version, Versioned};
use crate::control::{Reply, Request};
use lab_harness::failed::{Failed, TestResult};
use std::fmt::Debug;
use std::time::Duration;
use windtunnel::NodeId;

/// One clerk of one node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    cluster: KvRaftCluster,
    node: NodeId,
    clerk: u32,
}

impl Client {
    /// The first clerk of that node.
    #[must_use]
    pub const fn on(cluster: KvRaftCluster, node: NodeId) -> Self {
        Client { cluster, node, clerk: 0 }
    }

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

    /// The cluster it belongs to.
    #[must_use]
    pub const fn cluster(&self) -> &KvRaftCluster {
        &self.cluster
    }

    /// A request for a key's value.
    #[must_use]
    pub fn asks_for(&self, key: &str) -> Request {
        Request::Get { clerk: self.clerk, key: key.to_owned() }
    }

    /// A request to put.
    #[must_use]
    pub fn puts(&self, key: &str, value: &str, version: Version) -> Request {
        Request::Put { clerk: self.clerk, key: key.to_owned(), value: value.to_owned(), version }
    }

    /// A request to append.
    #[must_use]
    pub fn appends(&self, key: &str, value: &str) -> Request {
        Request::Append { clerk: self.clerk, key: key.to_owned(), value: value.to_owned() }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// When the clerk does not answer in time, or its node is down.
    pub async fn get(&self, key: &str) -> TestResult<Result<Versioned, GetError>> {
        match self.ask(&self.asks_for(key), ANSWER_WITHIN, "a get").await? {
            Reply::Got(answer) => Ok(answer),
            other => Err(self.cluster.odd(self.node, &other)),
        }
    }

    /// The value of a key that is there.
    ///
    /// # Errors
    /// As [`get`](Client::get), and if it is not.
    pub async fn expect_value(&self, key: &str) -> TestResult<Versioned> {
        let answer = self.get(key).await?;
        answer.map_err(|_| self.failed("wrong-answer", format!("Key {key:?} was written, and a get does not find it.")))
    }

    /// Gives a key a value, if it has that version.
    ///
    /// # Errors
    /// As [`get`](Client::get).
    pub async fn put(&self, key: &str, value: &str, version: Version) -> TestResult<Result<(), PutError>> {
        match self.ask(&self.puts(key, value, version), ANSWER_WITHIN, "a put").await? {
            Reply::Put(answer) => Ok(answer),
            other => Err(self.cluster.odd(self.node, &other)),
        }
    }

    /// Writes something behind the value of a key.
    ///
    /// # Errors
    /// As [`get`](Client::get).
    pub async fn append(&self, key: &str, value: &str) -> TestResult {
        match self.ask(&self.appends(key, value), ANSWER_WITHIN, "an append").await? {
            Reply::Appended => Ok(()),
            other => Err(self.cluster.odd(self.node, &other)),
        }
    }

    /// Asks, whatever it is.
    ///
    /// # Errors
    /// When there is no answer in time, or the node is down.
    pub async fn ask(&self, request: &Request, patience: Duration, what: &str) -> TestResult<Reply> {
        self.cluster.inner().ask(self.node, request, patience, what).await
    }

    /// That an answer is the expected one.
    ///
    /// # Errors
    /// If it is not.
    pub fn expect<T: Debug + PartialEq>(&self, told: T, expected: T) -> TestResult {
        if told == expected {
            return Ok(());
        }
        Err(self.failed("wrong-answer", format!("{} was answered {told:?}; right would be {expected:?}.", self.node)))
    }

    /// A failed expectation about this client.
    pub fn failed(&self, rule: &'static str, title: impl Into<String>) -> Failed {
        self.cluster.failed(rule, title).on([self.node])
    }
}
