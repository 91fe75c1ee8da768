//! Durable entries: what is committed survives any restart. (Raft, figure 2 and section 5.3)
//!
//! Looked at when a server comes back: the last committed entry, and with it all before it, must still be
//! in the log or snapshot of a majority of all servers. Those that are down count with what they showed
//! last, also those that stay down for good; the others are looked at when they come back.

mod counted;

use super::{Invariant, Rule, Violation, Watches};
use crate::contract::LogIndex;
use crate::judge::{CommittedEntry, Seen, Server};
use counted::Counting;
use windtunnel::NodeId;

/// The rule.
pub const RULE: Rule = Rule {
    name: "durable-entries",
    title: "Durable entries",
    demands: "after a restart, every committed entry is still in the log or snapshot of a majority",
    source: "Raft, figure 2 and section 5.3: log entries are on stable storage before a server responds",
    watches: Watches::Views,
    make: || Box::new(DurableEntries::default()),
};

#[derive(Default)]
struct DurableEntries {
    counting: Counting,
}

fn holds(server: &Server, index: LogIndex, entry: &CommittedEntry) -> bool {
    server.latest().is_some_and(|(_, log)| log.holds(index, entry.chain))
}

impl Invariant for DurableEntries {
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Some(view) = seen.view() else { return Ok(()) };
        self.counting.take(seen, view);
        if !view.after_restart {
            return Ok(());
        }
        let last = seen.known.committed().last_index();
        let Some(entry) = seen.known.committed().get(last) else { return Ok(()) };
        let CommittedEntry { term, shown_by, .. } = entry;
        let servers = seen.known.servers().count();
        let holders = seen.known.servers().filter(|(_, server)| holds(server, last, entry));
        let holders: Vec<NodeId> = holders.map(|(node, _)| node).collect();
        if holders.len() * 2 > servers {
            return Ok(());
        }
        let log = &seen.server().log;
        let counted = self.counting.counted(last, servers, &holders);
        let what = format!(
            "{} comes back with a log that ends at entry {} of term {}; {shown_by} showed entry {last} of term {term} \
             as committed, and {}{}",
            seen.node,
            log.last_index(),
            log.last_term(),
            who_has_it(servers, &holders),
            counted.map(|counted| format!("; {counted}")).unwrap_or_default()
        );
        Err(Violation::new(what, [seen.node, *shown_by]))
    }
}

fn who_has_it(servers: usize, holders: &[NodeId]) -> String {
    match holders {
        [] => "nobody has it any more".to_owned(),
        [one] => format!("of {servers} servers only {one} still has it"),
        several => {
            let several: Vec<String> = several.iter().map(ToString::to_string).collect();
            format!("of {servers} servers only {} still have it", several.join(" and "))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::script::Script;

    const LOG: &[(u64, &str)] = &[(1, "a"), (1, "b")];

    fn committed_by_two_of_three() -> Script {
        let mut script = Script::of(3);
        script.follower(3, 1, 0, &[]);
        script.votes_with(2, 1, 1, LOG);
        script.leader(1, 1, 2, LOG);
        script
    }

    #[test]
    fn a_committed_entry_that_only_a_minority_still_has_breaks_it() {
        let mut script = committed_by_two_of_three();
        script.dies(2);
        script.starts(2);
        let what = "node 2 comes back with a log that ends at entry 1 of term 1; node 1 showed entry 2 of term 1 as \
                    committed, and of 3 servers only node 1 still has it";
        script.breaks("durable-entries", what, |script| script.votes_with(2, 1, 1, &LOG[..1]));
    }

    #[test]
    fn a_leader_that_counted_itself_too_early_is_named() {
        let mut script = Script::of(3);
        script.votes_with(2, 1, 1, LOG);
        script.persists(2, 2, 1);
        script.leader(1, 1, 1, LOG);
        script.persists(1, 1, 1);
        script.leader(1, 1, 2, LOG);
        script.starts(1);
        let what = "only node 2 still has it; node 1 led term 1 and had counted itself (disk to 1)";
        script.breaks("durable-entries", what, |script| script.votes_with(1, 1, 1, &LOG[..1]));
    }

    #[test]
    fn a_server_whose_answer_was_counted_too_early_is_named() {
        let mut script = committed_by_two_of_three();
        script.starts(2);
        let what = "only node 1 still has it; node 1 led term 1 and had counted node 2";
        script.breaks("durable-entries", what, |script| script.votes_with(2, 1, 1, &LOG[..1]));
    }

    /// All three had it, and two were counted: one of the two that lost it was, or both.
    #[test]
    fn where_one_of_two_was_counted_neither_is_accused_alone() {
        let mut script = Script::of(3);
        script.follower(2, 1, 0, LOG);
        script.follower(3, 1, 0, LOG);
        script.leader(1, 1, 2, LOG);
        script.starts(3);
        script.votes_with(3, 1, 1, &LOG[..1]);
        script.starts(1);
        let what = "only node 2 still has it; node 1 led term 1 and had counted itself or node 3";
        script.breaks("durable-entries", what, |script| script.votes_with(1, 1, 1, &LOG[..1]));
    }

    /// Node 2 may have answered before it lost the entry: then node 3 was not counted.
    #[test]
    fn nobody_is_accused_where_another_one_may_have_been_counted() {
        let mut script = Script::of(3);
        script.follower(2, 1, 0, LOG);
        script.follower(3, 1, 0, LOG);
        script.starts(2);
        script.votes_with(2, 1, 1, &LOG[..1]);
        script.leader(1, 1, 2, LOG);
        script.starts(3);
        script.breaks("durable-entries", "only node 1 still has it.", |script| script.votes_with(3, 1, 1, &LOG[..1]));
    }

    #[test]
    fn a_server_that_comes_back_with_it_does_not_make_up_for_a_majority_that_has_not() {
        let mut script = Script::of(3);
        script.follower(1, 5, 1, &[(5, "a")]);
        script.starts(1);
        script.breaks("durable-entries", "of 3 servers only node 1 still has it", |script| {
            script.follower(1, 5, 0, &[(5, "a")]);
        });
    }

    #[test]
    fn another_entry_in_its_place_breaks_it() {
        let mut script = committed_by_two_of_three();
        script.starts(2);
        script.breaks("durable-entries", "ends at entry 2 of term 2", |script| {
            script.follower(2, 2, 0, &[(1, "a"), (2, "x")]);
        });
    }

    #[test]
    fn entries_that_were_not_committed_may_be_gone() {
        let mut script = Script::of(3);
        script.votes_with(2, 1, 1, LOG);
        script.leader(1, 1, 1, LOG);
        script.starts(2);
        script.votes_with(2, 1, 1, &LOG[..1]);
    }

    #[test]
    fn a_snapshot_holds_what_it_covers() {
        let mut script = committed_by_two_of_three();
        script.votes_with(3, 1, 1, &[]);
        script.starts(2);
        script.follower_behind_snapshot(2, 1, 2, (2, 1), &[]);
    }

    #[test]
    fn another_majority_that_has_it_is_enough() {
        let mut script = committed_by_two_of_three();
        script.votes_with(3, 1, 1, LOG);
        script.starts(2);
        script.votes_with(2, 1, 1, &[]);
    }
}
