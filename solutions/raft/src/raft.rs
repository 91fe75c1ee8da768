//! The shell around the [`Core`]: timers, RPCs, disk. It moves bytes and holds no rule of Raft.
//!
//! One order is kept everywhere: tell the core, wait for the disk, and only then speak. Elections,
//! replication and reads have a file each: `elector`, `replicator`, `reader`.

use crate::core::{Contact, Core, Heard, ToApply, Unsaved};
use crate::journal::Journal;
use crate::messages::{AppendEntries, Appended, InstallSnapshot, Installed, PreVote, RequestVote, Vote};
use crate::replicator::Link;
use crate::{elector, reader, replicator};
use lab_raft::observation::Persisted;
use lab_raft::{AppliedStream, BarrierError, LogIndex, NotLeader, Proposed, Status, View, persisted};
use std::cell::{Cell, RefCell, RefMut};
use std::io;
use std::rc::Rc;
use windtunnel::sync::Notify;
use windtunnel::time::Instant;
use windtunnel::{NodeId, net, node, rand, spawn};

/// One server. Clones are the same server.
#[derive(Clone, Debug)]
pub struct Raft(Rc<Server>);

#[derive(Debug)]
pub(crate) struct Server {
    core: RefCell<Core>,
    applied: AppliedStream,
    /// One for each other server.
    pub links: Vec<Link>,
    pub election: rand::Stream,
    /// When to stand for election unless somebody is heard before.
    pub election_deadline: Cell<Instant>,
    /// When a leader was last heard.
    leader_heard: Cell<Option<Instant>>,
    /// This server has become leader.
    pub elected: Notify,
    /// Something has come of reads that wait.
    pub reads: Notify,
    pub reads_waiting: Cell<u64>,
    /// Records that were taken from the core, and how many of them are on the disk.
    records_taken: Cell<u64>,
    records_written: Cell<u64>,
    /// There is something to write.
    unsaved: Notify,
    /// A record has reached the disk.
    written: Notify,
}

impl lab_raft::Raft for Raft {
    async fn start(applied: AppliedStream) -> io::Result<Self> {
        let (journal, recovered) = Journal::open(node::id()).await?;
        let raft = Raft::new(Core::new(node::id(), node::peers(), recovered), applied);
        raft.changed();
        spawn(raft.clone().keep_journal(journal));
        spawn(elector::watch_election_timer(raft.clone()));
        spawn(replicator::keep_in_touch(raft.clone()));
        raft.serve();
        Ok(raft)
    }

    fn propose(&self, command: Vec<u8>) -> Result<Proposed, NotLeader> {
        let proposed = self.core().propose(command)?;
        self.changed();
        Ok(proposed)
    }

    fn status(&self) -> Status {
        self.core().status()
    }

    fn snapshot(&self, index: LogIndex, data: Vec<u8>) {
        self.core().take_snapshot(index, data);
        self.changed();
    }

    async fn read_barrier(&self) -> Result<LogIndex, BarrierError> {
        reader::read_barrier(self).await
    }

    fn view(&self) -> View {
        self.core().view()
    }
}

impl Raft {
    fn new(core: Core, applied: AppliedStream) -> Self {
        let links = core.peers().iter().map(|&peer| Link::to(peer)).collect();
        Raft(Rc::new(Server {
            core: RefCell::new(core),
            applied,
            links,
            election: rand::stream("election"),
            election_deadline: Cell::new(Instant::now()),
            leader_heard: Cell::new(None),
            elected: Notify::new(),
            reads: Notify::new(),
            reads_waiting: Cell::new(0),
            records_taken: Cell::new(0),
            records_written: Cell::new(0),
            unsaved: Notify::new(),
            written: Notify::new(),
        }))
    }

    fn serve(&self) {
        let server = self.clone();
        net::serve(move |from, request| server.clone().request_vote(from, request));
        let server = self.clone();
        net::serve(move |_, request| server.clone().pre_vote(request));
        let server = self.clone();
        net::serve(move |from, request| server.clone().append_entries(from, request));
        let server = self.clone();
        net::serve(move |from, request| server.clone().install_snapshot(from, request));
    }

    /// The rules. Never hold this across an `.await`.
    pub(crate) fn core(&self) -> RefMut<'_, Core> {
        self.0.core.borrow_mut()
    }

    /// What the rules do not need to know.
    pub(crate) fn server(&self) -> &Server {
        &self.0
    }

    /// Does what a change of the core calls for. Called after each.
    pub(crate) fn changed(&self) {
        let server = &*self.0;
        if let Some(heard) = self.core().take_heard() {
            server.election_deadline.set(elector::next_deadline(server));
            if heard == Heard::Leader {
                server.leader_heard.set(Some(Instant::now()));
            }
        }
        if self.core().has_unsaved() {
            server.unsaved.notify_one();
        }
        // A statement of its own: the borrow ends before the state machine is called.
        let next = || self.core().next_to_apply();
        while let Some(to_apply) = next() {
            match to_apply {
                ToApply::Entry(index, entry) => server.applied.entry(index, entry.term, entry.command),
                ToApply::Snapshot(new) => server.applied.snapshot(new.index, new.term, new.data.clone()),
            }
        }
        replicator::send_what_is_due(self);
        if server.reads_waiting.get() > 0 {
            server.reads.notify_waiters();
        }
    }

    /// Waits until everything the core holds now is on the disk.
    pub(crate) async fn persisted(&self) {
        let server = &*self.0;
        let awaited = server.records_taken.get() + u64::from(self.core().has_unsaved());
        while server.records_written.get() < awaited {
            server.written.notified().await;
        }
    }

    /// Writes record after record. What changes while one is written goes into the next one, so
    /// that one sync serves many requests.
    async fn keep_journal(self, mut journal: Journal) {
        loop {
            let unsaved = self.core().take_unsaved();
            let Some(unsaved) = unsaved else {
                self.0.unsaved.notified().await;
                continue;
            };
            self.0.records_taken.update(|taken| taken + 1);
            if let Err(error) = journal.save(&unsaved).await {
                node::stop(error);
            }
            self.0.records_written.update(|written| written + 1);
            report(&unsaved, &journal);
            self.core().saved(&unsaved);
            self.0.written.notify_waiters();
            self.changed();
        }
    }

    /// Whether a leader was heard so lately that nobody should stand for election yet.
    fn contact(&self) -> Contact {
        match self.0.leader_heard.get() {
            Some(heard) if Instant::now() < heard + elector::SHORTEST_TIMEOUT => Contact::Recent,
            _ => Contact::Lost,
        }
    }

    async fn request_vote(self, from: NodeId, request: RequestVote) -> Vote {
        let contact = self.contact();
        let vote = self.core().handle_request_vote(from, &request, contact);
        self.changed();
        self.persisted().await;
        vote
    }

    async fn pre_vote(self, request: PreVote) -> Vote {
        let contact = self.contact();
        let vote = self.core().handle_pre_vote(&request, contact);
        self.persisted().await; // the vote tells of a term
        vote
    }

    async fn append_entries(self, from: NodeId, request: AppendEntries) -> Appended {
        let appended = self.core().handle_append_entries(from, &request);
        self.changed();
        self.persisted().await;
        appended
    }

    async fn install_snapshot(self, from: NodeId, request: InstallSnapshot) -> Installed {
        let installed = self.core().handle_install_snapshot(from, &request);
        self.changed();
        self.persisted().await;
        installed
    }
}

/// Tells the oracle what is on the disk now.
fn report(unsaved: &Unsaved, journal: &Journal) {
    let Unsaved { record, last_index, last_term, .. } = unsaved;
    persisted(&Persisted::Log {
        term: record.term,
        voted_for: record.voted_for,
        last_index: *last_index,
        last_term: *last_term,
        state_bytes: journal.bytes(),
        snapshot_bytes: journal.snapshot_bytes(),
    });
}
