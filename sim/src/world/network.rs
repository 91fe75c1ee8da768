//! The simulated network: what becomes of a message, decided from the stream of its link and name.
//!
//! Nothing here acts: [`Network::route`] says when a message and its copy arrive, the world's loop
//! queues them. Connections are only as real as their failures: a channel remembers which incarnation
//! it last reached, so that a message to a restarted peer is answered with a reset.

use super::weather::LinkWeather;
use crate::fold::{self, Fold};
use crate::line::Method;
use crate::streams::{Purpose, Stream};
use crate::units::{Incarnation, Nanos, NodeId, Ppm, Seed};

/// Bits of a word that decide one yes or no; three fit into one word.
const CHANCE_BITS: u32 = 21;

/// When a message arrives, and its copy; `None` is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub arrival: Option<Nanos>,
    pub copy: Option<Nanos>,
}

/// All directed links, the tester's included.
#[derive(Debug)]
pub(crate) struct Network {
    seed: Seed,
    /// Nodes and the tester.
    width: usize,
    links: Vec<Link>,
}

/// One directed link.
#[derive(Debug)]
struct Link {
    weather: LinkWeather,
    cut: bool,
    /// When the last message that waits for its turn has been put on the wire.
    busy_until: Nanos,
    channels: Vec<Channel>,
}

/// Messages of one RPC on one link, in one role: a connection, a stream, and the hash of what the
/// stream decided. Each RPC has its own, so that one more kind of RPC moves nothing.
#[derive(Debug)]
struct Channel {
    method: Method,
    is_reply: bool,
    /// The incarnation of the far end that this end has a connection to.
    connected: Option<Incarnation>,
    stream: Stream,
    resets: Stream,
    late_copies: Stream,
    decisions: Fold,
}

/// The decisions of one channel, to be compared after an edit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkDecisions {
    /// Sending end.
    pub from: NodeId,
    /// Receiving end.
    pub to: NodeId,
    /// The RPC.
    pub method: String,
    /// Whether these are the replies.
    pub is_reply: bool,
    /// The fold of all decisions.
    pub hash: u64,
}

impl Network {
    pub fn new(seed: Seed, nodes: usize, weather: LinkWeather) -> Self {
        let width = nodes + 1;
        let link = || Link { weather, cut: false, busy_until: Nanos::ZERO, channels: Vec::new() };
        Network { seed, width, links: (0..width * width).map(|_| link()).collect() }
    }

    fn place(&self, from: NodeId, to: NodeId) -> usize {
        from.0 as usize * self.width + to.0 as usize
    }

    fn link(&self, from: NodeId, to: NodeId) -> &Link {
        &self.links[self.place(from, to)]
    }

    fn link_mut(&mut self, from: NodeId, to: NodeId) -> &mut Link {
        let place = self.place(from, to);
        &mut self.links[place]
    }

    pub fn set_weather(&mut self, from: NodeId, to: NodeId, weather: LinkWeather) {
        self.link_mut(from, to).weather = weather;
    }

    pub fn set_cut(&mut self, from: NodeId, to: NodeId, cut: bool) {
        self.link_mut(from, to).cut = cut;
    }

    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.link(from, to).cut
    }

    /// The incarnation of `to` that `from` has a connection to, for requests of that name.
    pub fn connected(&mut self, ends: (NodeId, NodeId), method: &Method) -> Option<Incarnation> {
        self.requests(ends, method).connected
    }

    pub fn set_connected(&mut self, ends: (NodeId, NodeId), method: &Method, incarnation: Option<Incarnation>) {
        self.requests(ends, method).connected = incarnation;
    }

    /// The process of `from` is gone, and with it its ends of connections.
    pub fn forget_connections(&mut self, from: NodeId) {
        for to in 0..self.width as u32 {
            for channel in &mut self.link_mut(from, NodeId(to)).channels {
                channel.connected = None;
            }
        }
    }

    /// The RPCs for which `from` has a connection to that incarnation of `to`.
    pub fn connections(&self, from: NodeId, to: NodeId, incarnation: Incarnation) -> Vec<Method> {
        let channels = self.link(from, to).channels.iter();
        let connected = channels.filter(|channel| channel.connected == Some(incarnation));
        connected.map(|channel| channel.method.clone()).collect()
    }

    fn requests(&mut self, ends: (NodeId, NodeId), method: &Method) -> &mut Channel {
        let seed = self.seed;
        channel(&mut self.link_mut(ends.0, ends.1).channels, seed, ends, method, false)
    }

    /// Decides about one message. Draws four words, whatever the weather.
    #[inline]
    pub fn route(
        &mut self,
        now: Nanos,
        (from, to): (NodeId, NodeId),
        method: &Method,
        is_reply: bool,
        size: usize,
    ) -> Route {
        let seed = self.seed;
        let link = self.link_mut(from, to);
        let weather = link.weather;
        let channel = channel(&mut link.channels, seed, (from, to), method, is_reply);
        let words = [0; 4].map(|_| channel.stream.word());
        let decision = decide(&weather, words);
        channel.decisions.word((decision.latency.0 << 1) | u64::from(decision.lost));
        channel.decisions.word(decision.copy_late_by.map_or(0, |late| late.0));
        let sent = link.transmit(now, size);
        let lost = decision.lost || sent.is_none() || link.cut;
        let arrival = sent.unwrap_or(now) + decision.latency;
        Route {
            arrival: (!lost).then_some(arrival),
            copy: decision.copy_late_by.filter(|_| !lost).map(|late| arrival + late),
        }
    }

    /// Whether a request that has arrived comes once more when it was answered, and how long after that. Draws nothing where none does.
    #[inline]
    pub fn late_copy(&mut self, ends: (NodeId, NodeId), method: &Method) -> Option<Nanos> {
        let LinkWeather { late_copy_ppm, tail: [_, latest], .. } = self.link(ends.0, ends.1).weather;
        if late_copy_ppm == Ppm::NEVER {
            return None;
        }
        let channel = self.requests(ends, method);
        let [chosen, late] = [0; 2].map(|_| channel.late_copies.word());
        let late = chance(chosen, 2, late_copy_ppm).then_some(within(Nanos::ZERO, latest, late));
        channel.decisions.word(late.map_or(0, |late| late.0));
        late
    }

    /// How long a reset takes that `from`'s kernel sends to `to`, for an RPC of `to`.
    pub fn reset_latency(&mut self, from: NodeId, to: NodeId, method: &Method) -> Nanos {
        let [low, high] = self.link(from, to).weather.latency;
        self.requests((to, from), method).resets.span(low, high)
    }

    /// What all channels have decided, in a fixed order.
    pub fn decisions(&self) -> Vec<LinkDecisions> {
        let mut all: Vec<LinkDecisions> = Vec::new();
        for (place, link) in self.links.iter().enumerate() {
            let (from, to) = (NodeId((place / self.width) as u32), NodeId((place % self.width) as u32));
            all.extend(link.channels.iter().map(|channel| LinkDecisions {
                from,
                to,
                method: channel.method.to_string(),
                is_reply: channel.is_reply,
                hash: channel.decisions.value(),
            }));
        }
        all.sort();
        all
    }
}

impl Link {
    /// When a message of that size is on the wire, or `None` if the queue before it is too long.
    fn transmit(&mut self, now: Nanos, size: usize) -> Option<Nanos> {
        let Some(bandwidth) = self.weather.bandwidth else { return Some(now) };
        let begin = self.busy_until.max(now);
        if begin - now > self.weather.queue_limit {
            return None;
        }
        let nanos = u128::from(size as u64) * 1_000_000_000 / u128::from(bandwidth.max(1));
        self.busy_until = begin.saturating_add(Nanos(u64::try_from(nanos).unwrap_or(u64::MAX)));
        Some(self.busy_until)
    }
}

fn channel<'a>(
    channels: &'a mut Vec<Channel>,
    seed: Seed,
    (from, to): (NodeId, NodeId),
    method: &Method,
    is_reply: bool,
) -> &'a mut Channel {
    // A link carries a handful of RPCs: looking through them beats hashing the name.
    let known = channels.iter().position(|channel| channel.is_reply == is_reply && is_same(&channel.method, method));
    let place = known.unwrap_or_else(|| {
        let link = u64::from(from.0) << 32 | u64::from(to.0);
        let mut name = Fold::from_value(fold::of_bytes(method.as_bytes()));
        name.word(u64::from(is_reply));
        let keyed = |purpose| Stream::keyed(seed, purpose, [link, name.value()]);
        channels.push(Channel {
            method: method.clone(),
            is_reply,
            connected: None,
            stream: keyed(Purpose::Message),
            resets: keyed(Purpose::Reset),
            late_copies: keyed(Purpose::LateCopy),
            decisions: Fold::default(),
        });
        channels.len() - 1
    });
    &mut channels[place]
}

/// Whether two names are equal. Most often they are the same constant of the program.
fn is_same(one: &Method, other: &Method) -> bool {
    std::ptr::eq::<str>(&**one, &**other) || one == other
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decision {
    latency: Nanos,
    lost: bool,
    copy_late_by: Option<Nanos>,
}

/// Turns four words into a decision: one for the latency, one for three chances, one for the tail
/// (its high half) and the copy (its low half), one for reordering (chance in its high bits).
fn decide(weather: &LinkWeather, [latency, chances, extra, reorder]: [u64; 4]) -> Decision {
    let [low, high] = weather.latency;
    let mut latency = within(low, high, latency);
    if chance(chances, 0, weather.tail_ppm) {
        latency += within(weather.tail[0], weather.tail[1], extra);
    }
    if chance(reorder, 2, weather.reorder_ppm) {
        latency += within(weather.reorder_by[0], weather.reorder_by[1], reorder << CHANCE_BITS);
    }
    let copy = within(Nanos::ZERO, weather.tail[1], extra << 32);
    Decision {
        latency,
        lost: chance(chances, 1, weather.loss_ppm),
        copy_late_by: chance(chances, 2, weather.duplicate_ppm).then_some(copy),
    }
}

/// One of the three chances that a word decides.
fn chance(word: u64, number: u32, rate: Ppm) -> bool {
    let drawn = (word >> (number * CHANCE_BITS)) & ((1 << CHANCE_BITS) - 1);
    (drawn * 1_000_000) >> CHANCE_BITS < u64::from(rate.0)
}

fn within(low: Nanos, high: Nanos, word: u64) -> Nanos {
    let width = u128::from(high.saturating_sub(low).0) + 1;
    low + Nanos(((u128::from(word) * width) >> 64) as u64)
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
