//! Calls that come in: one connection from each peer, and what it is owed.

use super::input::{Input, Room, tell};
use super::log::{Log, Often};
use super::outbox::Outbox;
use super::own_task::OwnTask;
use super::wire::{FromCaller, FromServer, Hello, LARGEST_FRAME, Unframe};
use crate::line::{CallId, Method, Rejection};
use crate::net::FRAME_LIMIT;
use crate::units::{Incarnation, NodeId};
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// Past so many bytes of replies that a peer does not take, nothing more is read from it.
const REPLY_BYTES: usize = 32 << 20;
/// Past so many a reply is lost, as on a narrow link: what was asked before may still be answered.
const MOST_REPLY_BYTES: usize = 2 * REPLY_BYTES;
/// Past so many requests of one kind from one peer that wait for their replies, a further one is lost, as on a narrow
/// link. Reading no more would keep all others from their answers, and a handler that never returns would do so for ever.
const REQUESTS: usize = 16_384;
/// The same in bytes of those of their bodies that are large; the others are bounded by their number.
const REQUEST_BYTES: usize = 64 << 20;
const LARGE: usize = 4 << 10;
/// How many kinds are remembered of which no request waits.
const IDLE_KINDS: usize = 64;

/// The connections from all peers.
#[derive(Debug)]
pub struct Callers {
    callers: BTreeMap<NodeId, Caller>,
    /// How often members have said what they must not.
    nonsense: BTreeMap<NodeId, Often>,
    incarnation: Incarnation,
    /// Connections so far: news of an older one is no news.
    count: u64,
    /// Requests are taken no more.
    closed: bool,
    inputs: mpsc::Sender<Input>,
    room: Room,
    log: Log,
}

#[derive(Debug)]
struct Caller {
    number: u64,
    /// The peer's: a reply for an earlier one is for nobody.
    incarnation: Incarnation,
    outbox: Rc<Outbox>,
    owed: BTreeMap<Method, Owed>,
    /// How many replies there was no room for.
    lost: Often,
    _reader: OwnTask,
}

/// Requests of one kind from one peer.
#[derive(Debug, Default)]
struct Owed {
    /// How many wait for a reply.
    waiting: usize,
    /// The sizes of the large ones among them, and all these together.
    large: BTreeMap<CallId, usize>,
    bytes: usize,
    /// How many there was no room for.
    lost: u64,
}

impl Owed {
    fn has_room_for(&self, size: usize) -> bool {
        // One alone always fits: no frame is larger.
        self.waiting < REQUESTS && (size < LARGE || self.bytes + size <= REQUEST_BYTES)
    }

    fn admit(&mut self, call: CallId, size: usize) {
        self.waiting += 1;
        // An honest peer uses a number once.
        if size >= LARGE && self.large.insert(call, size).is_none() {
            self.bytes += size;
        }
    }

    fn replied(&mut self, call: CallId) {
        self.waiting = self.waiting.saturating_sub(1);
        self.bytes -= self.large.remove(&call).unwrap_or_default();
    }
}

/// Who made a call, if that start of it is still there.
fn caller_of(callers: &mut BTreeMap<NodeId, Caller>, to: NodeId, call: CallId) -> Option<&mut Caller> {
    callers.get_mut(&to).filter(|caller| caller.incarnation == call.incarnation())
}

impl Caller {
    /// Requests of a connection before this one are owed nothing.
    fn replied(&mut self, call: CallId, method: &Method) {
        if let Some(of_kind) = self.owed.get_mut(method) {
            of_kind.replied(call);
            if of_kind.waiting == 0 && self.owed.len() > IDLE_KINDS {
                self.owed.remove(method);
            }
        }
    }
}

impl Callers {
    pub const fn new(incarnation: Incarnation, inputs: mpsc::Sender<Input>, room: Room, log: Log) -> Self {
        Callers {
            callers: BTreeMap::new(),
            nonsense: BTreeMap::new(),
            incarnation,
            count: 0,
            closed: false,
            inputs,
            room,
            log,
        }
    }

    /// Lets a peer in; a connection it had before is closed.
    pub fn welcome(&mut self, hello: &Hello, stream: TcpStream, unframe: Box<Unframe>) {
        if self.closed {
            return;
        }
        self.count += 1;
        let (input, output) = stream.into_split();
        let outbox = Rc::new(Outbox::new(output));
        // A few bytes always fit.
        let _ = outbox.push(&FromServer::Welcome { incarnation: self.incarnation }, LARGEST_FRAME);
        let reader = Reader {
            from: hello.from,
            incarnation: hello.incarnation,
            connection: self.count,
            outbox: outbox.clone(),
            inputs: self.inputs.clone(),
            room: self.room.clone(),
        };
        let reader = OwnTask::spawn(reader.read(input, unframe));
        let (number, incarnation, owed, lost) = (self.count, hello.incarnation, BTreeMap::new(), Often::default());
        self.callers.insert(hello.from, Caller { number, incarnation, outbox, owed, lost, _reader: reader });
    }

    /// Whether a request that has come is to be handled: one over a connection that is gone is not, and one past
    /// those that may wait for a reply, in number or in bytes.
    pub fn admit(&mut self, from: NodeId, connection: u64, call: CallId, method: &Method, size: usize) -> bool {
        let caller = self.callers.get_mut(&from).filter(|caller| caller.number == connection && !self.closed);
        let Some(Caller { owed, .. }) = caller else { return false };
        let owed = match owed.get_mut(method) {
            Some(owed) => owed,
            None => owed.entry(method.clone()).or_default(),
        };
        if owed.has_room_for(size) {
            owed.admit(call, size);
            return true;
        }
        owed.lost += 1;
        if owed.lost.is_power_of_two() {
            let Owed { waiting, bytes, lost, .. } = owed;
            self.log.warn(format_args!(
                "{waiting} calls of {method} from {from} wait for their replies, {bytes} bytes of large ones, and no more \
                 may: {lost} lost so far; does its handler return?"
            ));
        }
        false
    }

    /// A request gets no reply, and is owed none any more.
    pub fn give_up(&mut self, to: NodeId, call: CallId, method: &Method) {
        if let Some(caller) = caller_of(&mut self.callers, to, call) {
            caller.replied(call, method);
        }
    }

    pub fn respond(&mut self, to: NodeId, call: CallId, method: &Method, result: Result<Vec<u8>, Rejection>) {
        let Some(caller) = caller_of(&mut self.callers, to, call) else { return };
        caller.replied(call, method);
        let outbox = &caller.outbox;
        let size = result.as_ref().map_or(0, Vec::len);
        if outbox.len() + size > MOST_REPLY_BYTES {
            let what = format_args!("{to} does not take its replies: one is lost");
            return self.log.warn_rarely(&caller.lost, what);
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

    pub fn lost(&mut self, from: NodeId, connection: u64, nonsense: Option<String>) {
        if let Some(why) = nonsense {
            let often = self.nonsense.entry(from).or_default();
            self.log.warn_rarely(often, format_args!("the connection of {from} is closed: {why}"));
        }
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
        self.callers.values().flat_map(|caller| caller.owed.values()).all(|owed| owed.waiting == 0)
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
    inputs: mpsc::Sender<Input>,
    room: Room,
}

impl Reader {
    async fn read(self, mut input: tokio::net::tcp::OwnedReadHalf, mut unframe: Box<Unframe>) {
        let Reader { from, connection, .. } = self;
        loop {
            self.wait_for_room().await;
            let nonsense = match unframe.read(&mut input).await {
                Ok(FromCaller::Request { call, method, body }) if call.incarnation() == self.incarnation => {
                    let held = self.room.hold(body.len()).await;
                    let request = Input::Request { from, connection, call, method, body, held };
                    if !tell(&self.inputs, request).await {
                        return;
                    }
                    continue;
                }
                Ok(_) => Some("it asks as another start of its own, or says hello again".into()),
                Err(error) => error.nonsense(),
            };
            // Fails only when the node has ended.
            let _ = self.inputs.send(Input::CallerLost { from, connection, nonsense }).await;
            return;
        }
    }

    /// A peer that asks and does not take its replies waits.
    async fn wait_for_room(&self) {
        if self.outbox.len() > REPLY_BYTES {
            self.outbox.emptied().await;
        }
    }
}

#[cfg(test)]
mod tests;
