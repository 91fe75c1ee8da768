//! Calls that come in: one connection from each peer, and what it is owed.

use super::input::Input;
use super::log::Log;
use super::outbox::Outbox;
use super::own_task::OwnTask;
use super::wire::{FromCaller, FromServer, Hello, LARGEST_FRAME, Unframe, WireError};
use crate::line::{CallId, Rejection};
use crate::net::FRAME_LIMIT;
use crate::units::{Incarnation, NodeId};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

/// Past so many bytes of replies that a peer does not take, nothing more is read from it.
const REPLY_BYTES: usize = 32 << 20;
/// Past so many a reply is lost, as on a narrow link: what was asked before may still be answered.
const MOST_REPLY_BYTES: usize = 2 * REPLY_BYTES;
/// Past so many requests of one peer that wait for their replies, nothing more is read from it.
const REQUESTS: usize = 16_384;

/// The connections from all peers.
#[derive(Debug)]
pub struct Callers {
    callers: BTreeMap<NodeId, Caller>,
    incarnation: Incarnation,
    /// Connections so far: news of an older one is no news.
    count: u64,
    /// Requests are taken no more.
    closed: bool,
    inputs: mpsc::Sender<Input>,
    log: Log,
}

#[derive(Debug)]
struct Caller {
    number: u64,
    /// The peer's: a reply for an earlier one is for nobody.
    incarnation: Incarnation,
    outbox: Rc<Outbox>,
    owed: Rc<Owed>,
    _reader: OwnTask,
}

/// Requests of one peer that have no reply yet.
#[derive(Debug, Default)]
struct Owed {
    count: Cell<usize>,
    fewer: Notify,
}

impl Callers {
    pub const fn new(incarnation: Incarnation, inputs: mpsc::Sender<Input>, log: Log) -> Self {
        Callers { callers: BTreeMap::new(), incarnation, count: 0, closed: false, inputs, log }
    }

    /// Lets a peer in; a connection it had before is closed.
    pub fn welcome(&mut self, hello: &Hello, stream: TcpStream, unframe: Unframe) {
        if self.closed {
            return;
        }
        self.count += 1;
        let (input, output) = stream.into_split();
        let (outbox, owed) = (Rc::new(Outbox::new(output)), Rc::new(Owed::default()));
        // A few bytes always fit.
        let _ = outbox.push(&FromServer::Welcome { incarnation: self.incarnation }, LARGEST_FRAME);
        let reader = Reader {
            from: hello.from,
            incarnation: hello.incarnation,
            connection: self.count,
            outbox: outbox.clone(),
            owed: owed.clone(),
            inputs: self.inputs.clone(),
            log: self.log,
        };
        let reader = OwnTask::spawn(reader.read(input, unframe));
        let caller = Caller { number: self.count, incarnation: hello.incarnation, outbox, owed, _reader: reader };
        self.callers.insert(hello.from, caller);
    }

    /// Whether a request that has come is to be handled: one over a connection that is gone is not.
    pub fn admit(&mut self, from: NodeId, connection: u64) -> bool {
        let caller = self.callers.get(&from).filter(|caller| caller.number == connection && !self.closed);
        if let Some(caller) = caller {
            caller.owed.count.set(caller.owed.count.get() + 1);
        }
        caller.is_some()
    }

    pub fn respond(&mut self, to: NodeId, call: CallId, result: Result<Vec<u8>, Rejection>) {
        let caller = self.callers.get(&to).filter(|caller| caller.incarnation == call.incarnation());
        let Some(Caller { outbox, owed, .. }) = caller else { return };
        // Requests of a connection before this one are owed nothing.
        owed.count.set(owed.count.get().saturating_sub(1));
        owed.fewer.notify_waiters();
        let size = result.as_ref().map_or(0, Vec::len);
        if outbox.len() + size > MOST_REPLY_BYTES {
            return self.log.warn(format_args!("{to} does not take its replies: one is lost"));
        }
        let frame = match result {
            Ok(body) if body.len() > FRAME_LIMIT => {
                return self.log.error(format_args!("a reply of {} bytes to {to} is too large to send", body.len()));
            }
            Ok(body) => FromServer::Reply { call, body },
            Err(rejection) => FromServer::Rejected { call, rejection },
        };
        if let Err(error) = outbox.push(&frame, LARGEST_FRAME) {
            self.log.error(format_args!("a reply to {to} is not sent: {error}"));
        }
    }

    pub fn lost(&mut self, from: NodeId, connection: u64) {
        if self.callers.get(&from).is_some_and(|caller| caller.number == connection) {
            self.callers.remove(&from);
        }
    }

    /// Takes no more requests; replies to those that were taken still go.
    pub const fn close(&mut self) {
        self.closed = true;
    }

    /// Whether every request has its reply.
    pub fn owe_nothing(&self) -> bool {
        self.callers.values().all(|caller| caller.owed.count.get() == 0)
    }

    pub fn flush(&self) {
        self.outboxes().for_each(Outbox::flush);
    }

    pub fn outboxes(&self) -> impl Iterator<Item = &Outbox> {
        self.callers.values().map(|caller| &*caller.outbox)
    }
}

/// Reads requests of one peer.
struct Reader {
    from: NodeId,
    incarnation: Incarnation,
    connection: u64,
    outbox: Rc<Outbox>,
    owed: Rc<Owed>,
    inputs: mpsc::Sender<Input>,
    log: Log,
}

impl Reader {
    async fn read(self, mut input: tokio::net::tcp::OwnedReadHalf, mut unframe: Unframe) {
        let Reader { from, connection, .. } = self;
        loop {
            self.wait_for_room().await;
            match unframe.read(&mut input).await {
                Ok(FromCaller::Request { call, method, body }) if call.incarnation() == self.incarnation => {
                    let request = Input::Request { from, connection, call, method, body };
                    if self.inputs.send(request).await.is_err() {
                        return;
                    }
                    continue;
                }
                Ok(_) => self.log.warn(format_args!("the connection of {from} is closed: it talks nonsense")),
                Err(WireError::Closed | WireError::Broken(_)) => {}
                Err(error) => self.log.warn(format_args!("the connection of {from} is closed: {error}")),
            }
            let _ = self.inputs.send(Input::CallerLost { from, connection }).await;
            return;
        }
    }

    /// A peer that asks and does not take its replies waits.
    async fn wait_for_room(&self) {
        while self.owed.count.get() >= REQUESTS {
            self.owed.fewer.notified().await;
        }
        if self.outbox.len() > REPLY_BYTES {
            self.outbox.emptied().await;
        }
    }
}
