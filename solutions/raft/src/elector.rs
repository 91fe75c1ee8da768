//! Elections: the timer, and who is asked for a vote. (Section 5.2)

use crate::messages::{PreVote, RequestVote};
use crate::raft::{Raft, Server};
use crate::replicator::REPLY_DEADLINE;
use lab_raft::{Role, Status, Term};
use std::cell::Cell;
use std::rc::Rc;
use windtunnel::time::{self, Duration, Instant};
use windtunnel::{NodeId, net, spawn};

/// How long a follower waits for a leader: drawn anew each time, so that seldom two servers stand
/// at once. (Section 5.2) The shortest wait is several heartbeats, the spread several round trips.
pub const SHORTEST_TIMEOUT: Duration = Duration::from_millis(300);
const LONGEST_TIMEOUT: Duration = Duration::from_millis(800);

/// How often a candidate asks whoever has not answered. (Section 5.1: "Servers retry RPCs if they do
/// not receive a response in a timely manner")
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// When the election timer runs out if it is set now.
pub fn next_deadline(server: &Server) -> Instant {
    Instant::now() + server.election.duration(SHORTEST_TIMEOUT, LONGEST_TIMEOUT)
}

/// Asks others whether to stand whenever nobody was heard for so long. A timer that was set anew
/// meanwhile costs nothing until it would have run out.
pub async fn watch_election_timer(raft: Raft) {
    let server = raft.server();
    loop {
        let deadline = server.election_deadline.get();
        if Instant::now() < deadline {
            time::sleep_until(deadline).await;
            continue;
        }
        raft.core().election_timeout();
        raft.changed();
        let request = raft.core().pre_vote_request();
        match request {
            Some(request) => server.links.iter().for_each(|link| {
                spawn(ask_whether_to_stand(raft.clone(), link.peer, request));
            }),
            // Nobody to ask: a server alone stands at once.
            None => campaign_if_candidate(&raft),
        }
    }
}

async fn ask_whether_to_stand(raft: Raft, peer: NodeId, request: PreVote) {
    let asked = net::call(peer, request).timeout(REPLY_DEADLINE).await;
    let Ok(vote) = asked else { return };
    let before = status(&raft);
    raft.core().handle_pre_voted(peer, request.term, &vote);
    raft.changed();
    if before.role != Role::Candidate {
        campaign_if_candidate(&raft);
    }
}

fn campaign_if_candidate(raft: &Raft) {
    let Status { term, role } = status(raft);
    if role == Role::Candidate {
        spawn(campaign(raft.clone(), term));
    }
}

/// Asks everybody for a vote, once the candidacy is on the disk.
async fn campaign(raft: Raft, term: Term) {
    raft.persisted().await;
    let request = raft.core().vote_request(term);
    raft.changed();
    let Some(request) = request else { return };
    for link in &raft.server().links {
        spawn(ask_for_vote(raft.clone(), link.peer, request));
    }
}

/// Asks again and again, each time beside the calls that are on their way: on a slow network the
/// answer to an early one is what comes in time.
async fn ask_for_vote(raft: Raft, peer: NodeId, request: RequestVote) {
    let answered = Rc::new(Cell::new(false));
    while !answered.get() && status(&raft) == (Status { term: request.term, role: Role::Candidate }) {
        spawn(ask_once(raft.clone(), peer, request, answered.clone()));
        time::sleep(ASK_AGAIN).await;
    }
}

async fn ask_once(raft: Raft, peer: NodeId, request: RequestVote, answered: Rc<Cell<bool>>) {
    let Ok(vote) = net::call(peer, request).timeout(REPLY_DEADLINE).await else { return };
    answered.set(true);
    raft.core().handle_vote(peer, request.term, &vote);
    raft.changed();
}

fn status(raft: &Raft) -> Status {
    raft.core().status()
}
