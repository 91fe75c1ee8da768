//! Applied in order: each index once, without gaps, from the first one after each start; a snapshot
//! stands for all up to its own. (Raft, figure 2, lastApplied; the lab's contract)

use super::{Invariant, Rule, Violation, Watches};
use crate::judge::{Seen, What};

/// The rule.
pub const RULE: Rule = Rule {
    name: "applied-in-order",
    title: "Applied in order",
    demands: "a server applies each index once, in order and without gaps, from 1 or a snapshot after each start",
    source: "Raft, figure 2: if commitIndex > lastApplied, increment lastApplied and apply log[lastApplied]",
    watches: Watches::Everything,
    make: || Box::new(AppliedInOrder),
};

struct AppliedInOrder;

impl Invariant for AppliedInOrder {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let (what, index, previous, follows) = match seen.what {
            What::Applied { entry, previous } => ("entry", entry.index, *previous, entry.index == previous.next()),
            What::AppliedSnapshot { snapshot, previous } => {
                ("a snapshot to entry", snapshot.index, *previous, snapshot.index > *previous)
            }
            _ => return Ok(()),
        };
        if follows {
            return Ok(());
        }
        let what = format!("{} applies {what} {index} after entry {previous}", seen.node);
        Err(Violation::new(what, [seen.node]))
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    fn with_two_applied() -> Script {
        let mut script = Script::of(3);
        script.follower(1, 1, 3, &[(1, "a"), (1, "b"), (1, "c")]);
        script.applies(1, 1, 1, "a");
        script.applies(1, 2, 1, "b");
        script
    }

    #[test]
    fn applying_twice_breaks_it() {
        let what = "node 1 applies entry 2 after entry 2";
        with_two_applied().breaks("applied-in-order", what, |script| script.applies(1, 2, 1, "b"));
    }

    #[test]
    fn leaving_one_out_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 1, 3, &[(1, "a"), (1, "b"), (1, "c")]);
        script.breaks("applied-in-order", "applies entry 2 after entry 0", |script| script.applies(1, 2, 1, "b"));
    }

    #[test]
    fn a_snapshot_of_what_is_applied_breaks_it() {
        let what = "applies a snapshot to entry 2 after entry 2";
        with_two_applied().breaks("applied-in-order", what, |script| script.applies_snapshot(1, 2, 1));
    }

    #[test]
    fn beginning_again_after_a_restart_does_not() {
        let mut script = with_two_applied();
        script.follower(2, 1, 0, &[(1, "a"), (1, "b"), (1, "c")]);
        script.starts(1);
        script.follower(1, 1, 3, &[(1, "a"), (1, "b"), (1, "c")]);
        script.applies(1, 1, 1, "a");
        script.applies_snapshot(1, 2, 1);
        script.applies(1, 3, 1, "c");
    }
}
