//! Election safety: at most one leader can be elected in a given term. (Raft, figure 3 and section 5.2)

use super::{Invariant, Rule, Violation};
use crate::contract::Role;
use crate::judge::Seen;

/// The rule.
pub const RULE: Rule = Rule {
    name: "election-safety",
    title: "Election safety",
    demands: "at most one leader can be elected in a given term",
    source: "Raft, figure 3 and section 5.2: a server votes for at most one candidate in a term, first come, first served",
    make: || Box::new(ElectionSafety),
};

struct ElectionSafety;

impl Invariant for ElectionSafety {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view().filter(|view| view.now.role == Role::Leader) else { return Ok(()) };
        match seen.known.leaders().get(&view.now.term) {
            Some(first) if *first != seen.node => Err(Violation::new(
                format!("{first} and {} both lead term {}", seen.node, view.now.term),
                [*first, seen.node],
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn two_leaders_of_a_term_break_it() {
        let mut script = Script::of(3);
        script.leader(1, 5, 0, &[]);
        script.breaks("election-safety", "node 1 and node 3 both lead term 5", |script| script.leader(3, 5, 0, &[]));
    }

    #[test]
    fn one_leader_after_the_other_does_not() {
        let mut script = Script::of(3);
        script.leader(1, 5, 0, &[]);
        script.leader(3, 6, 0, &[]);
        script.leader(1, 7, 0, &[]);
    }
}
