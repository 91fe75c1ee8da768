//! Waiting for leaders, and watching that there is none or that none changes.

use super::super::bounds::ELECTION_WITHIN;
use super::{RaftCluster, dishonest, roll_call, same_role};
use crate::contract::{Role, Term};
use crate::control::{Reply, Request};
use crate::judge::Known;
use lab_harness::failed::{Failed, TestResult};
use std::time::Duration;
use windtunnel::NodeId;

/// A leader and its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Who.
    pub node: NodeId,
    /// Of which term.
    pub term: Term,
}

impl RaftCluster {
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
        let nobody = || self.failed("no-leader", self.why_unsettled(patience));
        let leader =
            self.cluster.until(self.leader_in_words(), patience, |judge| self.settled(judge.known()), nobody).await;
        self.ask_all().await?; // whoever shows something else than it says is the better explanation
        leader
    }

    /// What is missing: a leader, or servers that follow it.
    fn why_unsettled(&self, patience: Duration) -> String {
        let (seconds, roll_call) = (patience.as_secs(), self.roll_call());
        let judge = self.cluster.judge();
        let known = judge.known();
        let leader = known.leader_among(|node| self.is_connected(node));
        let Some((leader, term)) = leader.and_then(|node| Some((node, known.server(node).leads()?))) else {
            return format!("There is no leader after {seconds} s: {roll_call}.");
        };
        let connected = self.connected.borrow();
        let up = |other: &NodeId| known.server(*other).running;
        let others = connected.iter().filter(|other| **other != leader && up(other) && !follows(known, **other, term));
        let others: Vec<String> = others.map(ToString::to_string).collect();
        let (others, follow) = match &others[..] {
            [one] => (one.clone(), "does not follow it"),
            several => (several.join(", "), "do not follow it"),
        };
        format!("{leader} leads term {term}, and after {seconds} s {others} {follow}: {roll_call}.")
    }

    /// Whose leader is waited for.
    fn leader_in_words(&self) -> String {
        let connected = self.connected.borrow();
        if connected.len() == self.size() {
            return "a leader whom all servers follow".to_owned();
        }
        let nodes: Vec<String> = connected.iter().map(|node| node.0.to_string()).collect();
        format!("a leader whom the connected servers follow (nodes {})", nodes.join(", "))
    }

    /// Asks all connected servers whether they are what they show.
    pub(super) async fn ask_all(&self) -> TestResult {
        let connected: Vec<NodeId> = self.connected.borrow().iter().copied().collect();
        for node in connected {
            self.ask_status(node).await?;
        }
        Ok(())
    }

    /// The leader of all connected servers that run, if they are in its term and nobody stands against it.
    fn settled(&self, known: &Known) -> Option<Leader> {
        let node = known.leader_among(|node| self.is_connected(node))?;
        let term = known.server(node).leads()?;
        let up = |other: &NodeId| known.server(*other).running;
        let connected = self.connected.borrow();
        let all =
            connected.iter().filter(|other| up(other)).all(|other| *other == node || follows(known, *other, term));
        all.then_some(Leader { node, term })
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
        let watched = self.cluster.never("nobody leads without a quorum", span, |judge| {
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
        let what = format!("{} leads term {} on", leader.node, leader.term);
        self.cluster.never(what, span, |judge| self.change_of(judge.known(), leader)).await
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
        let title =
            format!("{node} led term {term}, nothing failed, and that changed: {}.", roll_call(known, |_| true));
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
}

/// Whether a server is a follower in that term.
fn follows(known: &Known, node: NodeId, term: Term) -> bool {
    known.server(node).head.is_some_and(|head| head.term == term && head.role == Role::Follower)
}
