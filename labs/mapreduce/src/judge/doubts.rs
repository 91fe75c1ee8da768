//! Which workers may be given up: those that were down, stood still or were not to be reached.
//!
//! Deaths and pauses the judge sees; of cut links and failing disks it is told by whoever cuts and breaks. In a storm everybody is in
//! doubt, and for as long after it as it takes to do what was begun in it.

use std::collections::{BTreeMap, BTreeSet};
use windtunnel::NodeId;

/// Who is in doubt, and how often each came into it.
#[derive(Clone, Debug, Default)]
pub struct Doubts {
    times: BTreeMap<NodeId, u64>,
    now: BTreeSet<NodeId>,
    /// There is a storm, and nobody tells of it.
    storm: bool,
}

/// That a node was in no doubt at some time, and how often it had been; nothing if it was in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust(Option<u64>);

impl Doubts {
    /// How a node stands.
    #[must_use]
    pub fn trust(&self, node: NodeId) -> Trust {
        let all = |of: NodeId| self.times.get(&of).copied().unwrap_or_default();
        let doubted = self.storm || self.now.contains(&node) || self.now.contains(&NodeId::TESTER);
        Trust((!doubted).then(|| all(node) + all(NodeId::TESTER)))
    }

    /// Whether nobody has had a reason since then to give a node up.
    #[must_use]
    pub fn holds(&self, node: NodeId, since: Trust) -> bool {
        since.0.is_some() && self.trust(node) == since
    }

    /// Whether a node was ever in doubt.
    #[must_use]
    pub fn any(&self, node: NodeId) -> bool {
        self.trust(node) != Trust(Some(0))
    }

    /// From now on everybody is in doubt.
    pub fn begin_storm(&mut self) {
        self.storm = true;
    }

    /// Nobody is in doubt any more, but all were.
    pub fn end_storm(&mut self) {
        self.storm = false;
        *self.times.entry(NodeId::TESTER).or_default() += 1;
    }

    /// A node comes into doubt; [`NodeId::TESTER`] is everybody.
    pub fn begin(&mut self, node: NodeId) {
        *self.times.entry(node).or_default() += 1;
        self.now.insert(node);
    }

    /// All is well with a node again.
    pub fn end(&mut self, node: NodeId) {
        self.now.remove(&node);
    }
}
