//! A TCP proxy on every directed link of a flight: cuts, latency and half-open connections, without root.
//!
//! Each ordered pair of nodes has a port: the first finds the second there, since its configuration says so. What it
//! sends over such a connection is the link (first, second), what comes back is the link (second, first). What TCP
//! promises stays true: nothing is lost, doubled or overtaken, a cut holds bytes back until it is mended; but for a
//! connection that is left half open, of which one end learns at once that it is lost, and the other later.
//! A kernel's handshake is done by the proxy, so a connect over a cut link succeeds and then is silent.
//!
//! | file | holds |
//! |---|---|
//! | `pair` | the port of an ordered pair, and its connections |
//! | `pump` | one direction of a connection |
//! | `delay_line` | what is under way in it |
//! | `link` | the state of a directed link |

mod delay_line;
mod link;
mod pair;
mod pump;

pub use pair::Side;
pub(super) use pair::hold_port;

use super::latency::Latency;
use crate::units::{NodeId, Seed};
use link::Link;
use pair::Pair;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;
use tokio::sync::{oneshot, watch};
use tokio::task::LocalSet;

/// How long ports are waited for that should open or close. Past it the machine is short of something, and connections
/// are refused or accepted that should not be.
const SETTLED: Duration = Duration::from_secs(1);

/// The proxies of a flight, which run on a thread of their own until this is dropped.
#[derive(Debug)]
pub struct Proxies {
    links: BTreeMap<(NodeId, NodeId), Link>,
    alive: BTreeMap<NodeId, watch::Sender<bool>>,
    ports: BTreeMap<(NodeId, NodeId), Port>,
    /// Dropped when it is over.
    steered: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The port of a pair. It is held even while nobody listens.
#[derive(Debug)]
struct Port {
    address: SocketAddr,
    halved: Arc<watch::Sender<(u64, Side)>>,
    /// Whether somebody listens there.
    open: watch::Receiver<bool>,
    _held: TcpSocket,
}

impl Proxies {
    /// Proxies between nodes that listen at those addresses. None counts as alive yet.
    ///
    /// # Errors
    /// When the system has no port or no thread left.
    pub fn between(nodes: &BTreeMap<NodeId, SocketAddr>, latency: Latency, seed: Seed) -> io::Result<Self> {
        let both_ways = || nodes.keys().flat_map(|from| nodes.keys().map(move |to| (*from, *to)));
        let pairs = || both_ways().filter(|(from, to)| from != to);
        let links = pairs().map(|link| (link, Link::new(latency))).collect::<BTreeMap<_, _>>();
        let alive = nodes.keys().map(|node| (*node, watch::Sender::new(false))).collect::<BTreeMap<_, _>>();
        let mut ports = BTreeMap::new();
        let mut served = Vec::new();
        for (dialler, acceptor) in pairs() {
            let (held, address) = hold_port()?;
            let halved = Arc::new(watch::Sender::new((0, Side::Dialler)));
            let is_open = watch::Sender::new(false);
            let open = is_open.subscribe();
            served.push(Pair {
                seed,
                dialler,
                acceptor,
                port: address,
                target: nodes[&acceptor],
                there: links[&(dialler, acceptor)].watch(),
                back: links[&(acceptor, dialler)].watch(),
                alive: alive[&acceptor].subscribe(),
                halved: halved.clone(),
                is_open,
            });
            ports.insert((dialler, acceptor), Port { address, halved, open, _held: held });
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (steered, over) = oneshot::channel();
        let thread = std::thread::Builder::new().name("proxies".into()).spawn(move || {
            let tasks = LocalSet::new();
            for pair in served {
                tasks.spawn_local(pair.run());
            }
            let _ = runtime.block_on(tasks.run_until(over));
        })?;
        Ok(Proxies { links, alive, ports, steered: Some(steered), thread: Some(thread) })
    }

    /// Where `dialler` finds `acceptor`.
    ///
    /// # Panics
    /// As all of these: for nodes that do not exist, or are the same.
    #[must_use]
    pub fn address(&self, dialler: NodeId, acceptor: NodeId) -> SocketAddr {
        self.ports[&(dialler, acceptor)].address
    }

    /// Says whether a node's process runs. Who connects to one that does not is refused, unless a cut hides that.
    pub fn set_alive(&self, node: NodeId, alive: bool) {
        self.alive[&node].send_replace(alive);
        self.ports.keys().filter(|(_, acceptor)| *acceptor == node).for_each(|pair| self.settle(*pair));
    }

    /// Holds back all bytes of one directed link, or lets them flow.
    pub fn set_cut(&self, from: NodeId, to: NodeId, cut: bool) {
        self.links[&(from, to)].set_cut(cut);
        self.settle((from, to));
        self.settle((to, from));
    }

    /// Waits until the port of a pair is as open as it should be: what comes later finds it so.
    fn settle(&self, (dialler, acceptor): (NodeId, NodeId)) {
        const LOOK: Duration = Duration::from_micros(50);
        let is_cut = self.links[&(dialler, acceptor)].is_cut() || self.links[&(acceptor, dialler)].is_cut();
        let should_be_open = is_cut || *self.alive[&acceptor].borrow();
        let deadline = Instant::now() + SETTLED;
        while *self.ports[&(dialler, acceptor)].open.borrow() != should_be_open && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
    }

    /// Makes one directed link so slow from now on.
    pub fn set_latency(&self, from: NodeId, to: NodeId, latency: Latency) {
        self.links[&(from, to)].set_latency(latency);
    }

    /// Whether one directed link is cut.
    #[must_use]
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.links[&(from, to)].is_cut()
    }

    /// Leaves all connections that `dialler` has to `acceptor` half open, as a peer that has forgotten them does: `told`
    /// gets a reset. The other end gets nothing, what it sends is lost, and only then it is reset as well. Says how many
    /// there are.
    pub fn halve(&self, dialler: NodeId, acceptor: NodeId, told: Side) -> u64 {
        let halved = &self.ports[&(dialler, acceptor)].halved;
        let connections = halved.receiver_count() as u64; // those who hear it go at once
        halved.send_modify(|(count, side)| (*count, *side) = (*count + 1, told));
        connections
    }

    /// Bytes sent over all links so far, frames and all.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.links.values().map(Link::bytes).sum()
    }
}

impl Drop for Proxies {
    fn drop(&mut self) {
        self.steered = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
