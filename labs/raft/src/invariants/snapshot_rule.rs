//! Snapshot rule: a snapshot stands for committed entries, names the term of the last one, and never goes
//! back. (Raft, section 7 and figure 12)

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::LogIndex;
use crate::judge::Seen;

/// The rule.
pub const RULE: Rule = Rule {
    name: "snapshot-rule",
    title: "Snapshot rule",
    demands: "a snapshot covers committed entries alone, says the term of the last of them, and is not replaced by an older one",
    source: "Raft, section 7: each server takes snapshots independently, covering just the committed entries in its log",
    watches: Watches::Views,
    make: || Box::new(SnapshotRule),
};

struct SnapshotRule;

impl Invariant for SnapshotRule {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        let (node, index, term) = (seen.node, view.now.snapshot_index, view.now.snapshot_term);
        let before = view.before.map_or(LogIndex::ZERO, |before| before.snapshot_index);
        if index == before {
            return Ok(());
        }
        if index < before {
            let what = format!("{node} had a snapshot to entry {before}, and goes back to one to entry {index}");
            return Err(Violation::new(what, [node]));
        }
        let Some(committed) = seen.known.committed().get(index) else {
            let what = format!("{node} has a snapshot to entry {index}, which nobody has shown as committed");
            return Err(Violation::new(what, [node]));
        };
        if seen.server().log.chain_at(index).is_some_and(|chain| chain != committed.chain) {
            let what = format!("the snapshot of {node} to entry {index} stands for other entries than were committed");
            return Err(Violation::new(what, [node, committed.shown_by]));
        }
        if term != committed.term {
            let what = format!(
                "the snapshot of {node} ends at entry {index}, whose term is {}, and says it is {term}",
                committed.term
            );
            return Err(Violation::new(what, [node]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    fn two_committed() -> Script {
        let mut script = Script::of(3);
        script.follower(1, 3, 2, &[(1, "a"), (1, "b")]);
        script
    }

    #[test]
    fn a_snapshot_past_what_is_committed_breaks_it() {
        let what = "its snapshot ends at entry 2 of term 1, which nobody has shown as committed";
        Script::of(3).breaks("snapshot-rule", what, |script| script.follower_behind_snapshot(2, 1, 2, (2, 1), &[]));
    }

    #[test]
    fn a_snapshot_of_its_own_uncommitted_entries_breaks_it() {
        let mut script = two_committed();
        script.follower(2, 3, 2, &[(1, "a"), (1, "b"), (3, "c")]);
        script.breaks("snapshot-rule", "node 2 has a snapshot to entry 3, which nobody has shown", |script| {
            script.follower_behind_snapshot(2, 3, 2, (3, 3), &[]);
        });
    }

    #[test]
    fn the_term_of_the_server_in_place_of_the_entrys_breaks_it() {
        let what = "the snapshot of node 2 ends at entry 2, whose term is 1, and says it is 3";
        two_committed().breaks("snapshot-rule", what, |script| script.follower_behind_snapshot(2, 3, 2, (2, 3), &[]));
    }

    #[test]
    fn an_older_snapshot_in_place_of_a_newer_one_breaks_it() {
        let mut script = two_committed();
        script.follower_behind_snapshot(2, 3, 2, (2, 1), &[]);
        script.breaks("snapshot-rule", "goes back to one to entry 1", |script| {
            script.follower_behind_snapshot(2, 3, 2, (1, 1), &[(1, "b")]);
        });
    }

    #[test]
    fn a_snapshot_of_what_is_committed_does_not() {
        let mut script = two_committed();
        script.follower_behind_snapshot(2, 3, 2, (2, 1), &[(3, "c")]);
        script.follower_behind_snapshot(1, 3, 2, (1, 1), &[(1, "b")]);
    }
}
