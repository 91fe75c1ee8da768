//! The weather that a tester has made and not taken back: for who looks on.

use super::command::Command;
use crate::units::{Nanos, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// Cuts, latencies and pauses that were commanded and are on. What was planned for an event's number is not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    /// Directed links that are cut.
    pub cut: BTreeSet<(NodeId, NodeId)>,
    /// What an ordinary message may take at the most, of directed links that were given a latency.
    pub latency: BTreeMap<(NodeId, NodeId), Nanos>,
    /// Nodes that stand still.
    pub paused: BTreeSet<NodeId>,
}

impl InForce {
    /// Notes what a command changes, given whether a node's process runs.
    pub(super) fn note(&mut self, command: &Command, is_running: impl Fn(NodeId) -> bool) {
        match command {
            Command::Cut { from, to } => _ = self.cut.insert((*from, *to)),
            Command::Mend { from, to } => _ = self.cut.remove(&(*from, *to)),
            Command::Link { from, to, weather } => _ = self.latency.insert((*from, *to), weather.latency[1]),
            Command::Pause(node) if is_running(*node) => _ = self.paused.insert(*node),
            Command::Start(node) | Command::Resume(node) | Command::Kill(node) | Command::PowerLoss(node) => {
                self.paused.remove(node);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::LinkWeather;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    #[test]
    fn what_is_taken_back_is_not_in_force() {
        let mut in_force = InForce::default();
        let mut note = |command| {
            in_force.note(&command, |node| node == A);
            in_force.clone()
        };
        let weather = LinkWeather { latency: [Nanos(3), Nanos(9)], ..LinkWeather::default() };
        note(Command::Cut { from: A, to: B });
        note(Command::Link { from: B, to: A, weather });
        note(Command::Pause(A));
        let all = note(Command::Pause(B));
        assert_eq!((all.cut, all.paused), ([(A, B)].into(), [A].into()), "node 2 does not run");
        assert_eq!(all.latency, [((B, A), Nanos(9))].into());
        assert_eq!(note(Command::Mend { from: B, to: A }).cut.len(), 1, "the other direction");
        let left = note(Command::Mend { from: A, to: B });
        assert!(left.cut.is_empty() && left.paused.contains(&A));
        for end in [Command::Start(A), Command::Resume(A), Command::Kill(A), Command::PowerLoss(A)] {
            note(Command::Pause(A));
            assert!(note(end).paused.is_empty());
        }
    }
}
