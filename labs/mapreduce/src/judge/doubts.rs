//! Which workers may be given up: those that were down, stood still or were not to be reached.
//!
//! Deaths and pauses the judge sees; of cut links and failing disks it is told by whoever cuts and breaks. In a storm everybody is in
//! doubt, and for as long after it as it takes to do what was begun in it.

use std::collections::BTreeMap;
use windtunnel::{Nanos, NodeId};

/// Who was in doubt, and when.
#[derive(Clone, Debug, Default)]
pub struct Doubts {
    /// By node; [`NodeId::TESTER`] is everybody.
    of: BTreeMap<NodeId, Vec<Doubt>>,
    /// Storms, in which nobody tells of what is cut.
    storms: Vec<Doubt>,
}

/// From when to when.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    begin: Nanos,
    end: Option<Nanos>,
}

/// That a node was in no doubt at some time, and how often it had been; nothing if it was in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust(Option<usize>);

impl Doubts {
    /// How a node stands.
    #[must_use]
    pub fn trust(&self, node: NodeId) -> Trust {
        let doubted = self.all(node).any(|doubt| doubt.end.is_none());
        Trust((!doubted).then(|| self.all(node).count()))
    }

    /// Whether nobody has had a reason since then to give a node up.
    #[must_use]
    pub fn holds(&self, node: NodeId, since: Trust) -> bool {
        since.0.is_some() && self.trust(node) == since
    }

    /// Whether a node was ever in doubt.
    #[must_use]
    pub fn any(&self, node: NodeId) -> bool {
        self.all(node).next().is_some()
    }

    /// Whether a node was in doubt at any time between these.
    #[must_use]
    pub fn any_between(&self, node: NodeId, from: Nanos, to: Nanos) -> bool {
        self.all(node).any(|doubt| doubt.begin <= to && doubt.end.is_none_or(|end| end >= from))
    }

    /// From now on everybody is in doubt.
    pub fn begin_storm(&mut self, now: Nanos) {
        self.storms.push(Doubt { begin: now, end: None });
    }

    /// Nobody is in doubt any more for the weather.
    pub fn end_storm(&mut self, now: Nanos) {
        end(&mut self.storms, now);
    }

    /// A node comes into doubt; [`NodeId::TESTER`] is everybody.
    pub fn begin(&mut self, now: Nanos, node: NodeId) {
        self.of.entry(node).or_default().push(Doubt { begin: now, end: None });
    }

    /// All is well with a node again.
    pub fn end(&mut self, now: Nanos, node: NodeId) {
        end(self.of.entry(node).or_default(), now);
    }

    fn all(&self, node: NodeId) -> impl Iterator<Item = &Doubt> {
        let of = |node: NodeId| self.of.get(&node).into_iter().flatten();
        of(node).chain(of(NodeId::TESTER)).chain(&self.storms)
    }
}

fn end(doubts: &mut [Doubt], now: Nanos) {
    doubts.iter_mut().filter(|doubt| doubt.end.is_none()).for_each(|doubt| doubt.end = Some(now));
}
