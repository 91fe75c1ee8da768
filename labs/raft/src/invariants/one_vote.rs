//! One vote a term: each server votes for at most one candidate in a given term. (Raft, section 5.2)
//!
//! A candidate has voted for itself. Who notes the elected leader of a term as its vote helps nobody
//! to win any more, and is let off.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::{Role, Term};
use crate::judge::{Seen, What};
use std::collections::BTreeMap;
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "one-vote",
    title: "One vote a term",
    demands: "a server votes for one candidate in a term, and a candidate for itself",
    source: "Raft, figure 2 and section 5.2: each server will vote for at most one candidate in a given term",
    watches: Watches::Everything,
    make: || Box::new(OneVote::default()),
};

#[derive(Default)]
struct OneVote(BTreeMap<NodeId, (Term, NodeId)>);

impl Invariant for OneVote {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let node = seen.node;
        let view = match seen.what {
            What::View(view) => view.now,
            What::Started => {
                self.0.remove(&node);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let itself = (view.role != Role::Follower).then_some(node);
        for candidate in [view.voted_for, itself].into_iter().flatten() {
            let Some((term, first)) = self.0.insert(node, (view.term, candidate)) else { continue };
            let is_second = term == view.term && first != candidate;
            if is_second && seen.known.leaders().get(&term) != Some(&candidate) {
                let what = format!("in term {term} {node} votes for {first} and for {candidate}");
                return Err(Violation::new(what, [node, first, candidate]));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_second_vote_breaks_it() {
        let mut script = Script::of(3);
        script.votes(2, 5, 1);
        script.breaks("one-vote", "in term 5 node 2 votes for node 1 and for node 3", |script| script.votes(2, 5, 3));
    }

    #[test]
    fn a_forgotten_vote_does_not_free_for_another() {
        let mut script = Script::of(3);
        script.votes(2, 5, 1);
        script.follower(2, 5, 0, &[]);
        script.breaks("one-vote", "votes for node 1 and for node 3", |script| script.votes(2, 5, 3));
    }

    #[test]
    fn a_candidate_that_votes_for_another_breaks_it() {
        let mut script = Script::of(3);
        script.candidate(2, 5, &[]);
        script.breaks("one-vote", "votes for node 2 and for node 3", |script| script.votes(2, 5, 3));
    }

    #[test]
    fn a_vote_in_each_term_does_not() {
        let mut script = Script::of(3);
        script.votes(2, 5, 1);
        script.votes(2, 6, 3);
        script.candidate(2, 7, &[]);
        script.follower(2, 7, 0, &[]);
    }

    #[test]
    fn a_vote_or_a_candidacy_that_a_restart_took_back_frees_for_another() {
        let mut script = Script::of(3);
        script.votes(2, 5, 1);
        script.starts(2);
        script.follower(2, 4, 0, &[]);
        script.votes(2, 5, 3);
        script.candidate(3, 6, &[]);
        script.starts(3);
        script.follower(3, 5, 0, &[]);
        script.votes(3, 6, 1);
    }

    #[test]
    fn noting_the_leader_of_the_term_does_not() {
        let mut script = Script::of(3);
        script.votes(2, 5, 1);
        script.leader(3, 5, 0, &[]);
        script.votes(2, 5, 3);
    }
}
