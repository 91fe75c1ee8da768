//! Votes heard: a candidate wins by the answers to its requests, and it asks when its term has risen. So since its view
//! first said that term it was delivered something from so many others that with itself they are a majority. (Raft,
//! section 5.2)
//!
//! What they said is the submission's own; whether they voted, `majority-of-votes` asks. In a term that its disk gave
//! back it may stand again, and what it heard since it started counts.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::Term;
use crate::judge::{Deliveries, Seen};
use std::collections::BTreeMap;
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "votes-heard",
    title: "Votes heard",
    demands: "a leader was delivered messages of so many servers since its view first said its term that with itself they are a majority",
    source: "Raft, figure 2 and section 5.2: if votes received from majority of servers: become leader",
    watches: Watches::ViewsAndDeliveries,
    make: || Box::new(VotesHeard::default()),
};

/// Since when each server's view says its term.
#[derive(Default)]
struct VotesHeard(BTreeMap<NodeId, (Term, Deliveries)>);

impl Invariant for VotesHeard {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        let (node, term) = (seen.node, view.now.term);
        match view.before {
            None => drop(self.0.insert(node, (term, Deliveries::default()))),
            Some(before) if before.term != term => drop(self.0.insert(node, (term, seen.known.deliveries()))),
            Some(_) => {}
        }
        if view.became_leader().is_none() {
            return Ok(());
        }
        let ((_, mark), heard) = (self.0[&node], &seen.server().heard);
        let others = seen.known.servers().count() - 1;
        if (heard.since(mark).count() + 1) * 2 > others + 1 {
            return Ok(());
        }
        let what = format!(
            "{node} leads term {term}, and since its view first said that term it has heard {} of the {others} others",
            heard.since_in_words(mark)
        );
        Err(Violation::new(what, [node]))
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_leader_that_has_heard_too_few_breaks_it() {
        let mut script = Script::with_deliveries(5);
        script.candidate(1, 2, &[]);
        script.votes(2, 2, 1);
        script.votes(3, 2, 1);
        script.delivers(2, 1);
        script.delivers(2, 1); // once more is nobody else
        let what = "since its view first said that term it has heard node 2 of the 4 others";
        script.breaks("votes-heard", what, |script| script.leader(1, 2, 0, &[]));
    }

    #[test]
    fn what_was_heard_before_the_term_rose_does_not_help() {
        let mut script = Script::with_deliveries(3);
        script.follower(1, 1, 0, &[]);
        script.delivers(2, 1);
        script.delivers(3, 1);
        script.candidate(1, 2, &[]);
        script.breaks("votes-heard", "it has heard nobody of the 2 others", |script| script.leader(1, 2, 0, &[]));
    }

    #[test]
    fn neither_does_what_a_client_or_it_itself_has_sent() {
        let mut script = Script::with_deliveries(3);
        script.follower(1, 1, 0, &[]);
        script.candidate(1, 2, &[]);
        [0, 1, 4].into_iter().for_each(|from| script.delivers(from, 1));
        script.breaks("votes-heard", "it has heard nobody", |script| script.leader(1, 2, 0, &[]));
    }

    #[test]
    fn what_the_process_before_it_has_heard_is_forgotten() {
        let mut script = Script::with_deliveries(3);
        script.candidate(1, 2, &[]);
        script.delivers(2, 1);
        script.starts(1);
        script.votes(1, 2, 1);
        script.breaks("votes-heard", "it has heard nobody", |script| script.leader(1, 2, 0, &[]));
    }

    #[test]
    fn a_majority_with_itself_does_not_also_in_a_term_that_was_on_its_disk() {
        let mut script = Script::with_deliveries(4);
        script.candidate(1, 2, &[]);
        script.delivers(2, 1);
        script.delivers(4, 1);
        script.leader(1, 2, 0, &[]);
        script.starts(3);
        script.delivers(1, 3);
        script.delivers(2, 3);
        script.candidate(3, 3, &[]);
        script.leader(3, 3, 0, &[]);
    }

    #[test]
    fn who_is_alone_needs_nobody() {
        Script::with_deliveries(1).leader(1, 1, 0, &[]);
    }
}
