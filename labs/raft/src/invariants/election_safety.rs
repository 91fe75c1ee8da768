//! Election safety: at most one leader can be elected in a given term. (Raft, figure 3 and section 5.2)

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::{Role, Term};
use crate::judge::{Head, Seen, ViewSeen};
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "election-safety",
    title: "Election safety",
    demands: "at most one leader can be elected in a given term",
    source: "Raft, figure 3 and section 5.2: a server votes for at most one candidate in a term, first come, first served",
    watches: Watches::Views,
    make: || Box::new(ElectionSafety::default()),
};

/// Who has shown a vote for whom, by term and candidate: who voted for both leaders let it happen.
#[derive(Default)]
struct ElectionSafety(BTreeMap<(Term, NodeId), BTreeSet<NodeId>>);

impl Invariant for ElectionSafety {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        self.note_vote(seen.node, view);
        let (term, second) = (view.now.term, seen.node);
        match seen.known.leaders().get(&term) {
            Some(first) if view.now.role == Role::Leader && *first != second => {
                let leaders = [*first, second];
                let voters = self.voters_of_both(term, leaders).filter(|voter| !leaders.contains(voter));
                let nodes = leaders.into_iter().chain(voters);
                Err(Violation::new(format!("{first} and {second} both lead term {term}"), nodes))
            }
            _ => Ok(()),
        }
    }
}

impl ElectionSafety {
    fn note_vote(&mut self, voter: NodeId, view: &ViewSeen) {
        let vote = |head: &Head| (head.term, head.voted_for);
        let is_news = view.before.as_ref().map(vote) != Some(vote(&view.now));
        if let Some(candidate) = view.now.voted_for.filter(|_| is_news) {
            self.0.entry((view.now.term, candidate)).or_default().insert(voter);
        }
    }

    fn voters_of_both(&self, term: Term, leaders: [NodeId; 2]) -> impl Iterator<Item = NodeId> {
        let [of_first, of_second] = leaders.map(|leader| self.0.get(&(term, leader)).cloned().unwrap_or_default());
        of_first.into_iter().filter(move |voter| of_second.contains(voter))
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::durable_votes;
    use crate::invariants::script::Script;

    #[test]
    fn two_leaders_of_a_term_break_it() {
        let mut script = Script::of(3);
        script.leader(1, 5, 0, &[]);
        script.breaks("election-safety", "node 1 and node 3 both lead term 5", |script| script.leader(3, 5, 0, &[]));
    }

    #[test]
    fn it_names_the_voters_that_both_leaders_have() {
        let mut script = Script::of(5);
        script.judge().leave_out(&durable_votes::RULE); // sees the first step of it
        script.votes(2, 5, 1);
        script.votes(4, 5, 1);
        script.leader(1, 5, 0, &[]);
        script.starts(4); // and has forgotten its vote
        script.votes(4, 5, 3);
        script.votes(5, 5, 3);
        let failed = script.breaks("election-safety", "both lead term 5", |script| script.leader(3, 5, 0, &[]));
        assert_eq!(failed.nodes, [1, 3, 4].map(windtunnel::NodeId));
    }

    #[test]
    fn one_leader_after_the_other_does_not() {
        let mut script = Script::of(3);
        script.leader(1, 5, 0, &[]);
        script.leader(3, 6, 0, &[]);
        script.leader(1, 7, 0, &[]);
    }
}
