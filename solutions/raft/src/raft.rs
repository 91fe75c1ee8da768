//! The shell around the [`Core`]: timers, RPCs, disk. It moves bytes and holds no rule of Raft.
//!
//! One order is kept everywhere: tell the core, wait for the disk, and only then speak.

use crate::core::{Core, Unsaved};
use crate::journal::Journal;
use crate::messages::{AppendEntries, Appended, PreVote, RequestVote, Vote};
use crate::replicator::{self, Link};
use lab_raft::observation::Persisted;
use lab_raft::{AppliedStream, NotLeader, Proposed, Role, Status, Term, View, persisted};
use std::cell::{Cell, RefCell, RefMut};
use std::io;
use std::rc::Rc;
use windtunnel::sync::Notify;
use windtunnel::time::{self, Duration, Instant};
use windtunnel::{NodeId, net, node, rand, spawn};

/// How long a follower waits for a leader: drawn anew each time, so that seldom two servers stand
/// at once. (Section 5.2) The shortest wait is several heartbeats, the spread several round trips.
const ELECTION_TIMEOUT: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(800));

/// How long a candidate waits for a vote before it asks again. (Section 5.1: "Servers retry RPCs
/// if they do not receive a response in a timely manner")
const VOTE_DEADLINE: Duration = Duration::from_millis(100);

/// One server. Clones are the same server.
#[derive(Clone, Debug)]
pub struct Raft(Rc<Server>);

#[derive(Debug)]
struct Server {
    core: RefCell<Core>,
    applied: AppliedStream,
    /// One for each other server.
    links: Vec<Rc<Link>>,
    election: rand::Stream,
    /// When to stand for election unless somebody is heard before.
    election_deadline: Cell<Instant>,
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
        let (journal, recovered) = Journal::open().await?;
        let raft = Raft::new(Core::new(node::id(), node::peers(), recovered), applied);
        raft.changed();
        spawn(raft.clone().keep_journal(journal));
        spawn(raft.clone().watch_election_timer());
        for link in &raft.0.links {
            spawn(replicator::replicate(raft.clone(), link.clone()));
        }
        let server = raft.clone();
        net::serve(move |from, request| server.clone().request_vote(from, request));
        let server = raft.clone();
        net::serve(move |from, request| server.clone().append_entries(from, request));
        let server = raft.clone();
        net::serve(move |_, request| server.clone().pre_vote(request));
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

    fn view(&self) -> View {
        self.core().view()
    }
}

impl Raft {
    fn new(core: Core, applied: AppliedStream) -> Self {
        let links = core.peers().iter().map(|&peer| Rc::new(Link::to(peer))).collect();
        Raft(Rc::new(Server {
            core: RefCell::new(core),
            applied,
            links,
            election: rand::stream("election"),
            election_deadline: Cell::new(Instant::now()),
            records_taken: Cell::new(0),
            records_written: Cell::new(0),
            unsaved: Notify::new(),
            written: Notify::new(),
        }))
    }

    /// The rules. Never hold this across an `.await`.
    pub(crate) fn core(&self) -> RefMut<'_, Core> {
        self.0.core.borrow_mut()
    }

    /// Does what a change of the core calls for. Called after each.
    pub(crate) fn changed(&self) {
        let server = &*self.0;
        if self.core().take_heard() {
            let (shortest, longest) = ELECTION_TIMEOUT;
            server.election_deadline.set(Instant::now() + server.election.duration(shortest, longest));
        }
        if self.core().has_unsaved() {
            server.unsaved.notify_one();
        }
        // A statement of its own: the borrow ends before the state machine is called.
        let next = || self.core().next_to_apply();
        while let Some((index, entry)) = next() {
            server.applied.entry(index, entry.term, entry.command);
        }
        for link in &server.links {
            link.wake();
        }
    }

    /// Waits until everything the core holds now is on the disk.
    async fn persisted(&self) {
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
            let Some(Unsaved { record, last_index, last_term }) = unsaved else {
                self.0.unsaved.notified().await;
                continue;
            };
            self.0.records_taken.update(|taken| taken + 1);
            if let Err(error) = journal.append(&record).await {
                node::stop(format_args!("the journal cannot be written: {error}"));
            }
            self.0.records_written.update(|written| written + 1);
            persisted(&Persisted::Log {
                term: record.term,
                voted_for: record.voted_for,
                last_index,
                last_term,
                state_bytes: journal.bytes(),
                snapshot_bytes: 0,
            });
            self.core().saved(last_index, last_term);
            self.0.written.notify_waiters();
            self.changed();
        }
    }

    async fn request_vote(self, from: NodeId, request: RequestVote) -> Vote {
        let vote = self.core().handle_request_vote(from, &request);
        self.changed();
        self.persisted().await;
        vote
    }

    async fn pre_vote(self, request: PreVote) -> Vote {
        let vote = self.core().handle_pre_vote(&request);
        self.persisted().await; // the vote tells of a term
        vote
    }

    async fn append_entries(self, from: NodeId, request: AppendEntries) -> Appended {
        let appended = self.core().handle_append_entries(from, &request);
        self.changed();
        self.persisted().await;
        appended
    }

    async fn watch_election_timer(self) {
        loop {
            let deadline = self.0.election_deadline.get();
            if Instant::now() < deadline {
                time::sleep_until(deadline).await;
                continue;
            }
            self.core().election_timeout();
            self.changed();
            let request = self.core().pre_vote_request();
            match request {
                Some(request) => self.0.links.iter().for_each(|link| {
                    spawn(self.clone().ask_whether_to_stand(link.peer(), request));
                }),
                // Nobody to ask: a server alone stands at once.
                None => self.campaign_if_candidate(),
            }
        }
    }

    async fn ask_whether_to_stand(self, peer: NodeId, request: PreVote) {
        let asked = net::call(peer, request).timeout(VOTE_DEADLINE).await;
        let Ok(vote) = asked else { return };
        let before = self.status_now();
        self.core().handle_pre_voted(peer, request.term, &vote);
        self.changed();
        if before.role != Role::Candidate {
            self.campaign_if_candidate();
        }
    }

    fn campaign_if_candidate(&self) {
        let Status { term, role } = self.status_now();
        if role == Role::Candidate {
            spawn(self.clone().campaign(term));
        }
    }

    /// Asks everybody for a vote, once the candidacy is on the disk.
    async fn campaign(self, term: Term) {
        self.persisted().await;
        let request = self.core().vote_request(term);
        self.changed();
        let Some(request) = request else { return };
        for link in &self.0.links {
            spawn(self.clone().ask_for_vote(link.peer(), request));
        }
    }

    async fn ask_for_vote(self, peer: NodeId, request: RequestVote) {
        while self.stands_in(request.term) {
            let retry_at = Instant::now() + VOTE_DEADLINE;
            if let Ok(vote) = net::call(peer, request).timeout(VOTE_DEADLINE).await {
                self.core().handle_vote(peer, request.term, &vote);
                return self.changed();
            }
            time::sleep_until(retry_at).await;
        }
    }

    fn stands_in(&self, term: Term) -> bool {
        self.status_now() == Status { term, role: Role::Candidate }
    }

    fn status_now(&self) -> Status {
        self.core().status()
    }
}
