//! Leader append-only: a leader never overwrites or deletes entries in its log; it only appends new
//! entries. (Raft, figure 3 and section 5.3)

use super::{Invariant, Rule, Violation, Watches};
use crate::judge::Seen;

/// The rule.
pub const RULE: Rule = Rule {
    name: "leader-append-only",
    title: "Leader append-only",
    demands: "a leader never overwrites or deletes entries of its log; it only appends new ones, of its own term",
    source: "Raft, figure 3 and section 5.3: a leader never overwrites or deletes entries in its own log",
    watches: Watches::Views,
    make: || Box::new(LeaderAppendOnly),
};

struct LeaderAppendOnly;

impl Invariant for LeaderAppendOnly {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view().filter(|view| view.led_on()) else { return Ok(()) };
        let (node, term, first) = (seen.node, view.now.term, view.log.first);
        if view.log.dropped > 0 {
            let what = format!("{node} leads term {term} and changed its log from entry {first} on");
            return Err(Violation::new(what, [node]));
        }
        match seen.server().log.entries_from(first).find(|(_, entry)| entry.term != term) {
            Some((index, entry)) => {
                let what = format!("{node} leads term {term} and appended entry {index} of term {}", entry.term);
                Err(Violation::new(what, [node]))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_leader_that_overwrites_breaks_it() {
        let mut script = Script::of(3);
        script.leader(1, 2, 0, &[(1, "a"), (2, "b")]);
        script.breaks("leader-append-only", "changed its log from entry 2 on", |script| {
            script.leader(1, 2, 0, &[(1, "a"), (2, "c")]);
        });
    }

    #[test]
    fn a_leader_that_deletes_breaks_it() {
        let mut script = Script::of(3);
        script.leader(1, 2, 0, &[(1, "a"), (2, "b")]);
        script.breaks("leader-append-only", "from entry 2 on", |script| script.leader(1, 2, 0, &[(1, "a")]));
    }

    #[test]
    fn a_leader_that_appends_for_another_term_breaks_it() {
        let mut script = Script::of(3);
        script.leader(1, 2, 0, &[(1, "a")]);
        script.breaks("leader-append-only", "appended entry 2 of term 1", |script| {
            script.leader(1, 2, 0, &[(1, "a"), (1, "b")]);
        });
    }

    #[test]
    fn appending_does_not_nor_does_a_follower_that_overwrites() {
        let mut script = Script::of(3);
        script.leader(1, 2, 0, &[(1, "a")]);
        script.leader(1, 2, 0, &[(1, "a"), (2, "b")]);
        script.follower(1, 3, 0, &[(1, "a"), (3, "c")]);
    }
}
