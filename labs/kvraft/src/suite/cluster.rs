//! The handle by which test bodies drive servers and their clients.

use super::bounds::{ANSWER_AFTER_STORM, ANSWER_WITHIN, LEADER_WITHIN, STATE_WITHIN};
use super::client::Client;
use crate::control::{Reply, Request};
use crate::judge::KvRaftJudge;
use lab_harness::cluster::Cluster;
use lab_harness::failed::{Failed, TestResult};
use lab_harness::load::value_of;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::time::{Instant, sleep, timeout};
use windtunnel::world::LinkWeather;
use windtunnel::{Nanos, NodeId, Ppm};

/// Each message takes so long on an unreliable network. (MIT: a request 0 to 26 ms, a reply nothing)
const DELAY: Duration = Duration::from_millis(26);

/// A tenth of requests and a tenth of replies is lost there. (MIT: the same, but the caller is told at once)
const LOSS: Ppm = Ppm(100_000);

/// A disk wakes nobody: whoever waits for it looks so often.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The servers and clients of a test. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KvRaftCluster {
    cluster: Cluster<KvRaftJudge>,
    words: Rc<Cell<u64>>,
}

impl KvRaftCluster {
    /// The nodes of a test.
    #[must_use]
    pub fn new(cluster: Cluster<KvRaftJudge>) -> Self {
        KvRaftCluster { cluster, words: Rc::default() }
    }

    /// The harness's handle.
    #[must_use]
    pub const fn inner(&self) -> &Cluster<KvRaftJudge> {
        &self.cluster
    }

    /// All servers, in order.
    #[must_use]
    pub fn servers(&self) -> &[NodeId] {
        self.cluster.servers()
    }

    /// A client on each node of clients.
    #[must_use]
    pub fn clients(&self) -> Vec<Client> {
        self.cluster.client_nodes().iter().map(|node| Client::on(self.clone(), *node)).collect()
    }

    /// Lets virtual time pass.
    pub async fn sleep(&self, span: Duration) {
        self.cluster.sleep(span).await;
    }

    /// A time in that range.
    #[must_use]
    pub fn draw(&self, low_ms: u64, high_ms: u64) -> Duration {
        self.cluster.draw(low_ms, high_ms)
    }

    /// A number below that one.
    #[must_use]
    pub fn draw_below(&self, bound: u64) -> u64 {
        self.cluster.stream("choices").below(bound)
    }

    /// One of these servers.
    #[must_use]
    pub fn draw_one(&self, servers: &[NodeId]) -> NodeId {
        servers[self.draw_below(servers.len() as u64) as usize]
    }

    /// A value that no other operation of this test has.
    #[must_use]
    pub fn new_value(&self) -> String {
        self.words.set(self.words.get() + 1);
        value_of(self.words.get())
    }

    /// Who leads, among all servers.
    ///
    /// # Errors
    /// When nobody does in time.
    pub async fn leader(&self) -> TestResult<NodeId> {
        self.leader_among(self.servers()).await
    }

    /// Who leads, of these servers.
    ///
    /// # Errors
    /// When nobody does in time.
    pub async fn leader_among(&self, servers: &[NodeId]) -> TestResult<NodeId> {
        let look = |judge: &KvRaftJudge| judge.raft().known().leader_among(|node| servers.contains(&node));
        let otherwise = || {
            let title = format!("Nobody of {} servers leads after {} s.", servers.len(), LEADER_WITHIN.as_secs());
            self.failed("no-leader", title).on(servers.iter().copied())
        };
        self.cluster.until("a leader", LEADER_WITHIN, look, otherwise).await
    }

    /// All servers but these.
    #[must_use]
    pub fn servers_but(&self, these: &[NodeId]) -> Vec<NodeId> {
        self.servers().iter().copied().filter(|server| !these.contains(server)).collect()
    }

    /// Links that are late and lose messages.
    pub fn make_unreliable(&self) {
        let latency = [Nanos::ZERO, Nanos::from(DELAY)];
        self.cluster.set_links(LinkWeather { latency, loss_ppm: LOSS, ..self.cluster.calm() });
    }

    /// Links that are as late, and lose nothing. (MIT: who sends what is lost is told so, and sends again within as much time)
    pub fn make_late(&self) {
        self.cluster.set_links(LinkWeather { latency: [Nanos::ZERO, Nanos::from(DELAY)], ..self.cluster.calm() });
    }

    /// Lets servers reach those of their own group alone. Clients reach all of them.
    pub fn partition(&self, groups: &[&[NodeId]]) {
        let group_of = |node: NodeId| groups.iter().position(|group| group.contains(&node));
        for (from, to) in self.links_of_servers() {
            if group_of(from).is_some() && group_of(from) == group_of(to) {
                self.cluster.mend(from, to);
            } else {
                self.cluster.cut(from, to);
            }
        }
    }

    /// Lets servers reach each other again.
    pub fn mend(&self) {
        self.links_of_servers().for_each(|(from, to)| self.cluster.mend(from, to));
    }

    fn links_of_servers(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        let is_server = |node: &NodeId| self.servers().contains(node);
        self.cluster.links().filter(move |(from, to)| is_server(from) && is_server(to))
    }

    /// Kills a server or takes its power, as is drawn.
    pub fn crash(&self, server: NodeId) {
        self.cluster.crash(server);
    }

    /// Crashes a server and starts it again after a while.
    pub async fn crash_for(&self, server: NodeId, down: Duration) {
        self.crash(server);
        self.sleep(down).await;
        self.cluster.start(server);
    }

    /// Crashes all servers and starts them again after a while.
    pub async fn crash_all_for(&self, down: Duration) {
        self.crash_these_for(self.servers(), down).await;
    }

    /// Crashes some servers and starts them again after a while.
    pub async fn crash_these_for(&self, servers: &[NodeId], down: Duration) {
        servers.iter().for_each(|server| self.crash(*server));
        self.sleep(down).await;
        servers.iter().for_each(|server| self.cluster.start(*server));
    }

    /// Waits until nothing that was asked is without an answer.
    ///
    /// # Errors
    /// When something is for too long.
    pub async fn all_answered(&self) -> TestResult {
        self.cluster.all_answered(ANSWER_AFTER_STORM, |judge| judge.operations().oldest_open()).await
    }

    /// That soon no running server's disk holds more than that besides its snapshot.
    ///
    /// # Errors
    /// When one does.
    pub async fn small_state(&self, most: u64) -> TestResult {
        for server in self.servers().iter().filter(|server| self.cluster.is_running(**server)) {
            let mut bytes = self.state_bytes(*server).await?;
            let deadline = Instant::now() + STATE_WITHIN;
            while bytes.is_none_or(|bytes| bytes > most) {
                if Instant::now() >= deadline {
                    return Err(self.too_large(*server, bytes, most));
                }
                sleep(LOOK_EVERY).await;
                bytes = self.state_bytes(*server).await?;
            }
        }
        Ok(())
    }

    /// What a server's disk holds besides its snapshot. One that was down a moment ago reads its log before it answers.
    async fn state_bytes(&self, server: NodeId) -> TestResult<Option<u64>> {
        let _awaiting = self.cluster.awaiting("the size of the state");
        match timeout(ANSWER_WITHIN, self.cluster.ask_on_and_on(server, &Request::StateBytes)).await {
            Ok(Reply::StateBytes(bytes)) => Ok(bytes),
            Ok(other) => Err(self.odd(server, &other)),
            Err(_) => {
                let title = format!("{server} does not say what its disk holds for {} s.", ANSWER_WITHIN.as_secs());
                Err(self.failed("no-answer", title).on([server]))
            }
        }
    }

    /// A disk that holds too much, or of which nobody ever knows how much it holds.
    fn too_large(&self, server: NodeId, bytes: Option<u64>, most: u64) -> Failed {
        let title = match bytes {
            Some(bytes) => format!("The disk of {server} holds {bytes} bytes besides its snapshot; {most} would do."),
            None => {
                let waited = STATE_WITHIN.as_secs();
                format!(
                    "For {waited} s nobody knows what the disk of {server} holds: its files change whenever one looks."
                )
            }
        };
        self.failed("state-too-large", title).on([server])
    }

    /// A failed expectation of a test body.
    pub fn failed(&self, rule: &'static str, title: impl Into<String>) -> Failed {
        Failed::new(rule, title)
    }

    /// An answer that is none to what was asked.
    pub(super) fn odd(&self, node: NodeId, reply: &Reply) -> Failed {
        self.failed("own-answers", format!("{node} answers its tester {reply:?}.")).on([node])
    }
}
