//! The handle by which a test body drives its nodes.

pub use crate::awaited::Awaiting;
use crate::awaited::Waits;
use crate::failed::{Failed, TestResult};
use crate::judge::Judge;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::{Ref, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::line::ControlFailure;
use windtunnel::time::{sleep, timeout};
use windtunnel::world::{Command, Counters, LinkWeather, Tester};
use windtunnel::{Nanos, NodeId, rand};

/// Room for most control requests, serialised.
const REQUEST_BYTES: usize = 64;

/// Where nodes are: in the tunnel, or on a real machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings {
    /// What links are like without a fault.
    pub calm: LinkWeather,
    /// Whether a node can lose its power.
    pub power_losses: bool,
}

/// The nodes of a test, and what its judge knows of them. Cheap to clone.
pub struct Cluster<J: Judge> {
    tester: Tester,
    judge: Rc<RefCell<J>>,
    /// How many nodes are none of clients.
    servers: u32,
    surroundings: Surroundings,
    waits: Waits,
}

impl<J: Judge> Clone for Cluster<J> {
    fn clone(&self) -> Self {
        Cluster {
            tester: self.tester.clone(),
            judge: self.judge.clone(),
            servers: self.servers,
            surroundings: self.surroundings,
            waits: self.waits.clone(),
        }
    }
}

impl<J: Judge> fmt::Debug for Cluster<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("nodes", &self.nodes()).finish_non_exhaustive()
    }
}

impl<J: Judge> Cluster<J> {
    pub(crate) const fn new(
        tester: Tester,
        judge: Rc<RefCell<J>>,
        servers: u32,
        surroundings: Surroundings,
        waits: Waits,
    ) -> Self {
        Cluster { tester, judge, servers, surroundings, waits }
    }

    /// The same nodes for who works beside the test body: what they wait for is not what the test waits for.
    pub(crate) fn for_helpers(&self) -> Self {
        Cluster { waits: Waits::default(), ..self.clone() }
    }

    /// All nodes, in order.
    #[must_use]
    pub fn nodes(&self) -> &[NodeId] {
        self.tester.nodes()
    }

    /// The nodes that the test is about, in order: all but those of clients.
    #[must_use]
    pub fn servers(&self) -> &[NodeId] {
        &self.nodes()[..self.servers as usize]
    }

    /// The nodes of clients, in order.
    #[must_use]
    pub fn client_nodes(&self) -> &[NodeId] {
        &self.nodes()[self.servers as usize..]
    }

    /// The server behind this one, going round.
    #[must_use]
    pub fn after(&self, node: NodeId) -> NodeId {
        NodeId(node.0 % self.servers + 1)
    }

    /// What the judge has seen. Do not hold it across an `.await`.
    #[must_use]
    pub fn judge(&self) -> Ref<'_, J> {
        self.judge.borrow()
    }

    /// The world's own handle, for what has no name here.
    #[must_use]
    pub const fn tester(&self) -> &Tester {
        &self.tester
    }

    /// Virtual time since the start.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.tester.now()
    }

    /// What was counted so far: messages, bytes, calls.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.tester.counters()
    }

    /// A stream for what a test draws.
    #[must_use]
    pub fn stream(&self, name: &'static str) -> rand::Stream {
        self.tester.stream(name)
    }

    /// A time in that range, in milliseconds.
    #[must_use]
    pub fn draw(&self, low_ms: u64, high_ms: u64) -> Duration {
        self.stream("times").duration(Duration::from_millis(low_ms), Duration::from_millis(high_ms))
    }

    /// Whether a node's process runs.
    #[must_use]
    pub fn is_running(&self, node: NodeId) -> bool {
        self.tester.is_running(node)
    }

    /// Starts a node from what is on its disk.
    pub fn start(&self, node: NodeId) {
        self.tester.start(node);
    }

    /// Kills a node's process; the page cache stays.
    pub fn kill(&self, node: NodeId) {
        self.tester.kill(node);
    }

    /// Takes the power from a node's machine; what is not synced may be lost. Not in flight, where it is skipped aloud.
    pub fn power_loss(&self, node: NodeId) {
        self.tester.power_loss(node);
    }

    /// Kills a node or takes its power, as is drawn.
    pub fn crash(&self, node: NodeId) {
        self.tester.apply(self.crash_command(node));
    }

    /// A kill or a loss of power, as is drawn; in flight always a kill.
    #[must_use]
    pub fn crash_command(&self, node: NodeId) -> Command {
        match self.stream("crashes").below(2) {
            1 if self.has_power_losses() => Command::PowerLoss(node),
            _ => Command::Kill(node),
        }
    }

    /// Whether a node can lose its power: a real machine is not switched off by a test.
    #[must_use]
    pub const fn has_power_losses(&self) -> bool {
        self.surroundings.power_losses
    }

    /// Kills a node and starts it again at once.
    pub fn restart(&self, node: NodeId) {
        self.kill(node);
        self.start(node);
    }

    /// Makes a node stand still.
    pub fn pause(&self, node: NodeId) {
        self.tester.pause(node);
    }

    /// Lets a paused node run on.
    pub fn resume(&self, node: NodeId) {
        self.tester.resume(node);
    }

    /// Cuts one directed link.
    pub fn cut(&self, from: NodeId, to: NodeId) {
        self.tester.cut(from, to);
    }

    /// Mends one directed link.
    pub fn mend(&self, from: NodeId, to: NodeId) {
        self.tester.mend(from, to);
    }

    /// Cuts a node off from all others, in both directions.
    pub fn cut_off(&self, node: NodeId) {
        for other in self.others(node) {
            self.cut(node, other);
            self.cut(other, node);
        }
    }

    /// Connects a node with all others again.
    pub fn reconnect(&self, node: NodeId) {
        for other in self.others(node) {
            self.mend(node, other);
            self.mend(other, node);
        }
    }

    /// Lets nodes reach those of their own group alone; nodes in no group reach nobody.
    pub fn partition(&self, groups: &[&[NodeId]]) {
        let group_of = |node: NodeId| groups.iter().position(|group| group.contains(&node));
        for (from, to) in self.links() {
            if group_of(from).is_some() && group_of(from) == group_of(to) {
                self.mend(from, to);
            } else {
                self.cut(from, to);
            }
        }
    }

    /// Mends all links, and gives them the weather with which the test began.
    pub fn heal(&self) {
        for (from, to) in self.links() {
            self.mend(from, to);
            self.tester.set_link(from, to, self.calm());
        }
    }

    /// Gives one directed link other weather.
    pub fn set_link(&self, from: NodeId, to: NodeId, weather: LinkWeather) {
        self.tester.set_link(from, to, weather);
    }

    /// Gives all links between nodes other weather.
    pub fn set_links(&self, weather: LinkWeather) {
        for (from, to) in self.links() {
            self.set_link(from, to, weather);
        }
    }

    /// The weather with which the test began.
    #[must_use]
    pub const fn calm(&self) -> LinkWeather {
        self.surroundings.calm
    }

    fn others(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        self.nodes().iter().copied().filter(move |other| *other != node)
    }

    /// All directed links between nodes.
    pub fn links(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.nodes().iter().flat_map(|from| self.others(*from).map(|to| (*from, to)))
    }

    /// Asks a node over its control port.
    ///
    /// # Errors
    /// When the node is down, dies before it answers, or has no control handler of the lab's: not yet, or not any more.
    pub async fn control<A: DeserializeOwned>(
        &self,
        node: NodeId,
        request: &impl Serialize,
    ) -> Result<A, ControlFailure> {
        let _awaiting = self.waits.begin_answer(node);
        let body = postcard::to_extend(request, Vec::with_capacity(REQUEST_BYTES))
            .expect("a control request always serialises");
        let reply = self.tester.control(node, body).await?;
        // Whoever answers in other words has taken the control port away from the lab: nobody is there for it.
        postcard::from_bytes(&reply).map_err(|_| ControlFailure::NoHandler)
    }

    /// Says what is waited for as long as the answer lives, in words that go on after "waited for": "a leader above
    /// term 3". A run that ends meanwhile tells the wait that began last.
    pub fn awaiting(&self, what: impl fmt::Display) -> Awaiting {
        self.waits.begin(format_args!("waited for {what}"))
    }

    /// Waits for `what` until `look` finds it in what the judge knows, looking again whenever that changed.
    ///
    /// # Errors
    /// After `patience` of virtual time, with what `otherwise` says.
    pub async fn until<T>(
        &self,
        what: impl fmt::Display,
        patience: Duration,
        mut look: impl FnMut(&J) -> Option<T>,
        otherwise: impl FnOnce() -> Failed,
    ) -> TestResult<T> {
        let _awaiting = self.awaiting(what);
        match timeout(patience, self.found(&mut look)).await {
            Ok(found) => Ok(found),
            Err(_) => look(&self.judge()).ok_or_else(otherwise),
        }
    }

    /// Watches for `span` that `what` holds (in words that go on after "watched that": "nobody leads"),
    /// which is that `look` finds nothing.
    ///
    /// # Errors
    /// As soon as it finds something, with that.
    pub async fn never(
        &self,
        what: impl fmt::Display,
        span: Duration,
        mut look: impl FnMut(&J) -> Option<Failed>,
    ) -> TestResult {
        let _watching = self.waits.begin(format_args!("watched that {what}"));
        timeout(span, self.found(&mut look)).await.map_or(Ok(()), Err)
    }

    /// What `look` finds, looking again whenever something changed.
    async fn found<T>(&self, look: &mut impl FnMut(&J) -> Option<T>) -> T {
        loop {
            if let Some(found) = look(&self.judge()) {
                return found;
            }
            self.tester.changed().await;
        }
    }

    /// Lets virtual time pass.
    pub async fn sleep(&self, span: Duration) {
        let _sleeping = self.waits.begin_sleep(span.into());
        sleep(span).await;
    }
}
