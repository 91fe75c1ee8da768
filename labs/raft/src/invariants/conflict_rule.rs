//! Conflict rule: a follower takes entries out of its log only where they conflict with its leader's.
//! (Raft, figure 2, AppendEntries, step 3)
//!
//! A leader's log only grows while it leads, so what it holds now did not conflict with anything that it
//! sent before: a message come late is no reason to forget what was acknowledged since.

use super::{Invariant, Rule, Violation};
use crate::contract::{LogIndex, Role};
use crate::judge::Seen;

/// The rule.
pub const RULE: Rule = Rule {
    name: "conflict-rule",
    title: "Conflict rule",
    demands: "a follower takes an entry out of its log only if the leader of its term has another one there",
    source: "Raft, figure 2, AppendEntries: if an existing entry conflicts with a new one, delete it and all that follow",
    make: || Box::new(ConflictRule),
};

struct ConflictRule;

impl Invariant for ConflictRule {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
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

    #[test]
    fn a_leader_of_another_term_is_no_measure() {
        let mut script = Script::of(3);
        script.leader(1, 1, 0, &[(1, "a")]);
        script.follower(2, 1, 0, &[(1, "a")]);
        script.follower(2, 2, 0, &[]);
    }
}
