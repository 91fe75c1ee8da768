//! How far each server is with an entry that should have been applied, for a failure to show: a table of what the
//! servers are, where their logs end, and what is on their disks; and whose calls are worth counting.

use crate::contract::{Digest, LogIndex, Proposed};
use crate::judge::{Known, Server};
use crate::observation::Persisted;
use lab_harness::failed::{Calls, Evidence, Failed};
use windtunnel::{Nanos, NodeId};

/// A command that a leader took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// By whom.
    pub leader: NodeId,
    /// Where it stands there.
    pub proposed: Proposed,
    /// What it is.
    pub digest: Digest,
    /// When it was offered.
    pub at: Nanos,
}

/// What is to be said of all servers.
#[derive(Clone, Copy)]
pub(super) struct Standings<'a> {
    pub known: &'a Known,
    pub is_connected: &'a dyn Fn(NodeId) -> bool,
    /// The entry that should have been applied, if it came to one.
    pub index: Option<LogIndex>,
    /// Who took it, if that is known.
    pub taken: Option<Taken>,
}

impl Standings<'_> {
    /// Adds the table, and the calls of whoever leads to those who lack the entry.
    pub fn told_in(&self, failed: Failed) -> Failed {
        failed.with_evidence(Evidence { facts: self.table(), calls: self.calls() })
    }

    /// The column heads and a line for each server.
    fn table(&self) -> Vec<String> {
        let is_restarted = self.known.servers().any(|(_, server)| server.starts > 1);
        let entry = self.index.map(|index| format!("entry {index}"));
        let heads = ["".into(), "role, term".into()].into_iter().chain(entry);
        let heads = heads.chain(["log (term)".into()]);
        let heads = heads.chain(is_restarted.then(|| "began with".into())).chain(["on disk".into()]);
        let mut lines: Vec<Vec<String>> = vec![heads.collect()];
        for (node, server) in self.known.servers() {
            let entry = self.index.map(|index| self.of_entry(server, index).to_owned());
            let line = [node.to_string(), self.role(node, server)].into_iter().chain(entry).chain([log(server)]);
            let line = line.chain(is_restarted.then(|| began_with(server))).chain([on_disk(server)]);
            lines.push(line.collect());
        }
        in_columns(&lines)
    }

    fn role(&self, node: NodeId, server: &Server) -> String {
        let what = match server.head {
            _ if !server.running => return "down".to_owned(),
            None => "starting".to_owned(),
            Some(head) => format!("{} {}", head.role, head.term),
        };
        if (self.is_connected)(node) { what } else { format!("{what}, cut off") }
    }

    fn of_entry(&self, server: &Server, index: LogIndex) -> &'static str {
        let Some((head, log)) = server.latest() else { return "lacks it" };
        if head.snapshot_index >= index {
            return "in snapshot";
        }
        let of_the_command = |digest: Digest| match self.taken {
            Some(taken) => taken.digest == digest,
            None => self.known.first_applied(index).is_none_or(|first| first.digest == digest),
        };
        match log.get(index) {
            None => "lacks it",
            Some(entry) if !of_the_command(entry.digest) => "another one",
            Some(_) if server.applied >= index => "applied",
            Some(_) if head.commit >= index => "committed",
            Some(_) => "in its log",
        }
    }

    /// From whoever leads to those who run and lack the entry: since it was taken, if the same server leads still.
    fn calls(&self) -> Option<Calls> {
        let leader = self.known.leader_among(self.is_connected)?;
        let index = self.index?;
        let lacking = |(node, server): &(NodeId, &Server)| {
            let is_there =
                matches!(self.of_entry(server, index), "in its log" | "committed" | "applied" | "in snapshot");
            *node != leader && server.running && (self.is_connected)(*node) && !is_there
        };
        let to: Vec<NodeId> = self.known.servers().filter(lacking).map(|(node, _)| node).collect();
        let since = self.taken.map_or(Nanos::ZERO, |taken| taken.at);
        (!to.is_empty()).then_some(Calls { from: leader, to, since })
    }
}

/// Where the log begins and ends: `1..5 (2)`, `41..45 (3)` behind a snapshot, `snapshot 40 (3)`.
fn log(server: &Server) -> String {
    let Some((head, log)) = server.latest() else { return "-".to_owned() };
    let (last, term) = (head.last_index, log.last_term());
    match head.snapshot_index {
        LogIndex::ZERO if last == LogIndex::ZERO => "empty".to_owned(),
        snapshot if snapshot == last => format!("snapshot {last} ({term})"),
        snapshot => format!("{}..{last} ({term})", snapshot.next()),
    }
}

/// What its disk gave back when it started last.
fn began_with(server: &Server) -> String {
    match server.restored {
        _ if server.starts < 2 || server.head.is_none() => "-".to_owned(),
        (LogIndex::ZERO, _) => "nothing".to_owned(),
        (last, term) => format!("to {last} ({term})"),
    }
}

/// What it said of its disk since it started. [`Stable`](crate::Stable) knows that it saved, and not what.
fn on_disk(server: &Server) -> String {
    match &server.persisted {
        None => "no save yet".to_owned(),
        Some((at, Persisted::State { .. })) => format!("saved {at}"),
        Some((_, Persisted::Log { last_index, last_term, .. })) => format!("to {last_index} ({last_term})"),
    }
}

/// Two blanks between columns, and none at the end of a line.
fn in_columns(lines: &[Vec<String>]) -> Vec<String> {
    let count = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Term;
    use crate::invariants::Script;

    const LOG: &[(u64, &str)] = &[(1, "a"), (1, "b"), (2, "c")];

    fn told(script: &mut Script, cut_off: u32, index: u64) -> Failed {
        let is_connected = |node: NodeId| node.0 != cut_off;
        let proposed = Proposed { index: LogIndex(index), term: Term(2) };
        let taken = Taken { leader: NodeId(1), proposed, digest: Digest::of(b"c"), at: Nanos::from_millis(7) };
        let index = Some(proposed.index);
        let known = script.judge().known();
        Standings { known, is_connected: &is_connected, index, taken: Some(taken) }.told_in(Failed::new("a-rule", ""))
    }

    #[test]
    fn each_server_has_a_line_that_says_how_far_it_is() {
        let mut script = Script::of(5);
        script.follower(2, 2, 0, &LOG[..2]);
        script.follower(3, 2, 0, LOG);
        script.follower(4, 1, 0, &[(1, "a"), (1, "b"), (1, "x")]);
        script.leader(1, 2, 2, LOG);
        script.persists(1, 3, 2);
        script.persists(3, 2, 1);
        script.dies(5);
        let failed = told(&mut script, 4, 3);
        let table = [
            "        role, term           entry 3      log (term)  on disk",
            "node 1  leader 2             in its log   1..3 (2)    to 3 (2)",
            "node 2  follower 2           lacks it     1..2 (1)    no save yet",
            "node 3  follower 2           in its log   1..3 (2)    to 2 (1)",
            "node 4  follower 1, cut off  another one  1..3 (1)    no save yet",
            "node 5  down                 lacks it     -           no save yet",
        ];
        assert_eq!(failed.facts(), table);
        let calls = Calls { from: NodeId(1), to: vec![NodeId(2)], since: Nanos::from_millis(7) };
        assert_eq!(failed.calls(), Some(&calls), "who is down or cut off cannot be called");
    }

    #[test]
    fn what_a_restart_gave_back_has_a_column_if_there_was_one() {
        let mut script = Script::of(3);
        script.votes_with(2, 2, 1, LOG);
        script.starts(2);
        script.votes_with(2, 2, 1, &[]);
        script.starts(3);
        script.votes_with(3, 2, 1, &LOG[..2]);
        script.leader(1, 2, 0, LOG);
        let failed = told(&mut script, 0, 3);
        let table = [
            "        role, term  entry 3     log (term)  began with  on disk",
            "node 1  leader 2    in its log  1..3 (2)    -           no save yet",
            "node 2  follower 2  lacks it    empty       nothing     no save yet",
            "node 3  follower 2  lacks it    1..2 (1)    to 2 (1)    no save yet",
        ];
        assert_eq!(failed.facts(), table);
    }

    #[test]
    fn a_log_behind_a_snapshot_says_where_it_begins() {
        let mut script = Script::of(3);
        script.follower(2, 2, 2, LOG);
        script.leader(1, 2, 3, LOG);
        script.follower_behind_snapshot(3, 2, 3, (2, 1), &LOG[2..]);
        script.follower_behind_snapshot(2, 2, 3, (3, 2), &[]);
        let failed = told(&mut script, 0, 3);
        let cells = ["committed   1..3 (2)", "in snapshot  snapshot 3 (2)", "committed    3..3 (2)"];
        for (line, cell) in failed.facts()[1..].iter().zip(cells) {
            let squeezed = line.split_whitespace().collect::<Vec<_>>().join(" ");
            let cell = cell.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(squeezed.contains(&cell), "{line} does not say {cell}");
        }
        assert_eq!(failed.calls(), None, "nobody lacks it");
    }
}
