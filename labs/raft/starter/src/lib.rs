//! A Raft of your own. It compiles, answers everything politely, and never leads.
//!
//! Follow figure 2 of the paper through the `TODO(you)` marks, part by part. The handout says in
//! which order: labs/raft/README.md.

mod messages;
mod state;

use lab_raft::{AppliedStream, Digest, LogIndex, NotLeader, Proposed, Stable, Status, Term, View};
use messages::{AppendEntries, Appended, RequestVote, Vote};
use state::{Persistent, Volatile};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use windtunnel::{NodeId, net, node};

/// One server. Clones are the same server.
#[derive(Clone, Debug)]
pub struct Raft(Rc<Server>);

#[derive(Debug)]
struct Server {
    /// Do not hold a borrow of these two across an `.await`.
    persistent: RefCell<Persistent>,
    volatile: RefCell<Volatile>,
    /// Holds `persistent` through a power loss.
    stable: Stable,
    /// Takes committed entries, in order, each once.
    applied: AppliedStream,
}

impl lab_raft::Raft for Raft {
    async fn start(applied: AppliedStream) -> io::Result<Self> {
        let stable = Stable::named("raft");
        let persistent = match stable.load().await? {
            Some(saved) => saved.state,
            None => Persistent::default(), // the first start
        };
        let volatile = RefCell::default();
        let raft = Raft(Rc::new(Server { persistent: RefCell::new(persistent), volatile, stable, applied }));
        let server = raft.clone();
        net::serve(move |from, request| server.clone().request_vote(from, request));
        let server = raft.clone();
        net::serve(move |from, request| server.clone().append_entries(from, request));
        // TODO(you): start the election timer: a task that waits for a time drawn from
        // windtunnel::rand::stream("election"), and stands for election unless somebody was
        // heard meanwhile. (Section 5.2)
        Ok(raft)
    }

    fn propose(&self, _command: Vec<u8>) -> Result<Proposed, NotLeader> {
        // TODO(you): a leader appends the command to its log, wakes the tasks that send it to the
        // followers, and returns at once. (Figure 2, "Rules for Servers": Leaders)
        Err(NotLeader { hint: self.0.volatile.borrow().leader })
    }

    fn status(&self) -> Status {
        Status { term: self.term(), role: self.0.volatile.borrow().role }
    }

    /// The whole log every time: simple, and fast enough for every part.
    fn view(&self) -> View {
        let persistent = self.0.persistent.borrow();
        let volatile = self.0.volatile.borrow();
        View {
            term: persistent.term,
            voted_for: persistent.voted_for,
            role: volatile.role,
            commit: volatile.commit,
            last_index: LogIndex::ZERO.plus(persistent.log.len()),
            changed_from: LogIndex(1),
            changed: persistent.log.iter().map(|entry| (entry.term, Digest::of(&entry.command))).collect(),
            ..View::default()
        }
    }
}

impl Raft {
    fn term(&self) -> Term {
        self.0.persistent.borrow().term
    }

    /// Figure 2, "RequestVote RPC: Receiver implementation".
    async fn request_vote(self, _from: NodeId, request: RequestVote) -> Vote {
        self.observe_term(request.term);
        // TODO(you): grant the vote if this server has not voted for another in this term and the
        // candidate's log is at least as up-to-date; a vote granted sets the election timer anew.
        let vote = Vote { term: self.term(), granted: false }; // as it is now: another request may change it meanwhile
        self.save().await;
        vote
    }

    /// Figure 2, "AppendEntries RPC: Receiver implementation".
    async fn append_entries(self, from: NodeId, request: AppendEntries) -> Appended {
        self.observe_term(request.term);
        if request.term == self.term() {
            self.0.volatile.borrow_mut().leader = Some(from);
        }
        // TODO(you): steps 1 to 5; hearing from the leader sets the election timer anew.
        let appended = Appended { term: self.term(), success: false };
        self.save().await;
        self.apply();
        appended
    }

    /// "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
    /// follower." (Figure 2, All Servers)
    fn observe_term(&self, term: Term) {
        let mut persistent = self.0.persistent.borrow_mut();
        if term > persistent.term {
            persistent.term = term;
            persistent.voted_for = None;
            let mut volatile = self.0.volatile.borrow_mut();
            *volatile = Volatile { commit: volatile.commit, ..Volatile::default() };
        }
    }

    /// Figure 2: "updated on stable storage before responding to RPCs". Await it before you answer,
    /// and before a candidate asks for votes.
    ///
    /// After an error nobody knows what is on the disk: the server stops for good, and its tasks with it.
    async fn save(&self) {
        // A statement of its own, so that the borrow ends before the `.await`.
        let saving = self.0.stable.save(&*self.0.persistent.borrow(), b"");
        if let Err(error) = saving.await {
            node::stop(format_args!("the state cannot be saved: {error}"));
        }
    }

    /// "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state
    /// machine." (Figure 2, All Servers)
    fn apply(&self) {
        let _ = &self.0.applied;
        // TODO(you): hand over what is committed: self.0.applied.entry(index, term, command)
    }
}
