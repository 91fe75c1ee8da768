//! Setting a scene: who hears whom, who leads, who has which entry. For the situations that the paper draws.

use super::super::bounds::LOOK_EVERY;
use super::RaftCluster;
use crate::contract::Proposed;
use crate::judge::Known;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::time::{Instant, timeout_at};
use windtunnel::world::disk::DiskWeather;
use windtunnel::world::{Command, LinkWeather};
use windtunnel::{Nanos, NodeId};

/// A scene is set within. An election that one server alone can win may take a few terms.
const WITHIN: Duration = Duration::from_secs(20);

/// A thousandth of the speed.
const ALMOST_STILL_PPM: i32 = -999_000;

impl RaftCluster {
    /// Cuts all links but those between `middle` and `others`. With as many others as make a majority, nobody
    /// but the one in the middle can be elected: the others do not hear each other.
    pub fn star(&self, middle: NodeId, others: &[NodeId]) {
        self.cut_off(self.nodes());
        for other in others {
            self.cluster.mend(middle, *other);
            self.cluster.mend(*other, middle);
        }
        self.connected.borrow_mut().extend(others.iter().chain([&middle]));
    }

    /// Brings it about that `node` leads, by the votes of `voters` and its own, with all other links cut. None of the
    /// voters may lead already.
    ///
    /// # Errors
    /// When it cannot be elected by them.
    pub async fn elect(&self, node: NodeId, voters: &[NodeId]) -> TestResult {
        self.star(node, voters);
        let leads = |known: &Known| (known.leader_among(|other| self.is_connected(other)) == Some(node)).then_some(());
        let nobody = || {
            let title =
                format!("{node} could be elected, and after {} s is not: {}.", WITHIN.as_secs(), self.roll_call());
            self.failed("no-leader", title)
        };
        self.cluster.until(format!("{node} to be elected"), WITHIN, |judge| leads(judge.known()), nobody).await
    }

    /// Waits until a server's log has an entry, and then until it must be on its disk too.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn replicated_to(&self, node: NodeId, entry: Proposed) -> TestResult {
        let has = |known: &Known| known.server(node).log.term_at(entry.index) == Some(entry.term);
        if self.comes_true(has).await {
            return Ok(());
        }
        let Proposed { index, term } = entry;
        let title =
            format!("The leader of term {term} took entry {index}, and {node}, whom it reaches, does not get it.");
        Err(self.failed("not-replicated", title))
    }

    /// Whether something comes true of what the servers show, logs included; of a role or a commit this is known at
    /// the very step.
    pub async fn comes_true(&self, what: impl FnMut(&Known) -> bool) -> bool {
        self.comes_true_within(WITHIN, what).await
    }

    /// The same in so much time.
    pub async fn comes_true_within(&self, patience: Duration, what: impl FnMut(&Known) -> bool) -> bool {
        self.looks_until(patience, LOOK_EVERY, what).await
    }

    /// The same of a term, a role, a commit or what is applied, which wakes whoever waits: nobody looks in between.
    pub async fn is_shown_within(&self, patience: Duration, what: impl FnMut(&Known) -> bool) -> bool {
        self.looks_until(patience, patience, what).await
    }

    async fn looks_until(&self, patience: Duration, every: Duration, mut what: impl FnMut(&Known) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        while !what(self.cluster.judge().known()) {
            if Instant::now() >= deadline {
                return false;
            }
            let again = deadline.min(Instant::now() + every);
            let _ = timeout_at(again, self.cluster.tester().changed()).await;
        }
        true
    }

    /// Makes each message from one server to another take so long.
    pub fn make_late(&self, from: NodeId, to: NodeId, by: Duration) {
        let latency = [Nanos::from(by); 2];
        self.cluster.set_link(from, to, LinkWeather { latency, ..self.cluster.calm() });
    }

    /// Makes a link as it was at the beginning.
    pub fn make_calm(&self, from: NodeId, to: NodeId) {
        self.cluster.set_link(from, to, self.cluster.calm());
    }

    /// Makes clocks stand almost still: who is asked answers, and nobody's timer comes due.
    pub fn slow_clocks(&self, nodes: &[NodeId]) {
        self.set_drift(nodes, ALMOST_STILL_PPM);
    }

    /// Lets clocks run as they should.
    pub fn right_clocks(&self, nodes: &[NodeId]) {
        self.set_drift(nodes, 0);
    }

    fn set_drift(&self, nodes: &[NodeId], ppm: i32) {
        nodes.iter().for_each(|&node| self.cluster.tester().apply(Command::ClockDrift { node, ppm }));
    }

    /// Gives the disks of these servers other weather.
    pub fn set_disks(&self, nodes: &[NodeId], weather: DiskWeather) {
        nodes.iter().for_each(|node| self.cluster.tester().set_disk(*node, weather));
    }

    /// Makes each fsync of these servers take so long, and no longer.
    pub fn make_syncs_take(&self, nodes: &[NodeId], exactly: Duration) {
        self.set_disks(nodes, DiskWeather { sync_latency: [Nanos::from(exactly); 2], ..DiskWeather::default() });
    }

    /// Makes each fsync of all servers take about so long.
    pub fn make_syncs_slow(&self, about: Duration) {
        let sync_latency = [Nanos::from(about / 2), Nanos::from(about * 2)];
        self.set_disks(self.nodes(), DiskWeather { sync_latency, ..DiskWeather::default() });
    }
}
