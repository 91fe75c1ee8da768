//! A leader's side of one follower: what is sent when. (Section 5.3)
//!
//! One request is under way at a time, and all that was proposed meanwhile goes with the next one.
//! So no entry is sent twice unless an answer fails to come.

use crate::core::Sent;
use crate::messages::AppendEntries;
use crate::raft::Raft;
use std::cell::Cell;
use std::rc::Rc;
use windtunnel::sync::Notify;
use windtunnel::time::{Duration, Instant, timeout_at};
use windtunnel::{NodeId, net, spawn};

/// How often a follower hears from an idle leader, and how long an answer is waited for before
/// the request goes out again. (Section 5.2)
const HEARTBEAT: Duration = Duration::from_millis(100);

/// How long an answer still counts. A late one may be the only one that comes.
const REPLY_DEADLINE: Duration = Duration::from_secs(1);

/// The way to one follower.
#[derive(Debug)]
pub struct Link {
    peer: NodeId,
    /// Requests sent so far.
    requests: Cell<u64>,
    /// The latest request was answered.
    answered: Notify,
    /// The core has changed.
    changed: Notify,
}

impl Link {
    pub fn to(peer: NodeId) -> Self {
        Link { peer, requests: Cell::new(0), answered: Notify::new(), changed: Notify::new() }
    }

    pub const fn peer(&self) -> NodeId {
        self.peer
    }

    /// There may be something to send.
    pub fn wake(&self) {
        self.changed.notify_one();
    }
}

/// Sends to one follower as long as the server runs; quiet while it does not lead.
pub async fn replicate(raft: Raft, link: Rc<Link>) {
    loop {
        let append = raft.core().append_for(link.peer);
        let Some((request, sent)) = append else {
            link.changed.notified().await;
            continue;
        };
        let heartbeat_due = Instant::now() + HEARTBEAT;
        let number = link.requests.get() + 1;
        link.requests.set(number);
        spawn(ask(raft.clone(), link.clone(), number, request, sent));
        let answered = timeout_at(heartbeat_due, link.answered.notified()).await;
        let mut quiet = answered.is_ok();
        while quiet && !raft.core().owes(link.peer) {
            quiet = timeout_at(heartbeat_due, link.changed.notified()).await.is_ok();
        }
    }
}

/// Sends one request and tells the core of the answer. No answer, no news: a call that fails at
/// once waits for the next heartbeat like one that is lost.
async fn ask(raft: Raft, link: Rc<Link>, number: u64, request: AppendEntries, sent: Sent) {
    let Ok(reply) = net::call(link.peer, request).timeout(REPLY_DEADLINE).await else { return };
    raft.core().handle_appended(link.peer, sent, &reply);
    if link.requests.get() == number {
        link.answered.notify_one();
    }
    raft.changed();
}
