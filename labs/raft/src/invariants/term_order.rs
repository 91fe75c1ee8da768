//! Term order: currentTerm increases monotonically. (Raft, figure 2 and section 5.1)

use super::{Invariant, Rule, Violation, Watches};
use crate::judge::Seen;

/// The rule.
pub const RULE: Rule = Rule {
    name: "term-order",
    title: "Term order",
    demands: "a server's currentTerm never goes down while it runs",
    source: "Raft, figure 2 and section 5.1: each server stores a current term number, which increases monotonically",
    watches: Watches::Views,
    make: || Box::new(TermOrder),
};

struct TermOrder;

impl Invariant for TermOrder {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some((before, now)) = seen.view().and_then(|view| Some((view.before?, view.now))) else { return Ok(()) };
        if now.term >= before.term {
            return Ok(());
        }
        let what = format!("the term of {} goes from {} back to {}", seen.node, before.term, now.term);
        Err(Violation::new(what, [seen.node]))
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_term_that_goes_down_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 5, 0, &[]);
        script.breaks("term-order", "the term of node 1 goes from 5 back to 4", |script| script.follower(1, 4, 0, &[]));
    }

    #[test]
    fn a_restart_does_not() {
        let mut script = Script::of(3);
        script.follower(1, 5, 0, &[]);
        script.starts(1);
        script.follower(1, 4, 0, &[]);
    }
}
