//! Servers whose messages are lost, doubled and late, whose disks lag, and who lose power: after
//! each step the safety properties of figure 3 must hold.

use super::super::{Answer, Question, Record, Snapshot, Unsaved};
use super::*;
use crate::messages::{InstallSnapshot, Installed};
use lab_raft::Status;
use std::collections::BTreeMap;
use std::rc::Rc;
use windtunnel::Seed;
use windtunnel::streams::{Purpose, Stream};

const SERVERS: u32 = 3;

enum Message {
    PreVote(PreVote),
    PreVoted { asked: Term, vote: Vote },
    RequestVote(RequestVote),
    Vote { asked: Term, vote: Vote },
    AppendEntries(AppendEntries, Sent),
    Appended(Sent, Appended),
    InstallSnapshot(InstallSnapshot, Sent),
    Installed(Sent, Installed),
}

struct Server {
    core: Core,
    disk: Vec<Unsaved>,
    writing: Option<Unsaved>,
    /// Replies and candidacies that wait for the disk, in order: how many records they need.
    waiting: Vec<(usize, Waiting)>,
    records_taken: usize,
}

enum Waiting {
    Reply(NodeId, Message),
    Campaign(Term),
}

#[derive(Default)]
struct Storm {
    servers: Vec<Server>,
    network: Vec<(NodeId, NodeId, Message)>,
    leaders: BTreeMap<Term, NodeId>,
    applied: Vec<Entry>,
    proposals: u8,
    snapshots_installed: usize,
    /// Reads that wait: who was asked, and how much was applied somewhere by then.
    reads: Vec<(usize, Question, usize)>,
    reads_answered: usize,
}

/// How long the state of the storm's state machine is: several pieces, since it is a piece for each
/// entry that it stands for.
fn state(index: u64, term: Term) -> Vec<u8> {
    let mut state = vec![index as u8; 40_000];
    state.extend(index.to_le_bytes());
    state.extend(term.0.to_le_bytes());
    state
}

impl Server {
    fn start(id: NodeId, mut disk: Vec<Unsaved>, snapshot: Option<Rc<Snapshot>>) -> Self {
        let mut recovered = Recovered::default();
        for unsaved in &disk {
            // The record behind a snapshot holds all that is left of the log.
            if let Some(snapshot) = &unsaved.snapshot {
                recovered.log = Log::behind(snapshot.index, snapshot.term);
                recovered.snapshot = Some(Snapshot::clone(snapshot));
            }
            recovered.replay(&unsaved.record);
        }
        // A start goes through with what was left half done.
        if let Some(snapshot) = snapshot {
            recovered.stand_on(Snapshot::clone(&snapshot));
            let Recovered { term, voted_for, log, .. } = &recovered;
            let (previous, entries) = (log.base(), log.from(log.base().next()).to_vec());
            let record = Record { term: *term, voted_for: *voted_for, previous, entries };
            let (last_index, last_term) = (log.last_index(), log.last_term());
            disk.push(Unsaved { snapshot: Some(snapshot), record, last_index, last_term });
        }
        let peers = (1..=SERVERS).map(NodeId).filter(|peer| *peer != id).collect();
        let records_taken = disk.len();
        Server { core: Core::new(id, peers, recovered), disk, writing: None, waiting: Vec::new(), records_taken }
    }

    fn when_saved(&mut self, waiting: Waiting) {
        let needed = self.records_taken + usize::from(self.core.has_unsaved());
        self.waiting.push((needed, waiting));
    }
}

impl Storm {
    fn new() -> Self {
        let servers = (1..=SERVERS).map(|id| Server::start(NodeId(id), Vec::new(), None)).collect();
        Storm { servers, ..Storm::default() }
    }

    fn step(&mut self, weather: &mut Stream) {
        let at = weather.below(u64::from(SERVERS)) as usize;
        let id = NodeId(at as u32 + 1);
        match weather.below(100) {
            0 => {
                self.servers[at].core.election_timeout();
                if let Some(request) = self.servers[at].core.pre_vote_request() {
                    for peer in self.servers[at].core.peers().to_vec() {
                        self.network.push((id, peer, Message::PreVote(request)));
                    }
                }
            }
            1..=6 => self.propose(at),
            7 => self.take_snapshot(at, weather),
            8..=9 => self.read(at),
            10..=24 => self.send_entries(at, id, weather.below(3) == 0),
            25..=54 => self.disk(at, id),
            55 => {
                // Power loss: what was being written is on the disk, or it is not, or of a snapshot and
                // the record behind it only the snapshot is.
                let torn = self.servers[at].writing.take();
                let mut disk = std::mem::take(&mut self.servers[at].disk);
                let snapshot = match weather.below(3) {
                    0 => torn.and_then(|torn| torn.snapshot),
                    1 => {
                        disk.extend(torn);
                        None
                    }
                    _ => None,
                };
                self.servers[at] = Server::start(id, disk, snapshot);
            }
            _ => self.deliver(weather),
        }
        self.check(at, id);
    }

    fn propose(&mut self, at: usize) {
        self.proposals = self.proposals.wrapping_add(1);
        let _ = self.servers[at].core.propose(vec![self.proposals]);
    }

    fn take_snapshot(&mut self, at: usize, weather: &mut Stream) {
        let core = &mut self.servers[at].core;
        let index = LogIndex(core.applied.0.saturating_sub(weather.below(4)));
        if let Some(term) = core.log.term_at(index) {
            core.take_snapshot(index, state(index.0, term));
        }
    }

    fn read(&mut self, at: usize) {
        if let Ok(question) = self.servers[at].core.ask_to_read() {
            self.reads.push((at, question, self.applied.len()));
        }
    }

    /// A heartbeat to everybody, or what is due.
    fn send_entries(&mut self, at: usize, id: NodeId, is_heartbeat: bool) {
        let core = &mut self.servers[at].core;
        for peer in core.peers().to_vec() {
            let heartbeat = if is_heartbeat { core.heartbeat(peer) } else { None };
            let due = std::iter::from_fn(|| core.due_request(peer));
            let message = |request| match request {
                Request::Append(request, sent) => Message::AppendEntries(request, sent),
                Request::Install(piece, sent) => Message::InstallSnapshot(piece, sent),
            };
            self.network.extend(heartbeat.into_iter().chain(due).map(|request| (id, peer, message(request))));
        }
    }

    /// Begins a write, or ends the one under way and lets go what waited for it.
    fn disk(&mut self, at: usize, id: NodeId) {
        let server = &mut self.servers[at];
        match server.writing.take() {
            None => {
                server.writing = server.core.take_unsaved();
                server.records_taken += usize::from(server.writing.is_some());
            }
            Some(unsaved) => {
                server.core.saved(&unsaved);
                server.disk.push(unsaved);
            }
        }
        let written = server.disk.len();
        let ready = server.waiting.extract_if(.., |(needed, _)| *needed <= written).collect::<Vec<_>>();
        for (_, waiting) in ready {
            match waiting {
                Waiting::Reply(to, reply) => self.network.push((id, to, reply)),
                Waiting::Campaign(term) => {
                    let Some(request) = server.core.vote_request(term) else { continue };
                    for peer in server.core.peers().to_vec() {
                        self.network.push((id, peer, Message::RequestVote(request)));
                    }
                }
            }
        }
    }

    /// One message in any order, now and then lost or left there to come again.
    fn deliver(&mut self, weather: &mut Stream) {
        let chosen = weather.below(self.network.len() as u64) as usize;
        let fate = weather.below(10);
        let contact = if weather.below(3) == 0 { Contact::Recent } else { Contact::Lost };
        if self.network.is_empty() {
            return;
        }
        let (from, to, message) = self.network.swap_remove(chosen);
        if fate == 0 {
            return;
        }
        let server = &mut self.servers[to.0 as usize - 1];
        match &message {
            Message::PreVote(request) => {
                let vote = server.core.handle_pre_vote(request, contact);
                server.when_saved(Waiting::Reply(from, Message::PreVoted { asked: request.term, vote }));
            }
            Message::PreVoted { asked, vote } => {
                let before = server.core.status();
                server.core.handle_pre_voted(from, *asked, vote);
                let Status { term, role } = server.core.status();
                if role == Role::Candidate && before.role != Role::Candidate {
                    server.when_saved(Waiting::Campaign(term));
                }
            }
            Message::RequestVote(request) => {
                let vote = server.core.handle_request_vote(from, request, contact);
                server.when_saved(Waiting::Reply(from, Message::Vote { asked: request.term, vote }));
            }
            Message::AppendEntries(request, sent) => {
                let appended = server.core.handle_append_entries(from, request);
                server.when_saved(Waiting::Reply(from, Message::Appended(*sent, appended)));
            }
            Message::InstallSnapshot(piece, sent) => {
                let installed = server.core.handle_install_snapshot(from, piece);
                server.when_saved(Waiting::Reply(from, Message::Installed(*sent, installed)));
            }
            Message::Installed(sent, installed) => server.core.handle_installed(from, *sent, installed),
            Message::Vote { asked, vote } => server.core.handle_vote(from, *asked, vote),
            Message::Appended(sent, appended) => server.core.handle_appended(from, *sent, appended),
        }
        if fate == 1 && self.network.len() < 200 {
            self.network.push((from, to, message));
        }
    }

    fn check(&mut self, at: usize, id: NodeId) {
        self.check_applied();
        self.check_reads();
        let view = self.servers[at].core.view();
        assert_eq!(view.check(), Ok(()));
        let core = &self.servers[at].core;
        if core.status().role != Role::Leader {
            return;
        }
        let elected = *self.leaders.entry(core.status().term).or_insert(id);
        assert_eq!(elected, id, "election safety in term {}", core.status().term);
        let newest = self.leaders.last_key_value().map(|(term, _)| *term);
        if newest == Some(core.status().term) {
            let behind_snapshot = self.applied.get(core.log.base().0 as usize..).unwrap_or_default();
            let held = core.log.from(LogIndex(1));
            assert!(held.starts_with(behind_snapshot), "leader completeness in term {}", core.status().term);
        }
    }

    fn check_applied(&mut self) {
        for server in &mut self.servers {
            while let Some(to_apply) = server.core.next_to_apply() {
                match to_apply {
                    ToApply::Snapshot(snapshot) => {
                        assert_eq!(snapshot.data, state(snapshot.index.0, snapshot.term), "it arrives whole");
                        let last = &self.applied[snapshot.index.0 as usize - 1];
                        assert_eq!(last.term, snapshot.term, "it stands for what was applied");
                        self.snapshots_installed += 1;
                    }
                    ToApply::Entry(index, entry) => match self.applied.get(index.0 as usize - 1) {
                        Some(known) => assert_eq!(*known, entry, "state machine safety at {index}"),
                        None => self.applied.push(entry),
                    },
                }
            }
        }
    }

    /// Whatever was applied anywhere before the question, the answer stands behind.
    fn check_reads(&mut self) {
        let (servers, answered) = (&self.servers, &mut self.reads_answered);
        self.reads.retain(|(at, question, applied)| match servers[*at].core.answer(question) {
            Answer::Read(index) => {
                assert!(index.0 as usize >= *applied, "a stale read: {index}, and {applied} were applied");
                *answered += 1;
                false
            }
            Answer::NotLeader(_) => false,
            Answer::Wait => true,
        });
    }
}

#[test]
fn figure_3_holds_in_any_storm() {
    let (mut elections, mut applied, mut installed, mut read) = (0, 0, 0, 0);
    for seed in 0..60 {
        let mut weather = Stream::keyed(Seed(seed), Purpose::Tester, [0, 0]);
        let mut storm = Storm::new();
        for _ in 0..6_000 {
            storm.step(&mut weather);
        }
        elections += storm.leaders.len();
        applied += storm.applied.len();
        installed += storm.snapshots_installed;
        read += storm.reads_answered;
    }
    // A storm in which nothing happens shows nothing.
    let counts = format!("{elections} leaders, {applied} applied, {installed} snapshots, {read} reads");
    assert!(elections > 500 && applied > 1_500 && installed > 100 && read > 100, "{counts}");
}
