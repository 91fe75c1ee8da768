//! Changes heard: who does not lead gets its entries, and learns what is committed, from a server that has them and knows.
//! So whom it has heard, since it started, had come as far. (Raft, sections 5.1 and 5.3)
//!
//! Not in the step of the message, nor in the next one that shows something: a server may take in its term, save, append,
//! save and commit, one after the other. What it has ever shown itself its disk may give back, and it may have led: also
//! between two views, when one step brings a candidate the last vote, an entry of its own, and the next term.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::Role;
use crate::judge::Seen;

/// The rule.
pub const RULE: Rule = Rule {
    name: "changes-heard",
    title: "Changes heard",
    demands: "who does not lead shows a new entry, or more as committed, only when it was delivered a message of a server that had come as far, or had itself shown as much before",
    source: "Raft, section 5.1: followers are passive: they issue no requests on their own but simply respond to requests",
    watches: Watches::ViewsAndDeliveries,
    make: || Box::new(ChangesHeard),
};

struct ChangesHeard;

impl Invariant for ChangesHeard {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        // The first view of all is what its disk gave back. A leader's changes are its own, those of its last step too.
        let Some(before) = view.before.filter(|before| before.role != Role::Leader) else { return Ok(()) };
        let (server, node) = (seen.server(), seen.node);
        let (had, heard) = (before.commit.max(before.snapshot_index), server.heard.reach());
        let has = view.now.reach(server.log.last_term());
        let is_alone = || seen.known.servers().count() == 1;
        if has.committed > had.max(heard.committed) && !is_alone() {
            let what = format!(
                "{node} shows entry {} as committed, and it has heard nobody who had shown more than {} so",
                has.committed, heard.committed
            );
            return Err(Violation::new(what, [node]));
        }
        let is_longer = view.now.role != Role::Leader && view.log.first <= view.now.last_index;
        let may_have_led = before.role == Role::Candidate && has.last.0 == before.term;
        if is_longer && has.last > heard.last && !may_have_led {
            let (term, index) = has.last;
            let what = format!(
                "{node} shows entry {index} of term {term} in its log, and it has heard nobody whose log had come that far"
            );
            return Err(Violation::new(what, [node]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    /// Node 1 of three leads term 1 with an entry, and nodes 2 and 3 have none.
    fn led() -> Script {
        let mut script = Script::with_deliveries(3);
        script.follower(2, 1, 0, &[]);
        script.follower(3, 1, 0, &[]);
        script.candidate(1, 1, &[]);
        script.delivers(2, 1);
        script.leader(1, 1, 0, &[(1, "a")]);
        script
    }

    #[test]
    fn an_entry_of_a_follower_that_has_heard_nobody_breaks_it() {
        let what = "node 2 shows entry 1 of term 1 in its log, and it has heard nobody whose log had come that far";
        led().breaks("changes-heard", what, |script| script.follower(2, 1, 0, &[(1, "a")]));
    }

    #[test]
    fn a_message_of_one_who_does_not_have_it_does_not_help() {
        let mut script = led();
        script.delivers(3, 2);
        script.breaks("changes-heard", "entry 1 of term 1", |script| script.follower(2, 1, 0, &[(1, "a")]));
    }

    #[test]
    fn neither_does_one_that_came_before_its_sender_had_it() {
        let mut script = led();
        script.delivers(1, 2);
        script.leader(1, 1, 0, &[(1, "a"), (1, "b")]);
        script.follower(2, 1, 0, &[(1, "a")]);
        script.breaks("changes-heard", "entry 2 of term 1", |script| script.follower(2, 1, 0, &[(1, "a"), (1, "b")]));
    }

    #[test]
    fn a_follower_that_commits_what_its_leader_has_not_breaks_it() {
        let mut script = led();
        script.delivers(1, 2);
        script.follower(2, 1, 0, &[(1, "a")]);
        let what = "node 2 shows entry 1 as committed, and it has heard nobody who had shown more than 0 so";
        script.breaks("changes-heard", what, |script| script.follower(2, 1, 1, &[(1, "a")]));
    }

    #[test]
    fn so_does_a_candidate_that_takes_all_it_has_for_committed_when_it_wins() {
        let mut script = led();
        script.delivers(1, 2);
        script.follower(2, 1, 0, &[(1, "a")]);
        script.candidate(2, 2, &[(1, "a")]);
        script.delivers(3, 2);
        script.breaks("changes-heard", "entry 1 as committed", |script| script.leader(2, 2, 1, &[(1, "a")]));
    }

    #[test]
    fn a_snapshot_from_nowhere_breaks_it() {
        let mut script = led();
        script.delivers(2, 1);
        script.leader(1, 1, 1, &[(1, "a")]);
        let what = "node 2 shows entry 1 as committed";
        script.breaks("changes-heard", what, |script| script.follower_behind_snapshot(2, 1, 0, (1, 1), &[]));
    }

    #[test]
    fn one_step_after_the_other_on_one_message_does_not() {
        let mut script = led();
        script.delivers(2, 1);
        script.leader(1, 1, 1, &[(1, "a")]);
        script.delivers(1, 3);
        script.votes(3, 1, 1);
        script.follower(3, 1, 0, &[(1, "a")]);
        script.follower(3, 1, 1, &[(1, "a")]);
        script.follower_behind_snapshot(3, 1, 1, (1, 1), &[]); // its own
    }

    #[test]
    fn what_its_disk_gives_back_does_not_at_once_or_later() {
        let mut script = led();
        script.delivers(2, 1);
        script.leader(1, 1, 1, &[(1, "a")]);
        script.delivers(1, 2);
        script.follower(2, 1, 1, &[(1, "a")]);
        script.starts(2);
        script.follower(2, 2, 0, &[(1, "a")]);
        script.follower(2, 2, 1, &[(1, "a")]);
    }

    #[test]
    fn what_a_candidate_appended_that_led_between_two_views_does_not() {
        let mut script = Script::with_deliveries(3);
        script.candidate(1, 1, &[]);
        script.delivers(2, 1);
        script.follower(1, 2, 0, &[(1, "at the beginning of its term")]);
    }

    #[test]
    fn what_a_candidate_shows_of_another_term_does() {
        let mut script = Script::with_deliveries(3);
        script.candidate(1, 2, &[]);
        script.delivers(2, 1);
        script.breaks("changes-heard", "entry 1 of term 1", |script| script.follower(1, 3, 0, &[(1, "a")]));
    }

    #[test]
    fn what_it_appended_as_a_leader_does_not() {
        let mut script = led();
        script.leader(1, 1, 0, &[(1, "a"), (1, "b")]);
        script.follower(1, 2, 0, &[(1, "a"), (1, "b")]);
        script.follower(1, 2, 0, &[]);
        script.follower(1, 2, 0, &[(1, "a"), (1, "b")]);
    }
}
