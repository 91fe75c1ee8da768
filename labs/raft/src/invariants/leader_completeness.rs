//! Leader completeness: if a log entry is committed in a given term, then that entry will be present
//! in the logs of the leaders for all higher-numbered terms. (Raft, figure 3 and section 5.4)
//!
//! Both ways round: a new leader is held against what is known as committed in earlier terms, and
//! what turns out later to have been committed, against the leaders of later terms there were
//! meanwhile. Of a leader's log at its election only the end that was not known as committed is
//! kept: the chain hash at its beginning stands for the rest.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::{LogIndex, Term};
use crate::judge::{Chain, Seen, ViewSeen};
use std::collections::BTreeMap;
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "leader-completeness",
    title: "Leader completeness",
    demands: "an entry committed in a term is in the log of the leader of every later term",
    source: "Raft, figure 3 and section 5.4: a server that lacks committed entries must not win an election",
    watches: Watches::Views,
    make: || Box::new(LeaderCompleteness::default()),
};

#[derive(Default)]
struct LeaderCompleteness(BTreeMap<Term, Elected>);

/// A leader's log when it was elected.
struct Elected {
    node: NodeId,
    /// Up to there it was found to hold what is committed.
    complete_to: LogIndex,
    /// What it stood for at each index after that.
    rest: Vec<Chain>,
}

impl Elected {
    /// Whether its log was that one up to `index`.
    fn held(&self, index: LogIndex, chain: Chain) -> bool {
        index <= self.complete_to || self.rest.get(index.since(self.complete_to) - 1) == Some(&chain)
    }
}

impl LeaderCompleteness {
    fn elected(&mut self, seen: &Seen<'_>, term: Term) -> Result<(), Violation> {
        let log = &seen.server().log;
        let complete_to = seen.known.committed().last_before(term);
        if let Some(committed) = seen.known.committed().get(complete_to)
            && log.chain_at(complete_to) != Some(committed.chain)
        {
            return Err(lacks(seen.node, term, complete_to, committed.shown_by, committed.in_term));
        }
        let rest = log.entries_from(complete_to.next()).map(|(_, entry)| entry.chain).collect();
        self.0.insert(term, Elected { node: seen.node, complete_to, rest });
        Ok(())
    }

    fn committed(&self, seen: &Seen<'_>, view: &ViewSeen) -> Result<(), Violation> {
        let commit = view.now.commit.min(seen.known.committed().last_index());
        let Some(committed) = seen.known.committed().get(commit) else { return Ok(()) };
        for (term, leader) in self.0.range(view.now.term.next()..) {
            if !leader.held(commit, committed.chain) {
                return Err(lacks(leader.node, *term, commit, seen.node, view.now.term));
            }
        }
        Ok(())
    }
}

fn lacks(leader: NodeId, term: Term, index: LogIndex, shown_by: NodeId, in_term: Term) -> Violation {
    let what = format!(
        "{leader} was elected in term {term} without what {shown_by} shows as committed in term {in_term}, \
         up to entry {index}"
    );
    Violation::new(what, [shown_by, leader])
}

impl Invariant for LeaderCompleteness {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        if view.news_of_commit {
            self.committed(seen, view)?;
        }
        match view.became_leader() {
            Some(term) if !self.0.contains_key(&term) => self.elected(seen, term),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_leader_without_a_committed_entry_breaks_it() {
        let mut script = Script::of(3);
        script.leader(1, 2, 1, &[(2, "a")]);
        script.breaks("leader-completeness", "node 3 was elected in term 3 without what node 1 shows", |script| {
            script.leader(3, 3, 0, &[]);
        });
    }

    #[test]
    fn a_leader_with_another_entry_there_breaks_it() {
        let mut script = Script::of(3);
        script.leader(1, 2, 1, &[(2, "a")]);
        script.breaks("leader-completeness", "up to entry 1", |script| script.leader(3, 3, 0, &[(1, "x"), (1, "y")]));
    }

    /// The commit becomes known only after a later leader was elected, and has changed its log since.
    #[test]
    fn a_leader_elected_before_the_commit_was_known_breaks_it() {
        let mut script = Script::of(3);
        script.leader(3, 3, 0, &[(1, "a"), (1, "x")]);
        script.follower(3, 4, 0, &[(1, "a")]);
        script.leader(1, 2, 1, &[(1, "a"), (2, "b")]);
        script.breaks("leader-completeness", "node 3 was elected in term 3 without what node 1", |script| {
            script.leader(1, 2, 2, &[(1, "a"), (2, "b")]);
        });
    }

    /// First known from a server of term 4, which says nothing about the leader of term 3.
    #[test]
    fn a_commit_that_proves_to_be_older_breaks_it() {
        let mut script = Script::of(3);
        script.leader(3, 3, 0, &[]);
        script.follower(2, 4, 1, &[(2, "a")]);
        script.breaks("leader-completeness", "node 3 was elected in term 3", |script| {
            script.follower(1, 2, 1, &[(2, "a")]);
        });
    }

    /// What it knows as committed it heard in term 7, which was not on its disk yet; the snapshot was.
    #[test]
    fn a_commit_that_comes_back_with_a_snapshot_in_an_older_term_does_not() {
        let (log, mut script) = (&[(4, "a"), (7, "b")], Script::of(5));
        script.follower(1, 4, 0, &log[..1]);
        script.leader(2, 5, 0, &[]);
        script.leader(3, 7, 0, log);
        script.votes_with(4, 7, 3, log);
        script.votes_with(5, 7, 3, log);
        script.leader(3, 7, 2, log);
        script.follower(1, 7, 2, log);
        script.follower_behind_snapshot(1, 7, 2, (1, 4), &log[1..]);
        script.dies(1);
        script.starts(1);
        script.follower_behind_snapshot(1, 4, 1, (1, 4), &[]);
        script.follower_behind_snapshot(1, 4, 1, (1, 4), &[(4, "x")]);
    }

    #[test]
    fn a_commit_heard_of_after_a_restart_counts_in_the_term_in_which_it_is_heard() {
        let (log, mut script) = (&[(4, "a"), (4, "b")], Script::of(5));
        script.leader(2, 5, 0, &[]);
        script.leader(3, 7, 1, log);
        script.votes_with(4, 7, 3, log);
        script.votes_with(5, 7, 3, log);
        script.follower_behind_snapshot(1, 7, 1, (1, 4), &log[1..]);
        script.dies(1);
        script.starts(1);
        script.follower_behind_snapshot(1, 4, 1, (1, 4), &log[1..]);
        script.breaks("leader-completeness", "node 2 was elected in term 5 without what node 1 shows", |script| {
            script.follower_behind_snapshot(1, 4, 2, (1, 4), &log[1..]);
        });
    }

    #[test]
    fn leaders_that_hold_what_is_committed_or_are_older_do_not() {
        let mut script = Script::of(3);
        script.leader(1, 2, 1, &[(2, "a"), (2, "b")]);
        script.leader(2, 4, 1, &[(2, "a"), (4, "c")]);
        script.leader(2, 4, 2, &[(2, "a"), (4, "c")]);
        // Elected in term 3, seen late: what term 4 has committed, it may lack.
        script.leader(3, 3, 0, &[(2, "a")]);
    }
}
