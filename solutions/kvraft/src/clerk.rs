//! The clerk: asks whoever leads until it is answered, and says honestly what it cannot know.

use lab_kvraft::{Append, ClerkId, Get, GetError, NotServed, Put, PutError, Version, Versioned};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::net::{self, CallError, Request};
use windtunnel::{NodeId, rand, time};

/// A call without an answer is given up after. A server that waits for another's lease to end answers late.
const PATIENCE: Duration = Duration::from_millis(500);

/// When no server leads, all are asked again after.
const PAUSE: Duration = Duration::from_millis(50);

/// A clerk. Clones are the same clerk.
#[derive(Clone, Debug)]
pub struct Clerk(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    id: ClerkId,
    servers: Vec<NodeId>,
    /// Which of them is asked first: whoever answered last.
    favourite: Cell<usize>,
    appends: Cell<u64>,
}

/// What came of asking one server.
enum Asked<T> {
    Answered(T),
    /// It will never be executed, that time.
    Refused,
    /// It may have been executed, or may be yet.
    Unknown,
}

impl lab_kvraft::Clerk for Clerk {
    fn connect(servers: Vec<NodeId>) -> Self {
        let id = ClerkId(rand::stream("clerk").word());
        Clerk(Rc::new(Inner { id, servers, favourite: Cell::new(0), appends: Cell::new(0) }))
    }

    async fn get(&self, key: &str) -> Result<Versioned, GetError> {
        loop {
            if let Asked::Answered(answer) = self.ask(Get { key: key.to_owned() }).await {
                return answer;
            }
        }
    }

    async fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let put = Put { key: key.to_owned(), value: value.to_owned(), version };
        let mut may_be_done = false;
        loop {
            match self.ask(put.clone()).await {
                // It may have been refused for what the request before this one did, or that one may be yet to come.
                Asked::Answered(Err(_)) if may_be_done => return Err(PutError::Maybe),
                Asked::Answered(answer) => return answer.map_err(PutError::from),
                Asked::Refused => {}
                Asked::Unknown => may_be_done = true,
            }
        }
    }

    async fn append(&self, key: &str, value: &str) {
        let number = self.0.appends.get() + 1;
        self.0.appends.set(number);
        let append = Append { key: key.to_owned(), value: value.to_owned(), clerk: self.0.id, number };
        loop {
            if let Asked::Answered(()) = self.ask(append.clone()).await {
                return;
            }
        }
    }
}

impl Clerk {
    /// Asks one server; when it has no answer, the next call asks another.
    async fn ask<T, Q: Request<Reply = Result<T, NotServed>>>(&self, request: Q) -> Asked<T> {
        let Inner { servers, favourite, .. } = &*self.0;
        let at = favourite.get();
        let (asked, hint) = match net::call(servers[at], request).timeout(PATIENCE).await {
            Ok(Ok(answer)) => return Asked::Answered(answer),
            Ok(Err(NotServed::NotLeader { hint })) => (Asked::Refused, hint),
            // A server that is still starting, or is down.
            Err(CallError::NoHandler | CallError::Refused) => (Asked::Refused, None),
            Ok(Err(NotServed::Lost)) | Err(_) => (Asked::Unknown, None),
        };
        let hinted = hint.and_then(|leader| servers.iter().position(|server| *server == leader));
        let next = hinted.filter(|next| *next != at).unwrap_or((at + 1) % servers.len());
        favourite.set(next);
        if hinted.is_none() && matches!(asked, Asked::Refused) {
            time::sleep(PAUSE / servers.len() as u32).await;
        }
        asked
    }
}
