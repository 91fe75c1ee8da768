//! The handle by which test bodies drive a Raft cluster: waiting, counting, and wording of failures.

use super::bounds::{AGREEMENT_WITHIN, APPLIED_WITHIN, ASK_AGAIN, BATCH_WITHIN, ELECTION_WITHIN};
use crate::contract::{Digest, LogIndex, Proposed, Role, Term};
use crate::control::{Reply, Request};
use crate::invariants::{Violation, view_honesty};
use crate::judge::{Head, Known, RaftJudge};
use lab_harness::cluster::Cluster;
use lab_harness::failed::{Failed, TestResult};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::time::{Instant, timeout_at};

/// The servers of a test. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RaftCluster {
    cluster: Cluster<RaftJudge>,
    /// Those that are not cut off: the ones that MIT calls connected.
    connected: Rc<RefCell<BTreeSet<NodeId>>>,
}

/// A leader and its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Who.
    pub node: NodeId,
    /// Of which term.
    pub term: Term,
}

impl RaftCluster {
    /// All servers connected.
    #[must_use]
    pub fn new(cluster: Cluster<RaftJudge>) -> Self {
        let connected = cluster.nodes().iter().copied().collect();
        RaftCluster { cluster, connected: Rc::new(RefCell::new(connected)) }
    }

    /// The harness's handle.
    #[must_use]
    pub const fn inner(&self) -> &Cluster<RaftJudge> {
        &self.cluster
    }

    /// All servers, in order.
    #[must_use]
    pub fn nodes(&self) -> &[NodeId] {
        self.cluster.nodes()
    }

    /// How many there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.nodes().len()
    }

    /// The server `places` behind this one, going round.
    #[must_use]
    pub fn after(&self, node: NodeId, places: u32) -> NodeId {
        (0..places).fold(node, |node, _| self.cluster.after(node))
    }

    /// Cuts servers off from all others.
    pub fn cut_off(&self, nodes: &[NodeId]) {
        for node in nodes {
            self.connected.borrow_mut().remove(node);
            self.cluster.cut_off(*node);
        }
    }

    /// Connects servers with all others that are not cut off.
    pub fn reconnect(&self, nodes: &[NodeId]) {
        for node in nodes {
            for other in self.connected.borrow().iter().filter(|other| *other != node) {
                self.cluster.mend(*node, *other);
                self.cluster.mend(*other, *node);
            }
            self.connected.borrow_mut().insert(*node);
        }
    }

    fn is_connected(&self, node: NodeId) -> bool {
        self.connected.borrow().contains(&node)
    }

    /// Lets virtual time pass.
    pub async fn sleep(&self, span: Duration) {
        self.cluster.sleep(span).await;
    }

    /// Requests sent so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.cluster.counters().calls
    }

    /// Bytes sent so far, in requests and replies.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.cluster.counters().bytes
    }

    /// A number for a command that no other run of this test has.
    #[must_use]
    pub fn random_word(&self) -> u64 {
        self.cluster.stream("commands").word()
    }

    /// So many different servers.
    #[must_use]
    pub fn draw_different(&self, count: usize) -> Vec<NodeId> {
        let mut nodes = self.nodes().to_vec();
        self.cluster.stream("servers").shuffle(&mut nodes);
        nodes.truncate(count);
        nodes
    }

    // ---- Elections ----

    /// Waits until the connected servers have one leader, are in its term, and none stands against
    /// it; and asks each of them whether it says so too.
    ///
    /// # Errors
    /// When there is none in time, or a server answers otherwise than its view.
    pub async fn one_leader(&self) -> TestResult<NodeId> {
        Ok(self.leader_within(ELECTION_WITHIN).await?.node)
    }

    /// The same in so much time; says the term too.
    ///
    /// # Errors
    /// As [`one_leader`](Self::one_leader).
    pub async fn leader_within(&self, patience: Duration) -> TestResult<Leader> {
        let nobody = || {
            let seconds = patience.as_secs();
            self.failed("no-leader", format!("There is no leader after {seconds} s: {}.", self.roll_call()))
        };
        let leader = self.cluster.until(patience, |judge| self.settled(judge.known()), nobody).await;
        self.ask_all().await?; // whoever shows something else than it says is the better explanation
        leader
    }

    /// Asks all connected servers whether they are what they show.
    async fn ask_all(&self) -> TestResult {
        let connected: Vec<NodeId> = self.connected.borrow().iter().copied().collect();
        for node in connected {
            self.ask_status(node).await?;
        }
        Ok(())
    }

    /// The leader of all connected servers, if they are in its term and nobody stands against it.
    fn settled(&self, known: &Known) -> Option<Leader> {
        let node = known.leader_among(|node| self.is_connected(node))?;
        let term = known.server(node).leads()?;
        let follows = |other: NodeId| {
            let head = known.server(other).head;
            other == node || head.is_some_and(|head| head.term == term && head.role == Role::Follower)
        };
        self.connected.borrow().iter().all(|other| follows(*other)).then_some(Leader { node, term })
    }

    /// Watches that no connected server leads, and that nobody at all is elected.
    ///
    /// # Errors
    /// As soon as somebody is.
    pub async fn no_leader_for(&self, span: Duration) -> TestResult {
        let elected = self.cluster.judge().known().leaders().len();
        let leads = |known: &Known| {
            let newest = known.leaders().iter().next_back().filter(|_| known.leaders().len() > elected);
            let connected = known.leader_among(|node| self.is_connected(node));
            connected.or(newest.map(|(_, node)| *node))
        };
        let watched = self.cluster.never(span, |judge| {
            let node = leads(judge.known())?;
            let title = format!("{node} leads without a quorum: {}.", self.roll_call());
            Some(self.failed("leader-without-quorum", title))
        });
        watched.await
    }

    /// Watches that this leader leads on in its term, and that no connected server leaves that term.
    ///
    /// # Errors
    /// As soon as one does.
    pub async fn nothing_changes_for(&self, span: Duration, leader: Leader) -> TestResult {
        self.cluster.never(span, |judge| self.change_of(judge.known(), leader)).await
    }

    /// That this leader has led up to now, in its term.
    ///
    /// # Errors
    /// When there was another one.
    pub fn still_leads(&self, leader: Leader) -> TestResult {
        let change = self.change_of(self.cluster.judge().known(), leader);
        change.map_or(Ok(()), Err)
    }

    fn change_of(&self, known: &Known, leader: Leader) -> Option<Failed> {
        let Leader { node, term } = leader;
        let leads = known.server(node).leads() == Some(term);
        let left = |node: &NodeId| known.server(*node).head.is_some_and(|head| head.term != term);
        if leads && !self.connected.borrow().iter().any(left) {
            return None;
        }
        let title = format!("{node} led term {term}, nothing failed, and that changed: {}.", roll_call(known, |_| true));
        Some(self.failed("leader-change", title))
    }

    /// A server must answer as its view shows, unless that changes meanwhile.
    async fn ask_status(&self, node: NodeId) -> TestResult {
        let before = self.head(node);
        let Ok(reply) = self.cluster.control::<Reply>(node, &Request::Status).await else { return Ok(()) };
        let Some(head) = self.head(node).filter(|head| same_role(before, *head)) else { return Ok(()) };
        match reply {
            Reply::Status(status) if (status.term, status.role) == (head.term, head.role) => Ok(()),
            Reply::Status(status) => {
                let (says, shows) = (status.role, head.role);
                let terms = (status.term, head.term);
                Err(dishonest(node, format!("says it is {says} of {}, and shows {shows} of {}", terms.0, terms.1)))
            }
            other => Err(dishonest(node, format!("answers a question for its status with {other:?}"))),
        }
    }

    fn head(&self, node: NodeId) -> Option<Head> {
        self.cluster.judge().known().server(node).head
    }

    // ---- Commands ----

    /// Offers a command to one server; nothing if it is not the leader, or does not answer.
    ///
    /// # Errors
    /// When its answer and its view contradict each other.
    pub async fn propose(&self, node: NodeId, command: &[u8]) -> TestResult<Option<Proposed>> {
        let before = self.head(node);
        let Ok(reply) = self.cluster.control(node, &Request::Propose(command.to_vec())).await else { return Ok(None) };
        let head = self.head(node).filter(|head| same_role(before, *head));
        match reply {
            Reply::Proposed(proposed) => {
                self.check_proposed(node, head, proposed, command)?;
                Ok(Some(proposed))
            }
            Reply::NotLeader(_) => match head.filter(|head| head.role == Role::Leader) {
                Some(head) => {
                    Err(dishonest(node, format!("says it is not the leader, and shows leader of {}", head.term)))
                }
                None => Ok(None),
            },
            other => Err(dishonest(node, format!("answers a command with {other:?}"))),
        }
    }

    /// What a leader says of a command must be what its view shows.
    fn check_proposed(&self, node: NodeId, head: Option<Head>, proposed: Proposed, command: &[u8]) -> TestResult {
        let Some(head) = head else { return Ok(()) };
        let Proposed { index, term } = proposed;
        if (head.role, head.term) != (Role::Leader, term) {
            let what = format!("took a command as leader of {term}, and shows {} of {}", head.role, head.term);
            return Err(dishonest(node, what));
        }
        let judge = self.cluster.judge();
        match judge.known().server(node).log.get(index) {
            Some(shown) if (shown.term, shown.digest) != (term, Digest::of(command)) => {
                Err(dishonest(node, format!("says its entry {index} is the command it took, and shows another")))
            }
            _ => Ok(()),
        }
    }

    /// Offers a command to a server that must take it.
    ///
    /// # Errors
    /// When it does not.
    pub async fn must_take(&self, leader: NodeId, command: &[u8]) -> TestResult<Proposed> {
        let refused = || self.failed("leader-refuses", format!("{leader} leads and does not take a command."));
        self.propose(leader, command).await?.ok_or_else(refused)
    }

    /// MIT's `one(…, false)`: the leader takes the command, and so many servers apply it at the index
    /// that it said.
    ///
    /// # Errors
    /// When there is no leader in time, it does not take it, or it is not applied in time.
    pub async fn agree(&self, command: impl AsRef<[u8]>, servers: usize) -> TestResult<LogIndex> {
        let command = command.as_ref();
        let leader = self.leader_within(AGREEMENT_WITHIN).await?.node;
        let Proposed { index, .. } = self.must_take(leader, command).await?;
        if self.applied_within(APPLIED_WITHIN, index, command, servers).await {
            return Ok(index);
        }
        Err(self.not_applied(index, servers, APPLIED_WITHIN))
    }

    /// MIT's `one(…, true)`: the same, and whatever a leader took and lost is offered again.
    ///
    /// # Errors
    /// When it is not applied in time.
    pub async fn agree_in_the_end(&self, command: impl AsRef<[u8]>, servers: usize) -> TestResult<LogIndex> {
        let command = command.as_ref();
        let deadline = Instant::now() + AGREEMENT_WITHIN;
        while Instant::now() < deadline {
            let leader = self.cluster.judge().known().leader_among(|node| self.is_connected(node));
            let taken = match leader {
                Some(leader) => self.propose(leader, command).await?,
                None => None,
            };
            match taken {
                Some(Proposed { index, .. }) => {
                    let left = APPLIED_WITHIN.min(deadline - Instant::now());
                    if self.applied_within(left, index, command, servers).await {
                        return Ok(index);
                    }
                }
                None => {
                    let again = deadline.min(Instant::now() + ASK_AGAIN);
                    let _ = timeout_at(again, self.cluster.tester().changed()).await;
                }
            }
        }
        self.ask_all().await?;
        let seconds = AGREEMENT_WITHIN.as_secs();
        let title = format!("{servers} servers did not agree on a new command within {seconds} s: {}.", self.roll_call());
        Err(self.failed("no-agreement", title))
    }

    /// Waits until so many servers have applied all these commands at these indices.
    ///
    /// # Errors
    /// When they have not in time.
    pub async fn applied_everywhere(&self, commands: &[(LogIndex, Vec<u8>)]) -> TestResult {
        let last = commands.iter().map(|(index, _)| *index).max().unwrap_or_default();
        let all = |judge: &RaftJudge| (judge.known().applied_count(last) == self.size()).then_some(());
        self.cluster.until(BATCH_WITHIN, all, || self.not_applied(last, self.size(), BATCH_WITHIN)).await?;
        for (index, command) in commands {
            if self.value_at(*index) != Some(Digest::of(command)) {
                let title = format!("At index {index} another command was applied than the one that the leader took.");
                return Err(self.failed("wrong-value", title));
            }
        }
        Ok(())
    }

    /// Watches that nobody commits or applies anything at `index` or after it.
    ///
    /// # Errors
    /// As soon as somebody does.
    pub async fn nothing_commits_for(&self, span: Duration, index: LogIndex) -> TestResult {
        let watched = self.cluster.never(span, |judge| {
            let known = judge.known();
            let committed = known.committed().get(index).map(|committed| ("committed", committed.shown_by));
            let applied = known.first_applied(index).map(|first| ("applied", first.node));
            let (what, node) = applied.or(committed)?;
            Some(self.failed("commit-without-quorum", format!("{node} {what} entry {index} without a quorum.")))
        });
        watched.await
    }

    /// That nobody has applied anything at `index` yet.
    ///
    /// # Errors
    /// When somebody has.
    pub fn nothing_applied_at(&self, index: LogIndex) -> TestResult {
        match self.cluster.judge().known().first_applied(index) {
            Some(first) => {
                let title = format!("{} applied entry {index} before any command was proposed for it.", first.node);
                Err(self.failed("applied-out-of-nothing", title))
            }
            None => Ok(()),
        }
    }

    /// Waits until a command is applied at its index by so many; `false` if it is not, in time or
    /// because another one was.
    async fn applied_within(&self, patience: Duration, index: LogIndex, command: &[u8], servers: usize) -> bool {
        let digest = Digest::of(command);
        let look = |judge: &RaftJudge| match judge.known().first_applied(index) {
            Some(first) if first.digest != digest => Some(false),
            _ => (judge.known().applied_count(index) >= servers).then_some(true),
        };
        let otherwise = || self.failed("no-agreement", "");
        self.cluster.until(patience, look, otherwise).await.unwrap_or(false)
    }

    fn value_at(&self, index: LogIndex) -> Option<Digest> {
        self.cluster.judge().known().first_applied(index).map(|first| first.digest)
    }

    fn not_applied(&self, index: LogIndex, servers: usize, patience: Duration) -> Failed {
        let count = self.cluster.judge().known().applied_count(index);
        let seconds = patience.as_secs();
        let title = format!(
            "A leader took a command as entry {index}; {servers} servers should have applied it within {seconds} s, \
             {count} did: {}.",
            self.roll_call()
        );
        self.failed("no-agreement", title)
    }

    // ---- Words ----

    /// A failed expectation of a test body.
    pub fn failed(&self, rule: &'static str, title: impl Into<String>) -> Failed {
        Failed::new(rule, title)
    }

    /// What each server is at the moment.
    fn roll_call(&self) -> String {
        roll_call(self.cluster.judge().known(), |node| self.is_connected(node))
    }
}

fn roll_call(known: &Known, is_connected: impl Fn(NodeId) -> bool) -> String {
    let servers = known.servers().map(|(node, server)| {
        let what = match server.head {
            _ if !server.running => "down".to_owned(),
            None => "starting".to_owned(),
            Some(head) => format!("{} of {}", head.role, head.term),
        };
        format!("{node} {what}{}", if is_connected(node) { "" } else { " (cut off)" })
    });
    servers.collect::<Vec<_>>().join(", ")
}

/// Whether term and role have stayed as they were.
fn same_role(before: Option<Head>, now: Head) -> bool {
    before.is_some_and(|before| (before.term, before.role) == (now.term, now.role))
}

fn dishonest(node: NodeId, what: impl std::fmt::Display) -> Failed {
    view_honesty::RULE.broken(Violation::new(format!("{node} {what}"), [node]))
}
