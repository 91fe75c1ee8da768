//! Who watches a run: the rules of Raft on the servers, and every operation of every client.
//!
//! - [`Operations`]: who asked what and was told what, and whether any order explains all answers;
//! - [`Model`](model::Model): the service as the checker knows it: pairs and the counter of part rsm;
//! - [`Replicas`]: how high each server's counter is, and how large its snapshots are;
//! - `narrator`: the same in a few words, for stories.

pub mod model;
mod narrator;
mod operations;
mod replicas;

pub use operations::{Operations, Service};
pub use replicas::Replicas;

use crate::observation::{ANSWERED, CALLED, COUNTED, Called, RETURNED, Returned, SNAPSHOT, Taken};
use lab_harness::failed::Failed;
use lab_harness::history::LINEARIZABILITY;
use lab_harness::judge::{Interest, Judge, Run, Standing, decoded};
use lab_harness::ledger::Ledger;
use lab_harness::operations::Asked;
use lab_raft::judge::RaftJudge;
use lab_raft::observation::{APPLIED_SNAPSHOT, AppliedSnapshot};
use windtunnel::NodeId;
use windtunnel::world::{Lifecycle, Moment};

/// The judge of a run.
#[derive(Debug)]
pub struct KvRaftJudge {
    raft: RaftJudge,
    servers: u32,
    operations: Operations,
    replicas: Replicas,
}

impl KvRaftJudge {
    /// What is known of the servers' Rafts.
    #[must_use]
    pub const fn raft(&self) -> &RaftJudge {
        &self.raft
    }

    /// All operations.
    #[must_use]
    pub const fn operations(&self) -> &Operations {
        &self.operations
    }

    /// What servers have shown of their replicas.
    #[must_use]
    pub const fn replicas(&self) -> &Replicas {
        &self.replicas
    }

    fn is_server(&self, node: NodeId) -> bool {
        (1..=self.servers).contains(&node.0)
    }

    /// Answers that no order explains are the leader's as well as the clients', and it has its column in the story.
    fn blamed(&self, failed: Failed) -> Failed {
        if failed.rule == LINEARIZABILITY { failed.on(self.leader()) } else { failed }
    }

    fn take(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed> {
        match kind {
            CALLED => {
                let Called { call, asked } = decoded(node, kind, body)?;
                self.operations.called(moment, node, call, asked)?;
            }
            ANSWERED => self.operations.answered(&decoded(node, kind, body)?),
            RETURNED => {
                let Returned { call, told } = decoded(node, kind, body)?;
                self.operations.returned(moment, node, call, &told).map_err(|failed| self.blamed(failed))?;
            }
            SNAPSHOT => {
                let taken: Taken = decoded(node, kind, body)?;
                self.raft.known().note_snapshot(taken.index, taken.digest);
                self.replicas.snapshot(node, &taken);
            }
            COUNTED => self.replicas.counted(node, decoded(node, kind, body)?)?,
            APPLIED_SNAPSHOT => {
                let AppliedSnapshot { index, .. } = decoded(node, kind, body)?;
                self.replicas.delivered(node, index);
                return self.raft.observed(moment, node, kind, body);
            }
            _ if self.is_server(node) => return self.raft.observed(moment, node, kind, body),
            _ => return Ok(Interest::None),
        }
        Ok(if matches!(kind, CALLED | ANSWERED) { Interest::None } else { Interest::Changed })
    }
}

impl Judge for KvRaftJudge {
    fn new(servers: u32) -> Self {
        let (operations, replicas) = (Operations::default(), Replicas::default());
        KvRaftJudge { raft: RaftJudge::new(servers), servers, operations, replicas }
    }

    fn observed(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed> {
        self.take(moment, node, kind, body)
    }

    fn delivered(&mut self, from: NodeId, to: NodeId) {
        self.raft.delivered(from, to);
    }

    fn hears_of_no_deliveries(&mut self) {
        self.raft.hears_of_no_deliveries();
    }

    fn lifecycle(&mut self, moment: Moment, node: NodeId, what: Lifecycle) -> Result<Interest, Failed> {
        if matches!(what, Lifecycle::Killed | Lifecycle::PowerLost | Lifecycle::Stopped) {
            self.operations.died(moment, node).map_err(|failed| self.blamed(failed))?;
            self.replicas.died(node);
        }
        if self.is_server(node) { self.raft.lifecycle(moment, node, what) } else { Ok(Interest::Changed) }
    }

    fn write_down(&mut self, ledger: Ledger) {
        self.operations.write_down(ledger);
    }

    fn over(&mut self) -> Result<(), Failed> {
        self.operations.over().map_err(|failed| self.blamed(failed))
    }

    fn has_history(&self) -> bool {
        !self.operations.is_empty()
    }

    fn asked(&self) -> Option<Asked> {
        self.operations.asked()
    }

    fn leader(&self) -> Option<NodeId> {
        self.raft.leader()
    }

    fn changes_of_leader(&self) -> u64 {
        self.raft.changes_of_leader()
    }

    fn standing(&self, node: NodeId) -> Option<Standing> {
        if self.is_server(node) { self.raft.standing(node) } else { None }
    }

    fn narrate(&mut self, node: NodeId, kind: &str, body: &[u8]) -> Option<String> {
        narrator::tell(kind, body).or_else(|| self.raft.narrate(node, kind, body))
    }

    fn run(text: &str) -> Option<Run> {
        RaftJudge::run(text)
    }
}

#[cfg(test)]
mod tests;
