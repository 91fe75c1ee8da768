//! Commit order: commitIndex increases monotonically, as long as the server runs: it is not
//! persistent. (Raft, figure 2)

use super::{Invariant, Rule, Violation, Watches};
use crate::judge::Seen;

/// The rule.
pub const RULE: Rule = Rule {
    name: "commit-order",
    title: "Commit order",
    demands: "a server's commitIndex never goes down while it runs",
    source: "Raft, figure 2: commitIndex is initialized to 0 and increases monotonically",
    watches: Watches::Views,
    make: || Box::new(CommitOrder),
};

struct CommitOrder;

impl Invariant for CommitOrder {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some((before, now)) = seen.view().and_then(|view| Some((view.before?, view.now))) else { return Ok(()) };
        if now.commit >= before.commit {
            return Ok(());
        }
        let what = format!("the commitIndex of {} goes from {} back to {}", seen.node, before.commit, now.commit);
        Err(Violation::new(what, [seen.node]))
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_commit_index_that_goes_down_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 5, 2, &[(1, "a"), (1, "b")]);
        script.breaks("commit-order", "goes from 2 back to 1", |script| {
            script.follower(1, 5, 1, &[(1, "a"), (1, "b")]);
        });
    }

    #[test]
    fn a_restart_does_not() {
        let mut script = Script::of(3);
        script.follower(2, 5, 0, &[(1, "a")]);
        script.follower(1, 5, 1, &[(1, "a")]);
        script.starts(1);
        script.follower(1, 5, 0, &[(1, "a")]);
    }
}
