//! View honesty: what a server shows in its view is what it does. (The lab's contract)
//!
//! A step shows what it applies first and its view last, and no view if nothing has changed. So
//! applied entries wait for the view of their step, or for whatever is seen next, and are compared
//! with the log and the commitIndex that are shown then.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::{Digest, LogIndex, Term};
use crate::judge::{Known, Seen, What, entry_in_words};
use windtunnel::{EventNumber, NodeId};

/// The rule.
pub const RULE: Rule = Rule {
    name: "view-honesty",
    title: "View honesty",
    demands: "a server applies only what its view shows, as committed; it answers as the role that its view shows",
    source: "the lab's contract: view() shows term, vote, role, log and commitIndex as they are after the step",
    watches: Watches::Everything,
    make: || Box::new(ViewHonesty::default()),
};

/// What was applied and waits to be compared with a view.
#[derive(Default)]
struct ViewHonesty(Vec<Waiting>);

#[derive(Clone, Copy)]
struct Waiting {
    node: NodeId,
    event: EventNumber,
    index: LogIndex,
    term: Term,
    digest: Digest,
}

impl ViewHonesty {
    /// Compares what does not wait for a view of its own step any more.
    fn settle(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let view_came = |waiting: &Waiting| waiting.node == seen.node && seen.view().is_some();
        let shown_before = |waiting: &Waiting| seen.known.server(waiting.node).head.is_some();
        let due = |waiting: &Waiting| view_came(waiting) || (!same_step(waiting, seen) && shown_before(waiting));
        self.0.iter().filter(|waiting| due(waiting)).try_for_each(|waiting| compare(waiting, seen.known))?;
        self.0.retain(|waiting| !due(waiting));
        Ok(())
    }
}

fn same_step(waiting: &Waiting, seen: &Seen<'_>) -> bool {
    (waiting.node, waiting.event) == (seen.node, seen.moment.event)
}

fn compare(waiting: &Waiting, known: &Known) -> Result<(), Violation> {
    let Waiting { node, index, term, digest, .. } = *waiting;
    let server = known.server(node);
    let Some(head) = server.head else { return Ok(()) };
    if index > head.commit {
        let what = format!("{node} applied entry {index}, and its view shows commitIndex {}", head.commit);
        return Err(Violation::new(what, [node]));
    }
    match server.log.get(index) {
        Some(shown) if (shown.term, shown.digest) != (term, digest) => {
            let (applied, shown) =
                (entry_in_words(index, term, digest), entry_in_words(index, shown.term, shown.digest));
            Err(Violation::new(format!("{node} applied {applied}, and its view shows {shown}"), [node]))
        }
        _ => Ok(()),
    }
}

impl Invariant for ViewHonesty {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        // A restarted server applies its whole log in one step: nothing comes due between two of those entries.
        let goes_on =
            matches!(seen.what, What::Applied { .. }) && self.0.last().is_some_and(|last| same_step(last, seen));
        if !self.0.is_empty() && !goes_on {
            self.settle(seen)?;
        }
        match seen.what {
            What::Started => self.0.retain(|waiting| waiting.node != seen.node),
            What::Applied { entry, .. } => {
                let (index, term, digest) = (entry.index, entry.term, entry.digest);
                self.0.push(Waiting { node: seen.node, event: seen.moment.event, index, term, digest });
            }
            What::View(view) if view.now.commit > view.now.last_index => {
                let (commit, last) = (view.now.commit, view.now.last_index);
                let what = format!("{} shows commitIndex {commit} and a log that ends at {last}", seen.node);
                return Err(Violation::new(what, [seen.node]));
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn applying_above_the_commit_index_shown_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 1, 0, &[(1, "a")]);
        script.applies(1, 1, 1, "a");
        script.breaks("view-honesty", "applied entry 1, and its view shows commitIndex 0", |script| {
            script.follower(2, 1, 0, &[]);
        });
    }

    #[test]
    fn applying_another_command_than_the_one_shown_breaks_it() {
        let mut script = Script::of(3);
        script.follower(1, 1, 0, &[(1, "a")]);
        script.applies(1, 1, 1, "b");
        script.breaks("view-honesty", "node 1 applied entry 1 of term 1", |script| {
            script.same_step(|script| script.follower(1, 1, 1, &[(1, "a")]));
        });
    }

    #[test]
    fn a_commit_index_past_the_log_breaks_it() {
        let what = "node 1 shows commitIndex 2 and a log that ends at 1";
        Script::of(3).breaks("view-honesty", what, |script| script.follower(1, 1, 2, &[(1, "a")]));
    }

    #[test]
    fn a_view_that_leaves_a_hole_breaks_it() {
        let what = "its view says changed_from 4, and so far its log ends at 0";
        Script::of(3).breaks("view-honesty", what, |script| script.shows_hole(1));
    }

    #[test]
    fn an_observation_of_another_shape_breaks_it() {
        Script::of(3).breaks("view-honesty", "`raft.view` is none of the lab's", |script| script.shows_rubbish(1));
    }

    #[test]
    fn applying_before_the_view_of_the_same_step_does_not() {
        let mut script = Script::of(3);
        script.follower(1, 1, 0, &[(1, "a")]);
        script.applies(1, 1, 1, "a");
        script.same_step(|script| script.follower(1, 1, 1, &[(1, "a")]));
        script.follower(2, 1, 0, &[]);
    }
}
