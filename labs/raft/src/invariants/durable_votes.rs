//! Durable votes: who won an election keeps the votes that elected it, over any restart of its voters.
//! (Raft, figure 2 and section 5.2)
//!
//! Looked at when a server comes back: for each term that had a leader, a majority of all servers must
//! still be past that term, or have it as their vote in it. Else a second leader could be elected in that
//! term. Servers that are down count with what they showed last; they are looked at when they come back, and who
//! stays down for good cannot vote again.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::Term;
use crate::judge::{Head, Seen};
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "durable-votes",
    title: "Durable votes",
    demands: "after a restart, a majority is still past the term of every leader, or has voted for it",
    source: "Raft, figure 2 and section 5.2: currentTerm and votedFor are on stable storage before a server responds",
    watches: Watches::Views,
    make: || Box::new(DurableVotes),
};

struct DurableVotes;

impl Invariant for DurableVotes {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view().filter(|view| view.after_restart) else { return Ok(()) };
        // Terms that it has left behind it cannot vote in any more.
        for (term, leader) in seen.known.leaders().range(view.now.term..) {
            let bound = |head: &Head| head.term > *term || (head.term == *term && head.voted_for == Some(*leader));
            let servers = || seen.known.servers();
            let still = servers().filter(|(_, server)| server.latest().is_some_and(|(head, _)| bound(head)));
            if still.count() * 2 <= servers().count() {
                return Err(forgotten(seen.node, view.now, *term, *leader));
            }
        }
        Ok(())
    }
}

fn forgotten(node: NodeId, now: Head, term: Term, leader: NodeId) -> Violation {
    let vote = now.voted_for.map_or_else(|| "no vote".to_owned(), |vote| format!("a vote for {vote}"));
    let what = format!(
        "{leader} was elected in term {term}; {node} comes back in term {} with {vote}, and a majority could now \
         elect another leader of term {term}",
        now.term
    );
    Violation::new(what, [leader, node])
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    fn elected_by_two_of_three() -> Script {
        let mut script = Script::of(3);
        script.follower(3, 1, 0, &[]);
        script.votes_with(2, 2, 1, &[]);
        script.leader(1, 2, 0, &[]);
        script
    }

    #[test]
    fn a_vote_that_is_gone_after_a_restart_breaks_it() {
        let mut script = elected_by_two_of_three();
        script.dies(2);
        script.starts(2);
        let what = "node 1 was elected in term 2; node 2 comes back in term 2 with no vote";
        script.breaks("durable-votes", what, |script| script.follower(2, 2, 0, &[]));
    }

    #[test]
    fn a_term_that_is_gone_after_a_restart_breaks_it() {
        let mut script = elected_by_two_of_three();
        script.starts(1);
        script.breaks("durable-votes", "node 1 comes back in term 1", |script| script.follower(1, 1, 0, &[]));
    }

    #[test]
    fn a_vote_that_was_not_needed_may_be_gone() {
        let mut script = elected_by_two_of_three();
        script.votes_with(3, 2, 1, &[]);
        script.starts(2);
        script.follower(2, 1, 0, &[]);
    }

    #[test]
    fn a_candidacy_that_nobody_was_asked_for_may_be_gone() {
        let mut script = elected_by_two_of_three();
        script.candidate(3, 3, &[]);
        script.starts(3);
        script.follower(3, 1, 0, &[]);
    }

    #[test]
    fn voters_in_a_later_term_need_not_remember() {
        let mut script = elected_by_two_of_three();
        script.follower(3, 3, 0, &[]);
        script.follower(1, 3, 0, &[]);
        script.starts(2);
        script.follower(2, 2, 0, &[]);
    }

    /// A server that is down counts with what it showed, also while it starts.
    #[test]
    fn who_is_still_down_is_not_yet_judged() {
        let mut script = elected_by_two_of_three();
        script.dies(1);
        script.starts(1);
        script.dies(1);
        script.starts(2);
        script.votes_with(2, 2, 1, &[]);
        script.starts(1);
        script.breaks("durable-votes", "node 1 comes back in term 2 with no vote", |script| {
            script.follower(1, 2, 0, &[]);
        });
    }
}
