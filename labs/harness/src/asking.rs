//! How a test body asks a node and complains: once within its patience, or on and on for clients in a storm.

use crate::at_work::ASK_AGAIN;
use crate::cluster::Cluster;
use crate::failed::{Failed, TestResult};
use crate::judge::Judge;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use windtunnel::time::{sleep, timeout};
use windtunnel::{Nanos, NodeId};

impl<J: Judge> Cluster<J> {
    /// Asks a node; `what` begins the sentence of a failure: "a put".
    ///
    /// # Errors
    /// `no-answer` when there is none in time, or the node is down.
    pub async fn ask<A: DeserializeOwned>(
        &self,
        node: NodeId,
        request: &impl Serialize,
        patience: Duration,
        what: &str,
    ) -> TestResult<A> {
        let why = match timeout(patience, self.control(node, request)).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(failure)) => format!(": {}", format!("{failure:?}").to_lowercase()),
            Err(_) => format!(" after {} s", patience.as_secs()),
        };
        Err(Failed::new("no-answer", capital(format!("{what} of {node} has no answer{why}."))).on([node]))
    }

    /// Waits until nothing that clients asked is without an answer; what was asked first of that is told in words, with when.
    ///
    /// # Errors
    /// `no-answer` when something is for longer than that.
    pub async fn all_answered(
        &self,
        patience: Duration,
        oldest_open: impl Fn(&J) -> Option<(String, Nanos)>,
    ) -> TestResult {
        let otherwise = || {
            let (words, called) = oldest_open(&self.judge()).unwrap_or_default();
            let patience = patience.as_secs();
            let title = format!("All is well for {patience} s, and there is no answer to {words}, called at {called}.");
            Failed::new("no-answer", title)
        };
        let look = |judge: &J| oldest_open(judge).is_none().then_some(());
        self.until("all that was asked to be answered", patience, look, otherwise).await
    }

    /// Asks until the node is there and answers, for ever.
    pub async fn ask_on_and_on<A: DeserializeOwned>(&self, node: NodeId, request: &impl Serialize) -> A {
        loop {
            match self.control(node, request).await {
                Ok(reply) => return reply,
                Err(_) => sleep(ASK_AGAIN).await,
            }
        }
    }
}

fn capital(mut text: String) -> String {
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
