//! Calls that go out: one connection to each peer, made when there is something to send.
//!
//! Everything a node learns of a connection passes through the driver's queue, so that there is one order of events:
//! a call is either sent over a connection that is lost later, or waits for the next one.
//! Next to read: `connect`, the task behind one connection.

use super::connect::{Connector, Settings};
use super::input::{Input, Room};
use super::log::{Log, Often};
use super::outbox::Outbox;
use super::own_task::OwnTask;
use super::wire::{FromCaller, LARGEST_FRAME};
use crate::line::{CallId, Event, Method};
use crate::streams::{Purpose, Stream};
use crate::units::{Nanos, NodeId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;

/// What may wait for a connection, or on one that takes no more: what does not fit is lost, as on a narrow link.
const QUEUE_FRAMES: usize = 4_096;
const QUEUE_BYTES: usize = 64 << 20;
/// The time between two attempts to connect, doubled at each that fails or comes to nothing.
const FIRST_PAUSE: Nanos = Nanos::from_millis(10);
const LONGEST_PAUSE: Nanos = Nanos::from_millis(500);

/// What became of an attempt to connect.
#[derive(Debug)]
pub enum LinkNews {
    /// The peer has said welcome.
    Up(OwnedWriteHalf),
    /// Nobody listens there, or somebody who wants nothing to do with this node.
    Refused { why: String },
    /// No answer at all.
    Silent { why: String },
    /// A connection that was up is gone.
    Lost {
        /// What the peer has said that made an end of it, if it was that.
        nonsense: Option<String>,
        /// Whether any call was answered over it.
        was_of_use: bool,
    },
    /// The pause after an attempt that failed or came to nothing is over.
    Rested,
}

/// The connections to all peers.
#[derive(Debug)]
pub struct Links {
    links: BTreeMap<NodeId, Link>,
    connector: Connector,
    log: Log,
    /// How often a node was called that nobody knows.
    unknown: Often,
}

#[derive(Debug)]
struct Link {
    state: State,
    /// Attempts to connect so far: news of an older one is no news.
    attempt: u64,
    /// What waits for a connection, oldest first.
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// RPCs that went over the connection: whoever waits for one learns that it is gone.
    methods: BTreeSet<Method>,
    pause: Nanos,
    jitter: Stream,
    /// How often the peer has said what it must not, and how often there was no room for a call.
    nonsense: Often,
    lost: Often,
}

#[derive(Debug)]
struct Waiting {
    call: CallId,
    frame: FromCaller,
}

#[derive(Debug)]
enum State {
    Idle,
    Connecting { _task: OwnTask },
    Up { outbox: Outbox, _task: OwnTask },
    Resting { _task: OwnTask },
}

impl Links {
    pub fn new(settings: Settings, inputs: mpsc::Sender<Input>, room: Room, log: Log) -> Self {
        let Settings { node, incarnation, seed, .. } = settings;
        let peers: Vec<NodeId> = settings.peers.keys().copied().collect();
        let link = |peer: NodeId| Link {
            state: State::Idle,
            attempt: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            methods: BTreeSet::new(),
            pause: FIRST_PAUSE,
            // Not of lab code: its draws stay what they are in the tunnel.
            jitter: Stream::keyed(
                seed,
                Purpose::Reconnect,
                [u64::from(node.0) << 32 | u64::from(incarnation.0), peer.0.into()],
            ),
            nonsense: Often::default(),
            lost: Often::default(),
        };
        let links = peers.into_iter().map(|peer| (peer, link(peer))).collect();
        Links { links, connector: Connector::new(settings, inputs, room), log, unknown: Often::default() }
    }

    /// Sends a request, or keeps it until there is a connection. A node that nobody knows is silent.
    pub fn send(&mut self, to: NodeId, call: CallId, method: Method, body: Vec<u8>) {
        let Links { links, connector, log, unknown } = self;
        let Some(link) = links.get_mut(&to) else {
            let what = format_args!("a call of {method} to {to}, which is not in `peers`, reaches nobody");
            return log.warn_rarely(unknown, what);
        };
        let size = body.len();
        let frame = FromCaller::Request { call, method, body };
        if let State::Up { outbox, .. } = &link.state {
            if outbox.len() + size > QUEUE_BYTES {
                return log.warn_rarely(&link.lost, format_args!("{to} does not take what it is sent: a call is lost"));
            }
            link.write(&frame, log);
            return;
        }
        if link.waiting.len() >= QUEUE_FRAMES || link.waiting_bytes + size > QUEUE_BYTES {
            return log
                .warn_rarely(&link.lost, format_args!("too much waits for a connection to {to}: a call is lost"));
        }
        link.waiting_bytes += size;
        link.waiting.push_back(Waiting { call, frame });
        if matches!(link.state, State::Idle) {
            link.connect(to, connector);
        }
    }

    /// Takes in what became of an attempt; what the node learns of it.
    pub fn take(&mut self, peer: NodeId, attempt: u64, news: LinkNews) -> Vec<Event> {
        let Links { links, connector, log, .. } = self;
        let Some(link) = links.get_mut(&peer).filter(|link| link.attempt == attempt) else { return Vec::new() };
        match news {
            LinkNews::Up(socket) => {
                link.up(Outbox::new(socket), log);
                Vec::new()
            }
            LinkNews::Refused { why } => {
                link.log_first_failure(peer, &why, log);
                let refused = link.take_waiting().map(|waiting| Event::Refused { call: waiting.call }).collect();
                link.rest(peer, connector);
                refused
            }
            LinkNews::Silent { why } => {
                link.log_first_failure(peer, &why, log);
                // Silence for those who wait: their deadlines tell them.
                link.take_waiting().for_each(drop);
                link.rest(peer, connector);
                Vec::new()
            }
            LinkNews::Lost { nonsense, was_of_use } => {
                if let Some(why) = nonsense {
                    log.warn_rarely(&link.nonsense, format_args!("the connection to {peer} is lost: {why}"));
                }
                if was_of_use {
                    link.pause = FIRST_PAUSE;
                    link.state = State::Idle;
                } else {
                    // Who says welcome and is gone, each time, would be connected to by every call.
                    link.rest(peer, connector);
                }
                std::mem::take(&mut link.methods).into_iter().map(|method| Event::Reset { peer, method }).collect()
            }
            LinkNews::Rested if link.waiting.is_empty() => {
                link.state = State::Idle;
                Vec::new()
            }
            LinkNews::Rested => {
                link.connect(peer, connector);
                Vec::new()
            }
        }
    }

    /// A peer has connected to this node, so it is there: no need to rest any longer.
    pub fn is_alive(&mut self, peer: NodeId) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        link.pause = FIRST_PAUSE;
        if matches!(link.state, State::Resting { .. }) {
            link.state = State::Idle;
            if !link.waiting.is_empty() {
                link.connect(peer, &self.connector);
            }
        }
    }

    pub fn flush(&self) {
        self.outboxes().for_each(Outbox::flush);
    }

    pub fn outboxes(&self) -> impl Iterator<Item = &Outbox> {
        self.links.values().filter_map(|link| match &link.state {
            State::Up { outbox, .. } => Some(outbox),
            _ => None,
        })
    }
}

impl Link {
    fn connect(&mut self, peer: NodeId, connector: &Connector) {
        self.attempt += 1;
        self.state = State::Connecting { _task: connector.connect(peer, self.attempt) };
    }

    fn up(&mut self, outbox: Outbox, log: &Log) {
        let State::Connecting { _task } = std::mem::replace(&mut self.state, State::Idle) else { return };
        self.state = State::Up { outbox, _task };
        let waiting: Vec<Waiting> = self.take_waiting().collect();
        for Waiting { frame, .. } in waiting {
            self.write(&frame, log);
        }
    }

    fn write(&mut self, frame: &FromCaller, log: &Log) {
        let (State::Up { outbox, .. }, FromCaller::Request { method, .. }) = (&self.state, frame) else { return };
        if !self.methods.contains(method) {
            self.methods.insert(method.clone());
        }
        if let Err(error) = outbox.push(frame, LARGEST_FRAME) {
            log.error(format_args!("a call of {method} is not sent: {error}"));
        }
    }

    fn take_waiting(&mut self) -> impl Iterator<Item = Waiting> + use<> {
        self.waiting_bytes = 0;
        std::mem::take(&mut self.waiting).into_iter()
    }

    /// How long to wait before the next attempt: half of the pause and a drawn part of the other half, so that nodes that
    /// lost the same peer do not come back to it in step.
    fn next_pause(&mut self) -> Nanos {
        let half = Nanos(self.pause.0 / 2);
        let pause = self.jitter.span(half, self.pause);
        self.pause = self.pause.saturating_add(self.pause).min(LONGEST_PAUSE);
        pause
    }

    fn rest(&mut self, peer: NodeId, connector: &Connector) {
        let pause = self.next_pause();
        self.attempt += 1;
        self.state = State::Resting { _task: connector.rest(peer, self.attempt, pause) };
    }

    /// One line for a peer that is down, not one an attempt.
    fn log_first_failure(&self, peer: NodeId, why: &str, log: &Log) {
        if self.pause == FIRST_PAUSE {
            log.info(format_args!("no connection to {peer}: {why}"));
        }
    }
}

#[cfg(test)]
mod tests;
