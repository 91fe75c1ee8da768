//! Servers whose messages are lost, doubled and late, whose disks lag, and who lose power: after
//! each step the safety properties of figure 3 must hold.

use super::super::Unsaved;
use super::*;
use lab_raft::Status;
use std::collections::BTreeMap;
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
}

impl Server {
    fn start(id: NodeId, disk: Vec<Unsaved>) -> Self {
        let mut recovered = Recovered::default();
        disk.iter().for_each(|unsaved| recovered.replay(&unsaved.record));
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
        let servers = (1..=SERVERS).map(|id| Server::start(NodeId(id), Vec::new())).collect();
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
            1..=9 => self.propose(at),
            10..=24 => self.send_entries(at, id),
            25..=54 => self.disk(at, id),
            55 => {
                // Power loss: the record that was being written is on the disk, or it is not.
                let torn = self.servers[at].writing.take().filter(|_| weather.below(2) == 0);
                let mut disk = std::mem::take(&mut self.servers[at].disk);
                disk.extend(torn);
                self.servers[at] = Server::start(id, disk);
            }
            _ => self.deliver(weather),
        }
        self.check(at, id);
    }

    fn propose(&mut self, at: usize) {
        self.proposals = self.proposals.wrapping_add(1);
        let _ = self.servers[at].core.propose(vec![self.proposals]);
    }

    fn send_entries(&mut self, at: usize, id: NodeId) {
        for peer in self.servers[at].core.peers().to_vec() {
            if let Some((request, sent)) = self.servers[at].core.append_for(peer) {
                self.network.push((id, peer, Message::AppendEntries(request, sent)));
            }
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
                server.core.saved(unsaved.last_index, unsaved.last_term);
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
                let vote = server.core.handle_pre_vote(request);
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
                let vote = server.core.handle_request_vote(from, request);
                server.when_saved(Waiting::Reply(from, Message::Vote { asked: request.term, vote }));
            }
            Message::AppendEntries(request, sent) => {
                let appended = server.core.handle_append_entries(from, request);
                server.when_saved(Waiting::Reply(from, Message::Appended(*sent, appended)));
            }
            Message::Vote { asked, vote } => server.core.handle_vote(from, *asked, vote),
            Message::Appended(sent, appended) => server.core.handle_appended(from, *sent, appended),
        }
        if fate == 1 && self.network.len() < 200 {
            self.network.push((from, to, message));
        }
    }

    fn check(&mut self, at: usize, id: NodeId) {
        for server in &mut self.servers {
            while let Some((index, entry)) = server.core.next_to_apply() {
                match self.applied.get(index.0 as usize - 1) {
                    Some(known) => assert_eq!(*known, entry, "state machine safety at {index}"),
                    None => self.applied.push(entry),
                }
            }
        }
        let core = &self.servers[at].core;
        if core.status().role != Role::Leader {
            return;
        }
        let elected = *self.leaders.entry(core.status().term).or_insert(id);
        assert_eq!(elected, id, "election safety in term {}", core.status().term);
        let newest = self.leaders.last_key_value().map(|(term, _)| *term);
        if newest == Some(core.status().term) {
            let held = core.log.from(LogIndex(1));
            assert!(held.starts_with(&self.applied), "leader completeness in term {}", core.status().term);
        }
    }
}

#[test]
fn figure_3_holds_in_any_storm() {
    let (mut elections, mut applied) = (0, 0);
    for seed in 0..60 {
        let mut weather = Stream::keyed(Seed(seed), Purpose::Tester, [0, 0]);
        let mut storm = Storm::new();
        for _ in 0..4_000 {
            storm.step(&mut weather);
        }
        elections += storm.leaders.len();
        applied += storm.applied.len();
    }
    // A storm in which nothing happens shows nothing.
    assert!(elections > 500 && applied > 1_500, "{elections} leaders, {applied} entries applied");
}
