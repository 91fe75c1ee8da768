//! Elections: the timer, and who is asked for a vote. (Section 5.2)

use crate::messages::{PreVote, RequestVote};
use crate::raft::{Raft, Server};
use lab_raft::{Role, Status, Term};
use windtunnel::time::{self, Duration, Instant};
use windtunnel::{NodeId, net, spawn};

/// How long a follower waits for a leader: drawn anew each time, so that seldom two servers stand
/// at once. (Section 5.2) The shortest wait is several heartbeats, the spread several round trips.
pub const SHORTEST_TIMEOUT: Duration = Duration::from_millis(300);
const LONGEST_TIMEOUT: Duration = Duration::from_millis(800);

/// How long a candidate waits for a vote before it asks again. (Section 5.1: "Servers retry RPCs
/// if they do not receive a response in a timely manner")
const VOTE_DEADLINE: Duration = Duration::from_millis(100);

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
    let asked = net::call(peer, request).timeout(VOTE_DEADLINE).await;
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

async fn ask_for_vote(raft: Raft, peer: NodeId, request: RequestVote) {
    while status(&raft) == (Status { term: request.term, role: Role::Candidate }) {
        let retry_at = Instant::now() + VOTE_DEADLINE;
        if let Ok(vote) = net::call(peer, request).timeout(VOTE_DEADLINE).await {
            raft.core().handle_vote(peer, request.term, &vote);
            return raft.changed();
        }
        time::sleep_until(retry_at).await;
    }
}

fn status(raft: &Raft) -> Status {
    raft.core().status()
}
