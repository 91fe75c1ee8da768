//! Majority of replicas: a log entry is committed once the leader that created it has replicated it on
//! a majority of the servers. (Raft, section 5.3; figure 2, matchIndex)
//!
//! A replica counts once its server's view has shown the entry, also if the server has restarted or
//! overwritten it since: a follower shows an entry in the step that appends it, before its reply goes
//! out. By log matching, which is checked before, index and term name an entry and all before it.

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::{LogIndex, Term};
use crate::judge::{Seen, ViewSeen};
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "majority-of-replicas",
    title: "Majority of replicas",
    demands: "an entry is committed only when a majority of all servers have it, or had it, in their logs",
    source: "Raft, sections 5.3 and 5.4.2: an entry is committed once its leader has replicated it on a majority of the servers",
    watches: Watches::Views,
    make: || Box::new(MajorityOfReplicas::default()),
};

#[derive(Default)]
struct MajorityOfReplicas {
    /// Up to there a commit was found to be right. Snapshots reach no further, so only what comes
    /// after it must be remembered.
    committed_to: LogIndex,
    /// Who has shown each entry behind that.
    shown_by: BTreeMap<(LogIndex, Term), BTreeSet<NodeId>>,
}

impl MajorityOfReplicas {
    fn take_log(&mut self, seen: &Seen<'_>, view: &ViewSeen) {
        let first_of_interest = view.log.first.max(self.committed_to.next());
        for (index, entry) in seen.server().log.entries_from(first_of_interest) {
            self.shown_by.entry((index, entry.term)).or_default().insert(seen.node);
        }
    }

    fn take_commit(&mut self, seen: &Seen<'_>, commit: LogIndex) -> Result<(), Violation> {
        let Some(term) = seen.server().log.term_at(commit).filter(|_| commit > self.committed_to) else {
            return Ok(());
        };
        let servers = seen.known.servers().count();
        let replicas = self.shown_by.get(&(commit, term));
        if replicas.is_some_and(|replicas| replicas.len() * 2 > servers) {
            self.committed_to = commit;
            self.shown_by = self.shown_by.split_off(&(commit.next(), Term::ZERO));
            return Ok(());
        }
        let words: Vec<String> = replicas.into_iter().flatten().map(NodeId::to_string).collect();
        let what = format!(
            "{} commits entry {commit} of term {term}, and of {servers} servers only {} ever showed that entry",
            seen.node,
            words.join(" and ")
        );
        Err(Violation::new(what, [seen.node]))
    }
}

impl Invariant for MajorityOfReplicas {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        self.take_log(seen, view);
        self.take_commit(seen, view.now.commit)
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    #[test]
    fn a_commit_without_a_majority_breaks_it() {
        let mut script = Script::with_majorities(5);
        script.follower(1, 2, 0, &[(2, "a")]);
        script.follower(2, 2, 0, &[(2, "a")]);
        let what = "node 1 commits entry 1 of term 2, and of 5 servers only node 1 and node 2 ever showed that entry";
        script.breaks("majority-of-replicas", what, |script| script.follower(1, 2, 1, &[(2, "a")]));
    }

    #[test]
    fn replicas_of_an_entry_of_another_term_do_not_help() {
        let mut script = Script::with_majorities(3);
        script.follower(2, 1, 0, &[(1, "a")]);
        script.follower(3, 1, 0, &[(1, "a")]);
        script.follower(1, 2, 0, &[(2, "a")]);
        script.breaks("majority-of-replicas", "only node 1 ever", |script| script.follower(1, 2, 1, &[(2, "a")]));
    }

    #[test]
    fn replicas_of_the_entry_before_do_not_help() {
        let mut script = Script::with_majorities(3);
        script.follower(2, 1, 0, &[(1, "a")]);
        script.follower(1, 1, 1, &[(1, "a"), (1, "b")]);
        script.breaks("majority-of-replicas", "commits entry 2 of term 1", |script| {
            script.follower(1, 1, 2, &[(1, "a"), (1, "b")]);
        });
    }

    #[test]
    fn a_majority_does_not_even_if_a_replica_is_gone_since() {
        let mut script = Script::with_majorities(5);
        script.follower(1, 2, 0, &[(2, "a"), (2, "b")]);
        script.follower(2, 2, 0, &[(2, "a"), (2, "b")]);
        script.starts(2);
        script.follower(3, 2, 0, &[(2, "a"), (2, "b")]);
        script.follower(3, 3, 0, &[(2, "a"), (3, "c")]);
        script.follower(1, 2, 2, &[(2, "a"), (2, "b")]);
    }

    #[test]
    fn who_hears_of_the_commit_later_does_not() {
        let mut script = Script::with_majorities(3);
        script.follower(2, 1, 0, &[(1, "a"), (1, "b")]);
        script.follower(1, 1, 2, &[(1, "a"), (1, "b")]);
        script.follower(3, 1, 1, &[(1, "a")]);
        script.starts(3);
        script.follower_behind_snapshot(3, 1, 2, (2, 1), &[]);
    }
}
