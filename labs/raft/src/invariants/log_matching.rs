//! Log matching: if two logs contain an entry with the same index and term, then the logs are
//! identical in all entries up through the given index. (Raft, figure 3 and section 5.3)
//!
//! All logs of a run are one tree, keyed by (index, term): each key has one chain hash, whoever
//! shows it.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::{LogIndex, Term};
use crate::judge::{Chain, Seen};
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "log-matching",
    title: "Log matching",
    demands: "two logs with an entry of the same index and term are identical up through that entry",
    source: "Raft, figure 3 and section 5.3: a follower that does not find the entry before the new ones refuses them",
    watches: Watches::Views,
    make: || Box::new(LogMatching::default()),
};

/// The tree: what stands at each index, from index 1.
#[derive(Default)]
struct LogMatching(Vec<Vec<Branch>>);

/// An entry of a term, the first one who showed it, and what it stands for.
struct Branch {
    term: Term,
    chain: Chain,
    shown_by: NodeId,
}

impl LogMatching {
    /// Puts an entry into the tree; who showed another one in its place, if somebody did.
    fn grow(&mut self, index: LogIndex, branch: Branch) -> Option<NodeId> {
        let place = usize::try_from(index.0 - 1).expect("logs fit the memory");
        if self.0.len() <= place {
            self.0.resize_with(place + 1, Vec::new);
        }
        let branches = &mut self.0[place];
        match branches.iter().find(|known| known.term == branch.term) {
            Some(known) => (known.chain != branch.chain).then_some(known.shown_by),
            None => {
                branches.push(branch);
                None
            }
        }
    }
}

impl Invariant for LogMatching {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        let node = seen.node;
        for (index, entry) in seen.server().log.entries_from(view.log.first) {
            let branch = Branch { term: entry.term, chain: entry.chain, shown_by: node };
            if let Some(other) = self.grow(index, branch) {
                let term = entry.term;
                let what =
                    format!("{other} and {node} have an entry {index} of term {term}, yet other logs up to there");
                return Err(Violation::new(what, [other, node]));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn another_command_at_the_same_index_and_term_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 3, 0, &[(1, "a"), (3, "b")]);
        script.breaks("log-matching", "node 1 and node 2 have an entry 2 of term 3", |script| {
            script.follower(2, 3, 0, &[(1, "a"), (3, "x")]);
        });
    }

    #[test]
    fn another_entry_before_it_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 3, 0, &[(1, "a"), (3, "b")]);
        script.follower(2, 3, 0, &[(2, "x")]);
        script.breaks("log-matching", "entry 2 of term 3", |script| {
            script.follower(2, 3, 0, &[(2, "x"), (3, "b")]);
        });
    }

    /// A leader's last entry, which it had sent to nobody; the next leader puts another one there.
    #[test]
    fn an_entry_that_a_restart_took_back_leaves_its_place_to_another_term() {
        let mut script = Script::of(3);
        script.leader(1, 1, 0, &[(1, "a"), (1, "x")]);
        script.votes_with(2, 1, 1, &[(1, "a")]);
        script.starts(1);
        script.votes_with(1, 1, 1, &[(1, "a")]);
        script.follower(1, 2, 0, &[(1, "a"), (2, "b")]);
    }

    #[test]
    fn logs_that_fork_by_term_do_not() {
        let mut script = Script::of(3);
        script.follower(1, 3, 0, &[(1, "a"), (2, "b")]);
        script.follower(2, 3, 0, &[(1, "a"), (3, "c")]);
        script.follower(2, 3, 0, &[(1, "a"), (2, "b")]);
    }
}
