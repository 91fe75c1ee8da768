//! A leader's side of its followers: what is sent when. (Section 5.3)
//!
//! Whenever something changes, what is due goes out at once; a follower that was sent nothing for a
//! while gets a heartbeat. One timer serves all followers, and it sleeps on through every request.

use crate::core::{Request, Sent};
use crate::messages::{AppendEntries, InstallSnapshot};
use crate::raft::Raft;
use std::cell::Cell;
use windtunnel::time::{self, Duration, Instant};
use windtunnel::{NodeId, net, spawn};

/// How often a follower hears from an idle leader. (Section 5.2)
const HEARTBEAT: Duration = Duration::from_millis(100);

/// How long an answer still counts. A late one may be the only one that comes.
pub const REPLY_DEADLINE: Duration = Duration::from_secs(1);

/// The way to one follower.
#[derive(Debug)]
pub struct Link {
    pub peer: NodeId,
    /// When it is to hear from this server next.
    heartbeat_due: Cell<Instant>,
}

impl Link {
    pub fn to(peer: NodeId) -> Self {
        Link { peer, heartbeat_due: Cell::new(Instant::now()) }
    }
}

/// Sends every follower what it should have now. Nothing unless this server leads.
pub fn send_what_is_due(raft: &Raft) {
    if !raft.core().leads() {
        return;
    }
    raft.server().elected.notify_one();
    for link in &raft.server().links {
        // A statement of its own: the borrow ends before anything is sent.
        let due = || raft.core().due_request(link.peer);
        while let Some(request) = due() {
            send(raft, link, request);
        }
    }
}

/// Sends heartbeats as long as the server runs; sleeps while it does not lead.
pub async fn keep_in_touch(raft: Raft) {
    let server = raft.server();
    loop {
        if !raft.core().leads() {
            server.elected.notified().await;
            continue;
        }
        let now = Instant::now();
        for link in server.links.iter().filter(|link| link.heartbeat_due.get() <= now) {
            let request = raft.core().heartbeat(link.peer);
            if let Some(request) = request {
                send(&raft, link, request);
            }
        }
        let next = server.links.iter().map(|link| link.heartbeat_due.get()).min();
        time::sleep_until(next.unwrap_or(now + HEARTBEAT)).await;
    }
}

fn send(raft: &Raft, link: &Link, request: Request) {
    link.heartbeat_due.set(Instant::now() + HEARTBEAT);
    match request {
        Request::Append(append, sent) => spawn(replicate(raft.clone(), link.peer, append, sent)),
        Request::Install(piece, sent) => spawn(install(raft.clone(), link.peer, piece, sent)),
    };
}

/// Sends one request and tells the core of the answer. No answer, no news: a call that fails at
/// once waits for the next heartbeat like one that is lost.
async fn replicate(raft: Raft, peer: NodeId, request: AppendEntries, sent: Sent) {
    let Ok(reply) = net::call(peer, request).timeout(REPLY_DEADLINE).await else { return };
    raft.core().handle_appended(peer, sent, &reply);
    raft.changed();
}

/// The same for a piece of the snapshot.
async fn install(raft: Raft, peer: NodeId, request: InstallSnapshot, sent: Sent) {
    let Ok(reply) = net::call(peer, request).timeout(REPLY_DEADLINE).await else { return };
    raft.core().handle_installed(peer, sent, &reply);
    raft.changed();
}
