//! Log terms: entries carry the term of the leader that received them, so terms never fall along a
//! log, and none is above the server's own. (Raft, sections 5.1 and 5.3)

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::Term;
use crate::judge::Seen;

/// The rule.
pub const RULE: Rule = Rule {
    name: "log-terms",
    title: "Log terms",
    demands: "terms never fall along a log, and none is above the server's currentTerm",
    source: "Raft, sections 5.1 and 5.3: each entry has the term when it was received by the leader",
    watches: Watches::Views,
    make: || Box::new(LogTerms),
};

struct LogTerms;

impl Invariant for LogTerms {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        let (node, term, log) = (seen.node, view.now.term, &seen.server().log);
        if view.now.snapshot_term > term {
            let what = format!("{node} is in term {term} and has a snapshot of term {}", view.now.snapshot_term);
            return Err(Violation::new(what, [node]));
        }
        let mut previous = log.term_at(view.log.first.previous()).unwrap_or_default();
        for (index, entry) in log.entries_from(view.log.first) {
            if entry.term > term || entry.term == Term::ZERO {
                let what = format!("{node} is in term {term} and has an entry {index} of term {}", entry.term);
                return Err(Violation::new(what, [node]));
            }
            if entry.term < previous {
                let what =
                    format!("the log of {node} has entry {index} of term {} after one of term {previous}", entry.term);
                return Err(Violation::new(what, [node]));
            }
            previous = entry.term;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_snapshot_of_a_term_to_come_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 3, 1, &[(3, "a")]);
        script.breaks("log-terms", "node 2 is in term 2 and has a snapshot of term 3", |script| {
            script.follower_behind_snapshot(2, 2, 1, (1, 3), &[]);
        });
    }

    #[test]
    fn an_entry_of_a_term_to_come_breaks_it() {
        let mut script = Script::of(3);
        script.breaks("log-terms", "node 1 is in term 2 and has an entry 1 of term 3", |script| {
            script.follower(1, 2, 0, &[(3, "a")]);
        });
    }

    #[test]
    fn terms_that_fall_break_it() {
        let mut script = Script::of(3);
        script.follower(1, 3, 0, &[(2, "a")]);
        script.breaks("log-terms", "entry 2 of term 1 after one of term 2", |script| {
            script.follower(1, 3, 0, &[(2, "a"), (1, "b")]);
        });
    }

    #[test]
    fn terms_that_rise_do_not() {
        Script::of(3).follower(1, 3, 0, &[(1, "a"), (1, "b"), (3, "c")]);
    }
}
