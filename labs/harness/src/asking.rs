//! How a test body asks a node and complains: once within its patience, or on and on for clients in a storm.

use crate::cluster::Cluster;
use crate::failed::{Failed, TestResult};
use crate::judge::Judge;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::time::{sleep, timeout};

/// A client whose node is down looks again after.
const ASK_AGAIN: Duration = Duration::from_millis(20);

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
