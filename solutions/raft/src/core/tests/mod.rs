//! Tests of the rules, named for the sections of the paper that they come from.

mod commitment;
mod durability;
mod elections;
mod far_apart;
mod pipelining;
mod pre_votes;
mod quorums;
mod reads;
mod replication;
mod snapshots;
mod storm;

use super::log::Log;
use super::{Contact, Core, Heard, Recovered, Request, Sent, ToApply};
use crate::messages::{AppendEntries, Appended, Entry, Outcome, PreVote, RequestVote, Vote};
use lab_raft::{LogIndex, Role, Term};
use windtunnel::NodeId;

const ONE: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);
const THREE: NodeId = NodeId(3);

/// An entry for each term, with a command that tells it apart.
fn entries(terms: &[u64]) -> Vec<Entry> {
    terms.iter().map(|&term| Entry { term: Term(term), command: vec![term as u8] }).collect()
}

fn log(terms: &[u64]) -> Log {
    Log::of(entries(terms))
}

/// Server `id` of `count`, restarted in `term` with a log of entries of these terms.
fn server(id: NodeId, count: u32, term: u64, log_terms: &[u64]) -> Core {
    let peers = (1..=count).map(NodeId).filter(|peer| *peer != id).collect();
    Core::new(id, peers, Recovered { term: Term(term), log: log(log_terms), ..Recovered::default() })
}

/// Server 1 of `count`, leader of `term`, with a log of entries of these terms on its disk.
fn leader(count: u32, term: u64, log_terms: &[u64]) -> Core {
    let mut core = server(ONE, count, term - 1, log_terms);
    core.stand_for_election();
    save(&mut core);
    core.vote_request(Term(term)).unwrap();
    for voter in 2..=count {
        core.handle_vote(NodeId(voter), Term(term), &Vote { term: Term(term), granted: true });
    }
    assert_eq!(core.status().role, Role::Leader);
    core
}

/// Everything reaches the disk.
fn save(core: &mut Core) {
    while let Some(unsaved) = core.take_unsaved() {
        core.saved(&unsaved);
    }
}

fn asks(term: u64, last_index: u64, last_term: u64) -> RequestVote {
    RequestVote { term: Term(term), last_index: LogIndex(last_index), last_term: Term(last_term) }
}

fn appends(term: u64, previous: (u64, u64), terms: &[u64], commit: u64) -> AppendEntries {
    let (previous_index, previous_term) = (LogIndex(previous.0), Term(previous.1));
    AppendEntries { term: Term(term), previous_index, previous_term, entries: entries(terms), commit: LogIndex(commit) }
}

fn matched(term: u64) -> Appended {
    Appended { term: Term(term), outcome: Outcome::Matched }
}

fn conflict(term: u64, conflicting: Option<u64>, first_index: u64) -> Appended {
    let outcome = Outcome::Conflict { term: conflicting.map(Term), first_index: LogIndex(first_index) };
    Appended { term: Term(term), outcome }
}

/// The terms of the log's entries.
fn terms(core: &Core) -> Vec<u64> {
    core.log.from(LogIndex(1)).iter().map(|entry| entry.term.0).collect()
}

/// What a leader sends when a heartbeat is due.
fn append_for(core: &mut Core, peer: NodeId) -> (AppendEntries, Sent) {
    match core.heartbeat(peer) {
        Some(Request::Append(request, sent)) => (request, sent),
        other => panic!("neither entries nor a heartbeat: {other:?}"),
    }
}

/// What a leader sends now, without waiting for a heartbeat: previous entry and number of entries.
fn due_for(core: &mut Core, peer: NodeId) -> Option<((u64, usize), Sent)> {
    core.due_request(peer).map(|request| match request {
        Request::Append(request, sent) => ((request.previous_index.0, request.entries.len()), sent),
        Request::Install(..) => panic!("a piece of a snapshot"),
    })
}

/// What a leader would send now: previous entry and number of entries.
fn sends(core: &Core, peer: NodeId) -> (u64, usize) {
    let (request, _) = core.append(core.follower(peer).unwrap());
    (request.previous_index.0, request.entries.len())
}

/// The index of the next entry for the state machine.
fn applies(core: &mut Core) -> Option<u64> {
    core.next_to_apply().map(|to_apply| match to_apply {
        ToApply::Entry(index, _) => index.0,
        ToApply::Snapshot(_) => panic!("a snapshot"),
    })
}
