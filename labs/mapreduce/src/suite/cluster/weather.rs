//! What is done to nodes: they are cut off, crash, are slow, and the store is in a bad mood.

use super::Machines;
use crate::control::{Mood, Reply, Request};
use crate::doomed;
use crate::judge::MapReduceJudge;
use crate::node::COORDINATOR;
use lab_harness::at_work::AtWork;
use lab_harness::failed::TestResult;
use windtunnel::NodeId;

impl Machines {
    /// Makes a worker slower.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn slow_down(&self, worker: NodeId, factor: u32) -> TestResult {
        match self.ask(worker, &Request::SlowDown(factor), "A request").await? {
            Reply::Done => Ok(()),
            other => Err(self.odd(worker, &other)),
        }
    }

    /// Puts the store into a mood.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn mood(&self, mood: Mood) -> TestResult {
        self.ask_store(&Request::Mood(mood)).await
    }

    /// Cuts a node off from all others; whoever gives it up is right.
    pub fn cut_off(&self, node: NodeId) {
        self.cluster.judge().doubt(self.cluster.now(), in_doubt(node));
        self.cluster.cut_off(node);
    }

    /// Cuts a node off from these. Between two workers either may be to blame.
    pub fn cut_off_from(&self, node: NodeId, others: &[NodeId]) {
        self.doubt_links(node, others);
        for other in others.iter().filter(|other| **other != node) {
            self.cluster.cut(node, *other);
            self.cluster.cut(*other, node);
        }
    }

    /// The links between a node and these are in doubt, until it is [reconnected](Machines::reconnect).
    pub(in super::super) fn doubt_links(&self, node: NodeId, others: &[NodeId]) {
        let judge = self.cluster.judge();
        judge.doubt(self.cluster.now(), node);
        let others = others.iter().filter(|other| **other != node);
        others.for_each(|other| judge.doubt(self.cluster.now(), *other));
    }

    /// Connects a node with all others again.
    pub fn reconnect(&self, node: NodeId) {
        self.cluster.reconnect(node);
        self.cluster.nodes().iter().for_each(|other| self.cluster.judge().trust(self.cluster.now(), *other));
        self.cluster.judge().trust(self.cluster.now(), in_doubt(node));
    }

    /// Kills workers whose application takes their process, and starts them again, as long as the answer lives.
    pub fn start_again_who_is_doomed(&self) -> AtWork {
        doomed::start_again(self.cluster.clone(), MapReduceJudge::take_doomed)
    }
}

/// Who is in doubt when a node is cut off: who does not hear of anybody may give up everybody.
fn in_doubt(node: NodeId) -> NodeId {
    if node == COORDINATOR { NodeId::TESTER } else { node }
}
