//! Replicas heard: a leader knows that an entry is replicated from answers to requests that held it. So since the entry
//! was in its log, and it led, it was delivered something from so many others that with itself they are a majority. (Raft,
//! section 5.3; figure 2, matchIndex)
//!
//! What a server showed as committed before it led others have told it: `changes-heard` asks for that. Whether those who
//! were heard have the entry, `majority-of-replicas` asks.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::LogIndex;
use crate::judge::{Deliveries, Seen};
use std::collections::{BTreeMap, VecDeque};
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "replicas-heard",
    title: "Replicas heard",
    demands: "a leader commits an entry only when, since it led and had it, it was delivered messages of so many servers that with itself they are a majority",
    source: "Raft, figure 2 and section 5.3: matchIndex: index of highest log entry known to be replicated on server",
    watches: Watches::ViewsAndDeliveries,
    make: || Box::new(ReplicasHeard::default()),
};

/// Up to where the log of each leader reached, and since when, as far as it is not committed.
#[derive(Default)]
struct ReplicasHeard(BTreeMap<NodeId, VecDeque<(LogIndex, Deliveries)>>);

impl Invariant for ReplicasHeard {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        let (node, commit, last, now) = (seen.node, view.now.commit, view.now.last_index, seen.known.deliveries());
        if view.became_leader().is_some() {
            self.0.insert(node, VecDeque::from([(last, now)]));
        }
        let Some(before) = view.before.filter(|_| view.led_on()) else { return Ok(()) };
        let marks = self.0.entry(node).or_default();
        if marks.back().is_none_or(|(known, _)| last > *known) {
            marks.push_back((last, now));
        }
        if commit <= before.commit {
            return Ok(());
        }
        while marks.front().is_some_and(|(reached, _)| *reached < commit) {
            marks.pop_front();
        }
        // A commitIndex past the end of the log is a lie of another kind.
        let Some((_, mark)) = marks.front() else { return Ok(()) };
        let (heard, others) = (&seen.server().heard, seen.known.servers().count() - 1);
        if (heard.since(*mark).count() + 1) * 2 > others + 1 {
            return Ok(());
        }
        let what = format!(
            "{node} leads term {} and commits entry {commit}, and since that was in its log it has heard {} of the {others} others",
            view.now.term,
            heard.since_in_words(*mark)
        );
        Err(Violation::new(what, [node]))
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    /// Node 1 of five leads term 1 by the votes of 2 and 3.
    fn led() -> Script {
        let mut script = Script::with_deliveries(5);
        script.candidate(1, 1, &[]);
        script.delivers(2, 1);
        script.delivers(3, 1);
        script.leader(1, 1, 0, &[]);
        script
    }

    #[test]
    fn a_commit_on_what_was_heard_before_the_entry_breaks_it() {
        let mut script = led();
        script.delivers(2, 1);
        script.leader(1, 1, 0, &[(1, "a")]);
        script.delivers(3, 1);
        let what = "node 1 leads term 1 and commits entry 1, and since that was in its log it has heard node 3 of the 4 others";
        script.breaks("replicas-heard", what, |script| script.leader(1, 1, 1, &[(1, "a")]));
    }

    #[test]
    fn so_does_a_commit_in_the_step_that_appends() {
        led().breaks("replicas-heard", "heard nobody of the 4 others", |script| script.leader(1, 1, 1, &[(1, "a")]));
    }

    #[test]
    fn what_was_heard_before_it_led_does_not_help() {
        let mut script = Script::with_deliveries(3);
        script.follower(2, 1, 0, &[(1, "a")]);
        script.delivers(2, 1);
        script.follower(1, 1, 0, &[(1, "a")]);
        script.delivers(3, 1);
        script.leader(1, 1, 0, &[(1, "a")]);
        script.breaks("replicas-heard", "heard nobody", |script| script.leader(1, 1, 1, &[(1, "a")]));
    }

    #[test]
    fn the_answers_to_one_entry_do_not_commit_the_next_one() {
        let mut script = led();
        script.leader(1, 1, 0, &[(1, "a")]);
        script.delivers(4, 1);
        script.leader(1, 1, 0, &[(1, "a"), (1, "b")]);
        script.delivers(5, 1);
        script.leader(1, 1, 1, &[(1, "a"), (1, "b")]);
        script.breaks("replicas-heard", "commits entry 2", |script| script.leader(1, 1, 2, &[(1, "a"), (1, "b")]));
    }

    #[test]
    fn a_majority_that_was_heard_since_does_not_whoever_it_is() {
        let mut script = led();
        script.leader(1, 1, 0, &[(1, "a"), (1, "b")]);
        script.leader(1, 1, 0, &[(1, "a"), (1, "b"), (1, "c")]);
        script.delivers(4, 1);
        script.delivers(5, 1);
        script.leader(1, 1, 3, &[(1, "a"), (1, "b"), (1, "c")]);
    }

    #[test]
    fn what_was_committed_when_it_was_elected_does_not() {
        let mut script = Script::with_deliveries(3);
        script.follower(2, 1, 1, &[(1, "a")]);
        script.delivers(2, 1);
        script.follower(1, 1, 1, &[(1, "a")]);
        script.follower(1, 2, 1, &[(1, "a")]);
        script.delivers(3, 1);
        script.leader(1, 2, 1, &[(1, "a")]);
        script.leader(1, 2, 1, &[(1, "a"), (2, "b")]);
    }

    /// Node 1 has two entries in term 1, and hears two others; node 4 overwrites them. Node 1 leads again in term 3.
    #[test]
    fn what_was_heard_in_a_former_term_of_its_does_not_help() {
        let mut script = led();
        script.leader(1, 1, 0, &[(1, "a"), (1, "x")]);
        script.delivers(2, 1);
        script.delivers(3, 1);
        script.candidate(4, 2, &[]);
        script.delivers(3, 4);
        script.delivers(5, 4);
        script.leader(4, 2, 0, &[(2, "b")]);
        script.delivers(4, 1);
        script.follower(1, 2, 0, &[(2, "b")]);
        script.candidate(1, 3, &[(2, "b")]);
        script.delivers(2, 1);
        script.delivers(3, 1);
        script.leader(1, 3, 0, &[(2, "b")]);
        script.leader(1, 3, 0, &[(2, "b"), (3, "c")]);
        let what = "node 1 leads term 3 and commits entry 2, and since that was in its log it has heard nobody";
        script.breaks("replicas-heard", what, |script| script.leader(1, 3, 2, &[(2, "b"), (3, "c")]));
    }

    #[test]
    fn who_is_alone_needs_nobody() {
        let mut script = Script::with_deliveries(1);
        script.leader(1, 1, 0, &[]);
        script.leader(1, 1, 1, &[(1, "a")]);
    }
}
