//! Commit rule: a leader commits by counting replicas only entries of its own term; older ones are
//! then committed with them. (Raft, section 5.4.2 and figure 8)

use super::{Invariant, Rule, Violation, Watches};
use crate::judge::Seen;

/// The rule.
pub const RULE: Rule = Rule {
    name: "commit-rule",
    title: "Commit rule",
    demands: "a leader raises its commitIndex only to entries of its own term",
    source: "Raft, section 5.4.2 and figure 8: only entries from the leader's current term are committed by counting replicas",
    watches: Watches::Views,
    make: || Box::new(CommitRule),
};

struct CommitRule;

impl Invariant for CommitRule {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view().filter(|view| view.led_on()) else { return Ok(()) };
        let (node, term, commit) = (seen.node, view.now.term, view.now.commit);
        let rises = view.before.is_some_and(|before| commit > before.commit);
        match seen.server().log.term_at(commit).filter(|_| rises) {
            Some(entry_term) if entry_term != term => {
                let what = format!("{node} leads term {term} and commits up to entry {commit} of term {entry_term}");
                Err(Violation::new(what, [node]))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_leader_that_commits_an_older_entry_breaks_it() {
        let mut script = Script::of(3);
        script.leader(1, 4, 0, &[(1, "a"), (2, "b")]);
        script.breaks("commit-rule", "node 1 leads term 4 and commits up to entry 2 of term 2", |script| {
            script.leader(1, 4, 2, &[(1, "a"), (2, "b")]);
        });
    }

    #[test]
    fn an_entry_of_its_own_term_does_not_and_takes_older_ones_along() {
        let mut script = Script::of(3);
        script.leader(1, 4, 0, &[(1, "a"), (2, "b"), (4, "c")]);
        script.leader(1, 4, 3, &[(1, "a"), (2, "b"), (4, "c")]);
    }

    #[test]
    fn a_follower_that_learns_of_an_older_entry_does_not() {
        let mut script = Script::of(3);
        script.follower(1, 4, 0, &[(1, "a"), (2, "b")]);
        script.follower(1, 4, 1, &[(1, "a"), (2, "b")]);
    }
}
