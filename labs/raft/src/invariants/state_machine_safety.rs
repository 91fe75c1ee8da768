//! State machine safety: if a server has applied a log entry at a given index to its state machine, no
//! other server will ever apply a different log entry for the same index. (Raft, figure 3 and
//! section 5.4.3)
//!
//! What is committed will be applied, so two servers must not even show different logs as committed.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::LogIndex;
use crate::judge::{Seen, Server, ViewSeen, What, entry_in_words};
use crate::observation::AppliedEntry;

/// The rule.
pub const RULE: Rule = Rule {
    name: "state-machine-safety",
    title: "State machine safety",
    demands: "no two servers commit or apply different entries at the same index",
    source: "Raft, figure 3 and section 5.4.3: servers apply the same entries in the same order",
    watches: Watches::Everything,
    make: || Box::new(StateMachineSafety),
};

struct StateMachineSafety;

impl StateMachineSafety {
    fn applied(seen: &Seen<'_>, entry: &AppliedEntry) -> Result<(), Violation> {
        let Some(first) = seen.known.first_applied(entry.index) else { return Ok(()) };
        if (first.digest, first.term) == (entry.digest, entry.term) {
            return Ok(());
        }
        let what = format!(
            "{} applied {}, {} applies {}",
            first.node,
            entry_in_words(entry.index, first.term, first.digest),
            seen.node,
            entry_in_words(entry.index, entry.term, entry.digest)
        );
        Err(Violation::new(what, [first.node, seen.node]))
    }

    fn committed(seen: &Seen<'_>, view: &ViewSeen) -> Result<(), Violation> {
        let (node, server) = (seen.node, seen.server());
        let before = view.before.map_or(LogIndex::ZERO, |before| before.commit);
        if view.log.dropped > 0 && view.log.first <= before {
            let first = view.log.first;
            let what = format!("{node} had committed up to entry {before} and takes entry {first} out of its log");
            return Err(Violation::new(what, [node]));
        }
        let Some(committed) = seen.known.committed().get(view.now.commit) else { return Ok(()) };
        if server.log.chain_at(view.now.commit).is_none_or(|chain| chain == committed.chain) {
            return Ok(());
        }
        Err(Self::first_difference(seen, server, view))
    }

    /// Looks for the words only once the rule is broken.
    fn first_difference(seen: &Seen<'_>, server: &Server, view: &ViewSeen) -> Violation {
        let mut until_commit = server.log.entries_from(LogIndex(1)).take_while(|(at, _)| *at <= view.now.commit);
        let differs = until_commit.find_map(|(index, entry)| {
            let committed = seen.known.committed().get(index)?;
            (committed.chain != entry.chain).then_some((index, entry.term, committed))
        });
        let Some((index, term, committed)) = differs else {
            return Violation::new(format!("{} commits another log than others did", seen.node), [seen.node]);
        };
        let what = format!(
            "at index {index} {} committed an entry of term {}, and {} another one, of term {term}",
            committed.shown_by, committed.term, seen.node
        );
        Violation::new(what, [committed.shown_by, seen.node])
    }
}

impl Invariant for StateMachineSafety {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        match seen.what {
            What::Applied { entry, .. } => Self::applied(seen, entry),
            What::View(view) => Self::committed(seen, view),
            What::Started | What::AppliedSnapshot { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn another_command_applied_at_the_same_index_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 2, 1, &[(1, "a")]);
        script.applies(1, 1, 1, "a");
        script
            .breaks("state-machine-safety", "node 1 applied entry 1 of term 1", |script| script.applies(2, 1, 1, "b"));
    }

    #[test]
    fn another_log_shown_as_committed_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 3, 2, &[(1, "a"), (2, "b")]);
        script.breaks("state-machine-safety", "at index 2 node 1 committed an entry of term 2", |script| {
            script.follower(2, 3, 2, &[(1, "a"), (3, "c")]);
        });
    }

    /// A committed entry that is overwritten, though commitIndex stands still.
    #[test]
    fn overwriting_what_is_committed_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 3, 2, &[(1, "a"), (2, "b")]);
        let what = "node 1 had committed up to entry 2 and takes entry 2 out of its log";
        script.breaks("state-machine-safety", what, |script| script.follower(1, 3, 2, &[(1, "a"), (3, "c")]));
    }

    #[test]
    fn cutting_off_what_is_committed_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 3, 1, &[(1, "a"), (2, "b")]);
        script.follower(1, 3, 1, &[(1, "a")]);
        script.breaks("state-machine-safety", "takes entry 1 out", |script| script.follower(1, 3, 1, &[]));
    }

    #[test]
    fn the_same_entries_on_all_do_not() {
        let mut script = Script::of(3);
        for node in 1..=3 {
            script.follower(node, 3, 1, &[(1, "a"), (2, "b")]);
            script.applies(node, 1, 1, "a");
            script.follower(node, 3, 2, &[(1, "a"), (2, "b")]);
        }
    }
}
