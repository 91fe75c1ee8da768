//! What is known of all servers, from what they have shown so far.

use super::committed::Committed;
use super::heard::{Deliveries, Heard, Reach};
use super::seen::ViewSeen;
use super::shadow::{Shadow, ShadowFault};
use crate::contract::{Digest, LogIndex, Role, Term, View};
use crate::observation::{AppliedEntry, AppliedSnapshot, Persisted};
use std::cell::RefCell;
use std::collections::BTreeMap;
use windtunnel::world::Lifecycle;
use windtunnel::{Nanos, NodeId};

/// A view without its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// currentTerm.
    pub term: Term,
    /// votedFor.
    pub voted_for: Option<NodeId>,
    /// What it is in that term.
    pub role: Role,
    /// commitIndex.
    pub commit: LogIndex,
    /// The last entry of its log.
    pub last_index: LogIndex,
    /// The last entry that its snapshot covers; 0 without one.
    pub snapshot_index: LogIndex,
    /// The term that it says that entry has.
    pub snapshot_term: Term,
}

impl Head {
    /// How far that is; `last_term` is the term of the log's last entry.
    #[must_use]
    pub fn reach(&self, last_term: Term) -> Reach {
        Reach { committed: self.commit.max(self.snapshot_index), last: (last_term, self.last_index) }
    }
}

/// What is known of one server.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Whether its process runs, or is paused.
    pub running: bool,
    /// How often it was started.
    pub starts: u64,
    /// Its last view; none until this incarnation has shown one.
    pub head: Option<Head>,
    /// Its log.
    pub log: Shadow,
    /// The last entry that its state machine has.
    pub applied: LogIndex,
    /// The last entry that its disk gave back when it started, and that entry's term.
    pub restored: (LogIndex, Term),
    /// The commitIndex that its disk gave back at a restart: that of a snapshot.
    restored_commit: LogIndex,
    /// What it said last of its disk, since it started, and when.
    pub persisted: Option<(Nanos, Persisted)>,
    /// Whom it has heard since it started.
    pub heard: Heard,
    /// The furthest that it has ever shown, in any incarnation.
    reach: Reach,
    /// What the incarnation before this one showed last, until this one shows what its disk gave back.
    former: Option<Box<(Head, Shadow)>>,
}

/// Who applied an entry first, and what it was: all others must apply the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstApplied {
    /// Who.
    pub node: NodeId,
    /// The entry's term.
    pub term: Term,
    /// Its command.
    pub digest: Digest,
}

/// What is known of all servers.
#[derive(Clone, Debug, Default)]
pub struct Known {
    servers: Vec<Server>,
    deliveries: Deliveries,
    leaders: BTreeMap<Term, NodeId>,
    committed: Committed,
    applied: BTreeMap<LogIndex, FirstApplied>,
    /// The state machine's snapshots, as the tester handed them over.
    snapshots: RefCell<BTreeMap<LogIndex, Digest>>,
}

impl Known {
    /// So many servers that have shown nothing yet.
    #[must_use]
    pub fn of(nodes: u32) -> Self {
        Known { servers: vec![Server::default(); nodes as usize], ..Known::default() }
    }

    /// One of the servers.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn server(&self, node: NodeId) -> &Server {
        &self.servers[node.0 as usize - 1]
    }

    fn server_mut(&mut self, node: NodeId) -> &mut Server {
        &mut self.servers[node.0 as usize - 1]
    }

    /// All servers, in order.
    pub fn servers(&self) -> impl Iterator<Item = (NodeId, &Server)> {
        (1..).map(NodeId).zip(&self.servers)
    }

    /// How many messages servers were delivered from one another so far.
    #[must_use]
    pub const fn deliveries(&self) -> Deliveries {
        self.deliveries
    }

    /// Who led which term: the first one that was seen.
    #[must_use]
    pub const fn leaders(&self) -> &BTreeMap<Term, NodeId> {
        &self.leaders
    }

    /// What somebody has shown as committed.
    #[must_use]
    pub const fn committed(&self) -> &Committed {
        &self.committed
    }

    /// What the first one who applied `index` applied there.
    #[must_use]
    pub fn first_applied(&self, index: LogIndex) -> Option<&FirstApplied> {
        self.applied.get(&index)
    }

    /// Notes what a snapshot of everything up to `index` is.
    pub fn note_snapshot(&self, index: LogIndex, digest: Digest) {
        self.snapshots.borrow_mut().insert(index, digest);
    }

    /// What a snapshot of everything up to `index` is, if one was ever taken.
    #[must_use]
    pub fn snapshot(&self, index: LogIndex) -> Option<Digest> {
        self.snapshots.borrow().get(&index).copied()
    }

    /// How many servers run, or are paused.
    #[must_use]
    pub fn running(&self) -> usize {
        self.servers.iter().filter(|server| server.running).count()
    }

    /// How many servers have applied `index`.
    #[must_use]
    pub fn applied_count(&self, index: LogIndex) -> usize {
        self.servers.iter().filter(|server| server.running && server.applied >= index).count()
    }

    /// Whoever leads the highest term among those running servers.
    pub fn leader_among(&self, counts: impl Fn(NodeId) -> bool) -> Option<NodeId> {
        let leading = self.servers().filter_map(|(node, server)| Some((server.leads()?, node)));
        leading.filter(|(_, node)| counts(*node)).max().map(|(_, node)| node)
    }

    /// The highest term that any running server has seen.
    #[must_use]
    pub fn highest_term(&self) -> Term {
        let heads = self.servers.iter().filter(|server| server.running).filter_map(|server| server.head);
        heads.map(|head| head.term).max().unwrap_or_default()
    }

    pub(super) fn take_lifecycle(&mut self, node: NodeId, what: Lifecycle) {
        match what {
            Lifecycle::Started(_) => self.server_mut(node).start(),
            Lifecycle::Killed | Lifecycle::PowerLost | Lifecycle::Stopped => self.server_mut(node).running = false,
            Lifecycle::Paused | Lifecycle::Resumed => {}
        }
    }

    /// Only what passes between two servers counts: clients and the tester know nothing of logs.
    pub(super) fn take_delivery(&mut self, from: NodeId, to: NodeId) {
        let place = |node: NodeId| (node.0 as usize).wrapping_sub(1);
        let Some(reach) = self.servers.get(place(from)).map(|server| server.reach) else { return };
        if let Some(receiver) = self.servers.get_mut(place(to)).filter(|_| from != to) {
            self.deliveries = self.deliveries.next();
            receiver.heard.take(from, self.deliveries, reach);
        }
    }

    pub(super) fn take_view(&mut self, node: NodeId, change: &View) -> Result<ViewSeen, ShadowFault> {
        let server = &mut self.servers[node.0 as usize - 1];
        let log = server.log.take(change, &self.committed)?;
        let now = head(change);
        let before = server.head.replace(now);
        server.heard.may_know(server.reach); // its disk may hold all that it ever had
        server.reach.take(now.reach(server.log.last_term()));
        let after_restart = server.former.take().is_some();
        if before.is_none() {
            server.restored = (server.log.last_index(), server.log.last_term());
        }
        if after_restart {
            server.restored_commit = now.commit;
        }
        let news_of_commit = if now.commit <= server.restored_commit {
            self.committed.take_given_back(node, now.term, now.commit, &server.log)
        } else {
            self.committed.take(node, now.term, now.commit, &server.log)
        };
        if now.role == Role::Leader {
            self.leaders.entry(now.term).or_insert(node);
        }
        Ok(ViewSeen { before, after_restart, now, log, news_of_commit })
    }

    pub(super) fn take_persisted(&mut self, node: NodeId, at: Nanos, what: Persisted) {
        self.server_mut(node).persisted = Some((at, what));
    }

    pub(super) fn take_applied(&mut self, node: NodeId, entry: &AppliedEntry) -> LogIndex {
        let AppliedEntry { index, term, digest, .. } = *entry;
        self.applied.entry(index).or_insert(FirstApplied { node, term, digest });
        std::mem::replace(&mut self.server_mut(node).applied, index)
    }

    pub(super) fn take_snapshot(&mut self, node: NodeId, snapshot: &AppliedSnapshot) -> LogIndex {
        std::mem::replace(&mut self.server_mut(node).applied, snapshot.index)
    }
}

impl Server {
    fn start(&mut self) {
        let former = match self.head {
            Some(head) => Some(Box::new((head, std::mem::take(&mut self.log)))),
            None => self.former.take(),
        };
        *self = Server { running: true, starts: self.starts + 1, former, reach: self.reach, ..Server::default() };
    }

    /// What it showed last, in this incarnation or the one before. A server that is down may have lost some of it,
    /// and shows what it has when it starts.
    #[must_use]
    pub fn latest(&self) -> Option<(&Head, &Shadow)> {
        let former = || self.former.as_deref().map(|(head, log)| (head, log));
        self.head.as_ref().map(|head| (head, &self.log)).or_else(former)
    }

    /// The term that it leads, if it leads one.
    #[must_use]
    pub fn leads(&self) -> Option<Term> {
        self.head.filter(|head| self.running && head.role == Role::Leader).map(|head| head.term)
    }
}

pub(super) const fn head(view: &View) -> Head {
    let View { term, voted_for, role, commit, last_index, snapshot_index, snapshot_term, .. } = *view;
    Head { term, voted_for, role, commit, last_index, snapshot_index, snapshot_term }
}
