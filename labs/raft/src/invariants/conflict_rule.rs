//! Conflict rule: a follower takes entries out of its log only where they conflict with its leader's.
//! (Raft, figure 2, AppendEntries, step 3)
//!
//! A leader's log only grows while it leads, so what it holds now did not conflict with anything that it
//! sent before: a message come late is no reason to forget what was acknowledged since. A step in which the term
//! has changed as well is not judged: the entry may have gone by order of the leader before.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::{LogIndex, Role};
use crate::judge::{Seen, ViewSeen};

/// The rule.
pub const RULE: Rule = Rule {
    name: "conflict-rule",
    title: "Conflict rule",
    demands: "a follower takes an entry out of its log only if the leader of its term has another one there",
    source: "Raft, figure 2, AppendEntries: if an existing entry conflicts with a new one, delete it and all that follow",
    watches: Watches::Views,
    make: || Box::new(ConflictRule),
};

struct ConflictRule;

impl Invariant for ConflictRule {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let same_term = |view: &&ViewSeen| view.before.is_some_and(|before| before.term == view.now.term);
        let Some(view) = seen.view().filter(same_term) else { return Ok(()) };
        let (Some(dropped), first, term) = (view.log.dropped_term, view.log.first, view.now.term) else {
            return Ok(());
        };
        let Some(leader) = seen.known.leaders().get(&term).copied().filter(|leader| *leader != seen.node) else {
            return Ok(());
        };
        let Some((head, log)) = seen.known.server(leader).latest() else { return Ok(()) };
        if (head.term, head.role) != (term, Role::Leader) || log.term_at(first) != Some(dropped) {
            return Ok(());
        }
        let last = LogIndex(first.0 + view.log.dropped as u64 - 1);
        let entries = if first == last { format!("entry {first}") } else { format!("entries {first} to {last}") };
        let what = format!(
            "{} takes {entries} of term {dropped} out of its log, and {leader}, who leads its term {term}, has them",
            seen.node
        );
        Err(Violation::new(what, [leader, seen.node]))
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn taking_out_what_the_leader_has_breaks_it() {
        let mut script = Script::of(3);
        script.leader(1, 1, 0, &[(1, "a"), (1, "b"), (1, "c")]);
        script.votes_with(2, 1, 1, &[(1, "a"), (1, "b"), (1, "c")]);
        let what = "node 2 takes entries 2 to 3 of term 1 out of its log, and node 1, who leads its term 1, has them";
        script.breaks("conflict-rule", what, |script| script.votes_with(2, 1, 1, &[(1, "a")]));
    }

    #[test]
    fn taking_out_what_the_leader_does_not_have_does_not() {
        let mut script = Script::of(3);
        script.leader(1, 2, 0, &[(1, "a"), (2, "b")]);
        script.votes_with(2, 2, 1, &[(1, "a"), (1, "x"), (1, "y")]);
        script.votes_with(2, 2, 1, &[(1, "a"), (2, "b")]);
    }

    /// An order of the old leader and the news of the next one, both in the step after a slow fsync.
    #[test]
    fn taking_it_out_in_the_step_in_which_the_term_changes_does_not() {
        let mut script = Script::of(3);
        script.leader(1, 2, 0, &[(1, "x")]);
        script.follower(2, 1, 0, &[(1, "x")]);
        script.follower(2, 2, 0, &[]);
    }

    #[test]
    fn what_a_restart_took_back_was_not_taken_out() {
        let mut script = Script::of(3);
        script.leader(1, 1, 0, &[(1, "a"), (1, "b")]);
        script.votes_with(2, 1, 1, &[(1, "a"), (1, "b")]);
        script.votes_with(3, 1, 1, &[(1, "a")]);
        script.dies(2);
        script.starts(2);
        script.votes_with(2, 1, 1, &[(1, "a")]);
    }

    /// It had sent the entry before its own disk had it, and leads no more.
    #[test]
    fn a_leader_that_a_restart_has_deposed_is_no_measure() {
        let mut script = Script::of(3);
        script.leader(1, 1, 0, &[(1, "a"), (1, "b")]);
        script.votes_with(2, 1, 1, &[(1, "a"), (1, "b")]);
        script.dies(1);
        script.starts(1);
        script.votes_with(1, 1, 1, &[(1, "a")]);
        script.votes_with(2, 1, 1, &[(1, "a")]);
    }

    #[test]
    fn a_leader_of_another_term_is_no_measure() {
        let mut script = Script::of(3);
        script.leader(1, 1, 0, &[(1, "a")]);
        script.follower(2, 1, 0, &[(1, "a")]);
        script.follower(2, 2, 0, &[]);
    }
}
