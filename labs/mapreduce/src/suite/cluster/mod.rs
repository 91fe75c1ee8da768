//! The handle by which test bodies put inputs and ask nodes.
//!
//! - `jobs`: jobs are submitted, and their ends waited for;
//! - `weather`: what is done to nodes.

mod jobs;
mod weather;

use super::bounds::ANSWER_WITHIN;
use super::text;
use crate::contract::Split;
use crate::contract::store::{LONGEST_PIECE, StoreError};
use crate::control::{Reply, Request};
use crate::judge::MapReduceJudge;
use crate::node::COORDINATOR;
use lab_harness::cluster::Cluster;
use lab_harness::failed::{Failed, TestResult};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::time::timeout;

/// The coordinator, the workers and the store of a test. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Machines {
    cluster: Cluster<MapReduceJudge>,
    inputs: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    jobs: Rc<Cell<u64>>,
}

impl Machines {
    /// The nodes of a test. Jobs are numbered from behind the last one that the judge knows.
    #[must_use]
    pub fn new(cluster: Cluster<MapReduceJudge>) -> Self {
        let last = cluster.judge().last_expected().map_or(0, |job| job.id.0);
        Machines { cluster, inputs: Rc::default(), jobs: Rc::new(Cell::new(last)) }
    }

    /// The same with jobs numbered from behind that number.
    #[must_use]
    pub fn numbered_from(self, last: u64) -> Self {
        self.jobs.set(last);
        self
    }

    /// The harness's handle.
    #[must_use]
    pub const fn inner(&self) -> &Cluster<MapReduceJudge> {
        &self.cluster
    }

    /// All workers.
    #[must_use]
    pub fn workers(&self) -> Vec<NodeId> {
        self.cluster.servers().iter().copied().filter(|node| *node != COORDINATOR).collect()
    }

    /// The store's node.
    #[must_use]
    pub fn store(&self) -> NodeId {
        self.cluster.client_nodes()[0]
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

    /// One of the workers.
    #[must_use]
    pub fn any_worker(&self) -> NodeId {
        let workers = self.workers();
        workers[self.cluster.stream("workers").below(workers.len() as u64) as usize]
    }

    /// Puts an input into the store; all of it is one split.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn put(&self, name: &str, bytes: &[u8]) -> TestResult<Split> {
        let mut rest = bytes;
        loop {
            let (piece, behind) = rest.split_at(rest.len().min(LONGEST_PIECE as usize));
            self.ask_store(&Request::Append { name: name.to_owned(), body: piece.to_vec() }).await?;
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        self.ask_store(&Request::Finish(name.to_owned())).await?;
        self.inputs.borrow_mut().insert(name.to_owned(), bytes.to_vec());
        Ok(Split { object: name.to_owned(), from: 0, length: bytes.len() as u64 })
    }

    /// Puts so many texts of so many bytes each.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn put_texts(&self, count: usize, bytes: usize) -> TestResult<Vec<Split>> {
        self.put_texts_of(&vec![bytes; count]).await
    }

    /// Puts a text for each of these numbers, of so many bytes.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn put_texts_of(&self, bytes: &[usize]) -> TestResult<Vec<Split>> {
        let stream = self.cluster.stream("text");
        let mut splits = Vec::new();
        for (number, bytes) in bytes.iter().enumerate() {
            splits.push(self.put(&format!("in/{number}"), &text::lines(&stream, *bytes)).await?);
        }
        Ok(splits)
    }

    /// Puts the text of which fragile applications die.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn put_deadly(&self) -> TestResult<Split> {
        self.put("in/deadly", text::DEADLY_LINES).await
    }

    /// All bytes of an object, as the store has it; nothing if it is not there.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn read(&self, name: &str) -> TestResult<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        loop {
            let request = Request::Read { name: name.to_owned(), from: bytes.len() as u64, length: LONGEST_PIECE };
            match self.ask(self.store(), &request, "A request").await? {
                Reply::Bytes(piece) if piece.is_empty() => return Ok(Some(bytes)),
                Reply::Bytes(piece) => bytes.extend_from_slice(&piece),
                Reply::Failed(StoreError::NotFound) => return Ok(None),
                other => return Err(self.odd(self.store(), &other)),
            }
        }
    }

    async fn ask_store(&self, request: &Request) -> TestResult {
        let store = self.store();
        match self.ask(store, request, "A request").await? {
            Reply::Done => Ok(()),
            other => Err(self.odd(store, &other)),
        }
    }

    /// Asks a node, which may still be starting.
    async fn ask(&self, node: NodeId, request: &Request, what: &str) -> TestResult<Reply> {
        let otherwise = |_| {
            let title = format!("{what} of {node} has no answer after {} s.", ANSWER_WITHIN.as_secs());
            self.failed("no-answer", title).on([node])
        };
        timeout(ANSWER_WITHIN, self.cluster.ask_on_and_on(node, request)).await.map_err(otherwise)
    }

    /// A failed expectation of a test body.
    pub fn failed(&self, rule: &'static str, title: impl Into<String>) -> Failed {
        Failed::new(rule, title)
    }

    fn odd(&self, node: NodeId, reply: &impl fmt::Debug) -> Failed {
        self.failed("own-answers", format!("{node} answers its tester {reply:?}.")).on([node])
    }
}
