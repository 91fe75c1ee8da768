//! What a storm was like: what must happen in many storms, or they show little.

use std::collections::{BTreeMap, BTreeSet};
use windtunnel::world::Command;
use windtunnel::{Nanos, NodeId};

/// A pause of that length is longer than an election timeout. (MIT's is a second at most)
const LONG_PAUSE: Nanos = Nanos::from_secs(1);

/// What was told to the world in one storm, as far as it makes a storm rough.
#[derive(Debug, Default)]
pub(crate) struct Roughness {
    cuts: BTreeSet<(NodeId, NodeId)>,
    paused: BTreeMap<NodeId, Nanos>,
    told_at: Nanos,
    one_way_cut: bool,
    long_pause: bool,
}

impl Roughness {
    /// The world is told these now. A link that is cut both ways is told of one way first and of the other in the same
    /// moment: one way only is what lasts.
    pub fn told(&mut self, commands: &[Command], now: Nanos) {
        if now > self.told_at {
            self.one_way_cut |= self.cuts.iter().any(|(from, to)| !self.cuts.contains(&(*to, *from)));
            self.told_at = now;
        }
        for command in commands {
            match *command {
                Command::Cut { from, to } => _ = self.cuts.insert((from, to)),
                Command::Mend { from, to } => _ = self.cuts.remove(&(from, to)),
                Command::Pause(node) => _ = self.paused.entry(node).or_insert(now),
                Command::Resume(node) => {
                    let since = self.paused.remove(&node);
                    self.long_pause |= since.is_some_and(|since| now.saturating_sub(since) >= LONG_PAUSE);
                }
                _ => {}
            }
        }
    }

    /// What of note there was, by name.
    pub fn marks(&self) -> impl Iterator<Item = &'static str> {
        let marks = [(self.one_way_cut, "one-way-cut"), (self.long_pause, "long-pause")];
        marks.into_iter().filter_map(|(was, name)| was.then_some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NodeId = NodeId(1);
    const TWO: NodeId = NodeId(2);

    fn marks(told: &[(u64, &[Command])]) -> Vec<&'static str> {
        let mut roughness = Roughness::default();
        told.iter().for_each(|(millis, commands)| roughness.told(commands, Nanos::from_millis(*millis)));
        roughness.marks().collect()
    }

    #[test]
    fn a_link_that_carries_one_way_only_is_noted_and_one_cut_both_ways_at_once_is_not() {
        let cut = |from, to| Command::Cut { from, to };
        let mend = |from, to| Command::Mend { from, to };
        let (one_way, back) = ([cut(ONE, TWO)], [cut(TWO, ONE)]);
        let (mended, healed) = ([mend(ONE, TWO)], [mend(ONE, TWO), mend(TWO, ONE)]);
        assert_eq!(marks(&[(1, &one_way), (9, &healed)]), ["one-way-cut"]);
        assert_eq!(marks(&[(1, &one_way), (1, &back), (9, &healed)]), [""; 0], "both in the same moment");
        assert_eq!(marks(&[(1, &one_way), (2, &back), (9, &healed)]), ["one-way-cut"], "for a while");
        assert_eq!(marks(&[(1, &one_way), (1, &back), (2, &mended), (9, &healed)]), ["one-way-cut"], "for a while");
    }

    #[test]
    fn a_pause_longer_than_an_election_timeout_is_noted() {
        let pause = |ends| marks(&[(5, &[Command::Pause(ONE)]), (ends, &[Command::Resume(ONE)])]);
        assert_eq!(pause(900), [""; 0]);
        assert_eq!(pause(1_005), ["long-pause"]);
    }
}
