//! Election restriction: a server denies its vote to a candidate whose log is less up-to-date than its
//! own. (Raft, section 5.4.1)
//!
//! A candidate's log is what it showed when it became one. A candidacy that a restart has lost, since it was not on
//! the disk, asked nobody for a vote: the server may stand in that term again, with another log. A vote that a disk gives
//! back was given before, by another log perhaps. A vote for the leader of the term came too late to matter.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::{LogIndex, Role, Term};
use crate::judge::Seen;
use std::collections::BTreeMap;
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "election-restriction",
    title: "Election restriction",
    demands: "a vote goes to a candidate whose log is at least as up-to-date as the voter's",
    source: "Raft, section 5.4.1: the voter denies its vote if its own log is more up-to-date than that of the candidate",
    watches: Watches::Views,
    make: || Box::new(ElectionRestriction::default()),
};

/// The latest candidacy of each server: its term, and where its log ended.
#[derive(Default)]
struct ElectionRestriction(BTreeMap<NodeId, (Term, End)>);

/// How up-to-date a log is: the term of its last entry, then its length.
type End = (Term, LogIndex);

impl Invariant for ElectionRestriction {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        let (voter, term, log) = (seen.node, view.now.term, &seen.server().log);
        let own: End = (log.last_term(), log.last_index());
        if view.after_restart && self.0.get(&voter).is_some_and(|(stood_in, _)| *stood_in > term) {
            self.0.remove(&voter);
        }
        if view.now.role == Role::Candidate && self.0.get(&voter).is_none_or(|(stood_in, _)| *stood_in != term) {
            self.0.insert(voter, (term, own));
        }
        let vote = |head: crate::judge::Head| (head.term, head.voted_for);
        let is_given = !view.after_restart && view.before.map(vote) != Some(vote(view.now));
        let Some(candidate) = view.now.voted_for.filter(|_| is_given) else {
            return Ok(());
        };
        let too_late = seen.known.leaders().contains_key(&term);
        match self.0.get(&candidate) {
            Some((stood_in, end)) if *stood_in == term && own > *end && !too_late => {
                let what = format!(
                    "in term {term} {voter}, whose log ends with entry {} of term {}, votes for {candidate}, \
                     whose log ends with entry {} of term {}",
                    own.1, own.0, end.1, end.0
                );
                Err(Violation::new(what, [voter, candidate]))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    /// It lost power before its first candidacy was on the disk, and got an entry of the old term meanwhile.
    #[test]
    fn who_stands_again_in_a_term_that_a_restart_took_back_votes_for_itself_with_another_log() {
        let mut script = Script::of(3);
        script.candidate(1, 2, &[(1, "a")]);
        script.dies(1);
        script.starts(1);
        script.follower(1, 1, 0, &[(1, "a")]);
        script.follower(1, 1, 0, &[(1, "a"), (1, "b")]);
        script.candidate(1, 2, &[(1, "a"), (1, "b")]);
    }

    #[test]
    fn a_candidacy_that_outlives_a_restart_is_the_one_that_counts() {
        let mut script = Script::of(3);
        script.candidate(1, 2, &[(1, "a")]);
        script.dies(1);
        script.starts(1);
        script.votes_with(1, 2, 1, &[(1, "a")]);
        script.follower(2, 1, 0, &[(1, "a"), (1, "b")]);
        let what = "node 2, whose log ends with entry 2 of term 1, votes for node 1";
        script.breaks("election-restriction", what, |script| script.votes_with(2, 2, 1, &[(1, "a"), (1, "b")]));
    }

    /// It had cut its log by order of a leader, and voted for a log as short; on its disk was the vote, and not yet the cut.
    #[test]
    fn a_vote_that_the_disk_gives_back_with_a_cut_undone_is_no_second_vote() {
        let mut script = Script::of(3);
        script.follower(2, 2, 0, &[(1, "a"), (1, "b")]);
        script.follower(2, 2, 0, &[(1, "a")]);
        script.candidate(1, 3, &[(1, "a")]);
        script.votes_with(2, 3, 1, &[(1, "a")]);
        script.dies(2);
        script.starts(2);
        script.votes_with(2, 3, 1, &[(1, "a"), (1, "b")]);
    }

    #[test]
    fn a_vote_for_a_shorter_log_breaks_it() {
        let mut script = Script::of(3);
        script.follower(2, 1, 0, &[(1, "a"), (1, "b")]);
        script.candidate(1, 2, &[(1, "a")]);
        script.breaks(
            "election-restriction",
            "node 2, whose log ends with entry 2 of term 1, votes for node 1",
            |script| {
                script.votes_with(2, 2, 1, &[(1, "a"), (1, "b")]);
            },
        );
    }

    #[test]
    fn a_vote_for_a_longer_log_of_an_older_term_breaks_it() {
        let mut script = Script::of(3);
        script.follower(2, 3, 0, &[(3, "x")]);
        script.candidate(1, 4, &[(1, "a"), (2, "b")]);
        script.breaks("election-restriction", "whose log ends with entry 2 of term 2", |script| {
            script.votes_with(2, 4, 1, &[(3, "x")]);
        });
    }

    #[test]
    fn a_vote_for_a_log_as_good_or_better_does_not() {
        let mut script = Script::of(3);
        script.candidate(1, 2, &[(1, "a"), (1, "b")]);
        script.votes_with(2, 2, 1, &[(1, "a")]);
        script.votes_with(3, 2, 1, &[(1, "a"), (1, "b")]);
    }

    #[test]
    fn noting_the_leader_of_the_term_does_not() {
        let mut script = Script::of(3);
        script.candidate(1, 2, &[(1, "a")]);
        script.leader(1, 2, 0, &[(1, "a")]);
        script.votes_with(2, 2, 1, &[(1, "a"), (1, "b")]);
    }
}
