//! Whom a leader counted when it committed an entry, as far as that can be told from what servers show: who broke the rule
//! is not always who comes back.

use super::holds;
use crate::contract::{LogIndex, Role, Term};
use crate::judge::{Seen, Server, ViewSeen};
use crate::observation::Persisted;
use windtunnel::NodeId;

/// How the last committed entry came to be committed, and where logs ended.
#[derive(Default)]
pub(super) struct Counting {
    /// How the last committed entry came to be so.
    commit: Option<Commit>,
    /// For each server, in order.
    ends: Vec<Ends>,
}

/// Where a server's log ended.
#[derive(Clone, Copy, Default)]
struct Ends {
    /// In its last view.
    shown: LogIndex,
    /// Before a restart that lost some of it: up to there it may have been counted for what it has no more.
    lost: LogIndex,
}

/// A leader has committed an entry, and so has counted a majority.
struct Commit {
    index: LogIndex,
    leader: NodeId,
    term: Term,
    /// Who had the entry then: whoever was counted is one of these.
    shown_by: Vec<Replica>,
}

/// A server's copy of an entry, and where the log on its disk ended when the entry was committed, if it has said so.
struct Replica {
    node: NodeId,
    on_disk_to: Option<LogIndex>,
}

impl Counting {
    /// Takes what a server shows.
    pub fn take(&mut self, seen: &Seen<'_>, view: &ViewSeen) {
        self.take_ends(seen, view);
        self.take_commit(seen, view);
    }

    /// Whom the leader that committed the entry at `index` must have counted of those that have lost it since; nothing if
    /// that is not certain.
    pub fn counted(&self, index: LogIndex, servers: usize, holders: &[NodeId]) -> Option<String> {
        self.commit.as_ref().filter(|commit| commit.index == index)?.counted(servers, holders)
    }

    fn take_ends(&mut self, seen: &Seen<'_>, view: &ViewSeen) {
        let place = seen.node.0 as usize - 1;
        if self.ends.len() <= place {
            self.ends.resize(place + 1, Ends::default());
        }
        let ends = &mut self.ends[place];
        if view.after_restart && view.now.last_index < ends.shown {
            ends.lost = ends.lost.max(ends.shown);
        }
        ends.shown = view.now.last_index;
    }

    fn take_commit(&mut self, seen: &Seen<'_>, view: &ViewSeen) {
        let index = seen.known.committed().last_index();
        let is_known = self.commit.as_ref().is_some_and(|commit| commit.index == index);
        let Some(entry) = seen.known.committed().get(index).filter(|_| view.news_of_commit && !is_known) else {
            return;
        };
        let may_have_been_counted = |(place, ends): (usize, &Ends)| {
            ends.lost >= index && !holds(seen.known.server(NodeId(place as u32 + 1)), index, entry)
        };
        if view.now.role != Role::Leader || self.ends.iter().enumerate().any(may_have_been_counted) {
            self.commit = None; // who was counted cannot be told
            return;
        }
        let copies = seen.known.servers().filter(|(_, server)| holds(server, index, entry));
        let shown_by = copies.map(|(node, server)| Replica { node, on_disk_to: on_disk_to(server) }).collect();
        self.commit = Some(Commit { index, leader: seen.node, term: view.now.term, shown_by });
    }
}

fn on_disk_to(server: &Server) -> Option<LogIndex> {
    match server.persisted.as_ref()?.1 {
        Persisted::Log { last_index, .. } => Some(last_index),
        Persisted::State { .. } => None,
    }
}

impl Commit {
    fn counted(&self, servers: usize, holders: &[NodeId]) -> Option<String> {
        let majority = servers / 2 + 1;
        let (kept, lost): (Vec<&Replica>, Vec<&Replica>) =
            self.shown_by.iter().partition(|copy| holders.contains(&copy.node));
        let missing = majority.checked_sub(kept.len()).filter(|missing| (1..=lost.len()).contains(missing))?;
        let name = |copy: &&Replica| {
            let who = if copy.node == self.leader { "itself".to_owned() } else { copy.node.to_string() };
            match copy.on_disk_to {
                Some(last) if last < self.index => format!("{who} (disk to {last})"),
                _ => who,
            }
        };
        let (own, others): (Vec<&Replica>, Vec<&Replica>) = lost.iter().partition(|copy| copy.node == self.leader);
        let lost: Vec<String> = own.iter().chain(&others).map(name).collect();
        let lost = if missing == lost.len() { lost.join(" and ") } else { lost.join(" or ") };
        Some(format!("{} led term {} and had counted {lost}", self.leader, self.term))
    }
}
