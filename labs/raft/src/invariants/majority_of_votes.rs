//! Majority of votes: a candidate wins an election if it receives votes from a majority of the servers
//! in the full cluster for the same term. (Raft, section 5.2)
//!
//! A vote counts once the voter's view has shown it, also if the voter has restarted since.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::{Role, Term};
use crate::judge::Seen;
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "majority-of-votes",
    title: "Majority of votes",
    demands: "a leader has the votes of a majority of all servers for its term",
    source: "Raft, section 5.2: a candidate wins if it receives votes from a majority of the servers in the full cluster",
    watches: Watches::Views,
    make: || Box::new(MajorityOfVotes::default()),
};

/// Who has shown a vote for whom, by term.
#[derive(Default)]
struct MajorityOfVotes(BTreeMap<(Term, NodeId), BTreeSet<NodeId>>);

impl Invariant for MajorityOfVotes {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        let (node, now) = (seen.node, view.now);
        let is_news = view
            .before
            .is_none_or(|before| (before.term, before.voted_for, before.role) != (now.term, now.voted_for, now.role));
        if !is_news {
            return Ok(());
        }
        let itself = (now.role != Role::Follower).then_some(node);
        for candidate in [now.voted_for, itself].into_iter().flatten() {
            self.0.entry((now.term, candidate)).or_default().insert(node);
        }
        let Some(term) = view.became_leader() else { return Ok(()) };
        let (servers, voters) = (seen.known.servers().count(), &self.0[&(term, node)]);
        if voters.len() * 2 > servers {
            return Ok(());
        }
        let voters_in_words: Vec<String> = voters.iter().map(NodeId::to_string).collect();
        let what = format!(
            "{node} leads term {term}, and of {servers} servers only {} showed a vote for it",
            voters_in_words.join(" and ")
        );
        Err(Violation::new(what, [node]))
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_leader_with_too_few_votes_breaks_it() {
        let mut script = Script::with_majorities(5);
        script.candidate(1, 2, &[]);
        script.votes(2, 2, 1);
        script.votes(3, 1, 1); // for another term
        let what = "node 1 leads term 2, and of 5 servers only node 1 and node 2 showed a vote for it";
        script.breaks("majority-of-votes", what, |script| script.leader(1, 2, 0, &[]));
    }

    #[test]
    fn a_majority_does_not_even_if_a_voter_has_restarted() {
        let mut script = Script::with_majorities(5);
        script.candidate(1, 2, &[]);
        script.votes(2, 2, 1);
        script.votes(3, 2, 1);
        script.starts(3);
        script.leader(1, 2, 0, &[]);
    }
}
