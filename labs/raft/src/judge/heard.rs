//! Whom a server has heard, and how far those had come by then.
//!
//! What messages say is the submission's own. But a message can tell of no more than its sender has shown by the time at
//! which it is delivered: a view is shown before anything leaves the node.

use crate::contract::{LogIndex, Term};
use windtunnel::NodeId;

/// How many messages servers were delivered from one another by some moment: a clock that all servers share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deliveries(pub u64);

impl Deliveries {
    pub(super) const fn next(self) -> Self {
        Deliveries(self.0 + 1)
    }
}

/// How far a server has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Up to there it has shown entries, or a snapshot, as committed.
    pub committed: LogIndex,
    /// The most up-to-date entry it has shown, by term and index. (Section 5.4.1)
    pub last: (Term, LogIndex),
}

impl Reach {
    /// Takes in what somebody shows, or knows of.
    pub fn take(&mut self, other: Reach) {
        self.committed = self.committed.max(other.committed);
        self.last = self.last.max(other.last);
    }
}

/// What one incarnation of a server has heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The last message of each server, by its place.
    last: Vec<Deliveries>,
    may_know: Reach,
}

impl Heard {
    pub(super) fn take(&mut self, from: NodeId, delivery: Deliveries, reach: Reach) {
        let place = from.0 as usize - 1;
        if self.last.len() <= place {
            self.last.resize(place + 1, Deliveries::default());
        }
        self.last[place] = delivery;
        self.may_know.take(reach);
    }

    pub(super) fn may_know(&mut self, reach: Reach) {
        self.may_know.take(reach);
    }

    /// Who was heard after that.
    pub fn since(&self, mark: Deliveries) -> impl Iterator<Item = NodeId> {
        (1..).map(NodeId).zip(&self.last).filter(move |(_, last)| **last > mark).map(|(node, _)| node)
    }

    /// Those, for sentences.
    #[must_use]
    pub fn since_in_words(&self, mark: Deliveries) -> String {
        let words: Vec<String> = self.since(mark).map(|node| node.to_string()).collect();
        if words.is_empty() { "nobody".to_owned() } else { words.join(" and ") }
    }

    /// How far those had come whom it has heard, and it itself before its last view.
    #[must_use]
    pub const fn reach(&self) -> Reach {
        self.may_know
    }
}
