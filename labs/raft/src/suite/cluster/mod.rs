//! The handle by which test bodies drive a Raft cluster: waiting, counting, and wording of failures.
//!
//! Here is who is connected, and what is counted; `elections` waits for leaders, `commands` for agreement;
//! `crashes`, `snapshots` and `weather` are what happens to servers, disks and links; `stage` sets a scene;
//! `standings` says how far each server is with an entry that should have been applied.

mod commands;
mod crashes;
mod elections;
mod snapshots;
mod stage;
mod standings;
mod weather;

pub use commands::command;
pub use elections::Leader;
pub use snapshots::{SnapshotPlan, take_snapshots};
pub use standings::Taken;

use crate::invariants::{Violation, view_honesty};
use crate::judge::{Head, Known, RaftJudge};
use lab_harness::cluster::Cluster;
use lab_harness::failed::Failed;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::NodeId;

/// The servers of a test. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RaftCluster {
    cluster: Cluster<RaftJudge>,
    /// Those that are not cut off: the ones that MIT calls connected.
    connected: Rc<RefCell<BTreeSet<NodeId>>>,
}

impl RaftCluster {
    /// All servers connected.
    #[must_use]
    pub fn new(cluster: Cluster<RaftJudge>) -> Self {
        let connected = cluster.nodes().iter().copied().collect();
        RaftCluster { cluster, connected: Rc::new(RefCell::new(connected)) }
    }

    /// The harness's handle.
    #[must_use]
    pub const fn inner(&self) -> &Cluster<RaftJudge> {
        &self.cluster
    }

    /// All servers, in order.
    #[must_use]
    pub fn nodes(&self) -> &[NodeId] {
        self.cluster.nodes()
    }

    /// How many there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.nodes().len()
    }

    /// The server `places` behind this one, going round.
    #[must_use]
    pub fn after(&self, node: NodeId, places: u32) -> NodeId {
        (0..places).fold(node, |node, _| self.cluster.after(node))
    }

    /// Cuts servers off from all others.
    pub fn cut_off(&self, nodes: &[NodeId]) {
        for node in nodes {
            self.connected.borrow_mut().remove(node);
            self.cluster.cut_off(*node);
        }
    }

    /// Connects servers with all others that are not cut off.
    pub fn reconnect(&self, nodes: &[NodeId]) {
        for node in nodes {
            for other in self.connected.borrow().iter().filter(|other| *other != node) {
                self.cluster.mend(*node, *other);
                self.cluster.mend(*other, *node);
            }
            self.connected.borrow_mut().insert(*node);
        }
    }

    /// Whether a server runs and is not cut off, as far as this test goes.
    #[must_use]
    pub fn is_connected(&self, node: NodeId) -> bool {
        self.connected.borrow().contains(&node)
    }

    /// Lets virtual time pass.
    pub async fn sleep(&self, span: Duration) {
        self.cluster.sleep(span).await;
    }

    /// Requests sent so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.cluster.counters().calls
    }

    /// Bytes sent so far, in requests and replies.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.cluster.counters().bytes
    }

    /// A number for a command that no other run of this test has.
    #[must_use]
    pub fn random_word(&self) -> u64 {
        self.cluster.stream("commands").word()
    }

    /// So many different servers.
    #[must_use]
    pub fn draw_different(&self, count: usize) -> Vec<NodeId> {
        let mut nodes = self.nodes().to_vec();
        self.cluster.stream("servers").shuffle(&mut nodes);
        nodes.truncate(count);
        nodes
    }

    fn head(&self, node: NodeId) -> Option<Head> {
        self.cluster.judge().known().server(node).head
    }

    /// A failed expectation of a test body.
    pub fn failed(&self, rule: &'static str, title: impl Into<String>) -> Failed {
        Failed::new(rule, title)
    }

    /// What each server is at the moment.
    fn roll_call(&self) -> String {
        roll_call(self.cluster.judge().known(), |node| self.is_connected(node))
    }
}

fn roll_call(known: &Known, is_connected: impl Fn(NodeId) -> bool) -> String {
    let servers = known.servers().map(|(node, server)| {
        let what = match server.head {
            _ if !server.running => "down".to_owned(),
            None => "starting".to_owned(),
            Some(head) => format!("{} of {}", head.role, head.term),
        };
        let is_cut_off = server.running && !is_connected(node);
        format!("{node} {what}{}", if is_cut_off { " (cut off)" } else { "" })
    });
    servers.collect::<Vec<_>>().join(", ")
}

/// Whether term and role have stayed as they were.
fn same_role(before: Option<Head>, now: Head) -> bool {
    before.is_some_and(|before| (before.term, before.role) == (now.term, now.role))
}

fn dishonest(node: NodeId, what: impl fmt::Display) -> Failed {
    view_honesty::RULE.broken(Violation::new(format!("{node} {what}"), [node]))
}
