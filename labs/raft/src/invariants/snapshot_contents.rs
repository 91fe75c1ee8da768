//! Snapshot contents: a state machine gets a snapshot back as one was taken. (Raft, section 7 and figure 13)

use super::{Invariant, Rule, Violation, Watches};
use crate::judge::{Seen, What};

/// The rule.
pub const RULE: Rule = Rule {
    name: "snapshot-contents",
    title: "Snapshot contents",
    demands: "a snapshot that is delivered is, byte for byte, one that was taken at its index, and of its term",
    source: "Raft, section 7 and figure 13: reset state machine using snapshot contents",
    watches: Watches::Everything,
    make: || Box::new(SnapshotContents),
};

struct SnapshotContents;

impl Invariant for SnapshotContents {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let What::AppliedSnapshot { snapshot, .. } = seen.what else { return Ok(()) };
        let (node, index) = (seen.node, snapshot.index);
        let what = match (seen.known.snapshot(index), seen.known.committed().get(index)) {
            (None, _) => format!("{node} delivers a snapshot to entry {index}, and none was ever taken there"),
            (Some(taken), _) if taken != snapshot.digest => format!(
                "{node} delivers a snapshot to entry {index} of {} bytes that is not the one that was taken there",
                snapshot.data.len()
            ),
            (_, Some(committed)) if committed.term != snapshot.term => format!(
                "{node} delivers a snapshot to entry {index} as of term {}, and that entry is of term {}",
                snapshot.term, committed.term
            ),
            _ => return Ok(()),
        };
        Err(Violation::new(what, [node]))
    }
}

#[cfg(test)]
mod tests {
    use crate::contract::{Digest, LogIndex};
    use crate::invariants::script::Script;

    fn taken_at_two() -> Script {
        let mut script = Script::of(3);
        script.follower(1, 1, 2, &[(1, "a"), (1, "b")]);
        script.judge().known().note_snapshot(LogIndex(2), Digest::of(b"state"));
        script
    }

    #[test]
    fn a_snapshot_that_nobody_took_breaks_it() {
        taken_at_two().breaks("snapshot-contents", "none was ever taken there", |script| {
            script.delivers_snapshot(2, 1, 1, b"state");
        });
    }

    #[test]
    fn other_bytes_than_were_taken_break_it() {
        taken_at_two().breaks("snapshot-contents", "of 4 bytes that is not the one", |script| {
            script.delivers_snapshot(2, 2, 1, b"stat");
        });
    }

    #[test]
    fn another_term_than_its_entrys_breaks_it() {
        taken_at_two().breaks("snapshot-contents", "as of term 4, and that entry is of term 1", |script| {
            script.delivers_snapshot(2, 2, 4, b"state");
        });
    }

    #[test]
    fn the_same_bytes_do_not() {
        taken_at_two().delivers_snapshot(2, 2, 1, b"state");
    }
}
