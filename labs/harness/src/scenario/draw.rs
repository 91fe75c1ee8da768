//! From a scenario and a seed to a schedule. A pure function of both.
//!
//! Everything that can be edited alone has streams of its own: each link, each node, the load,
//! each family (by its kind and its place among families of that kind), each strike. So one line
//! more in a file leaves all other draws as they were.

use super::action::Action;
use super::family;
use super::file::{DrawnLoad, Scenario};
use super::range::Rate;
use super::schedule::{Drawn, Event, Schedule, When};
use super::strike::{self, Storm};
use super::weather::{Link, Node};
use windtunnel::streams::{Purpose, Stream};
use windtunnel::{NodeId, Seed, fold};

impl Scenario {
    /// The complete weather of the run of that seed. What the file says explicitly is taken as it
    /// is, so a schedule gives itself.
    #[must_use]
    pub fn draw(&self, seed: Seed) -> Schedule {
        let mut event = self.event.clone();
        let mut fault = Vec::new();
        let mut drawn = self.drawn.clone().unwrap_or(Drawn { seed, on: Vec::new(), off: Vec::new() });
        let storm =
            Storm { nodes: self.nodes, client_nodes: self.client_nodes, duration: self.duration, drawn: drawn.seed };
        for (family, name) in self.fault.iter().zip(family::names(&self.fault)) {
            let strikes = strike::draw(family, &name, seed, storm);
            if strikes.is_some() && family.timing.when.is_some() {
                fault.push(family.drawn(&name));
            }
            // A schedule has the names of its families already.
            let list = if strikes.is_some() { &mut drawn.on } else { &mut drawn.off };
            if !list.contains(&name) {
                list.push(name);
            }
            event.extend(strikes.into_iter().flatten());
        }
        let heal = Event { when: When::At(self.duration), action: Action::HealAll, strike: None, pick: None };
        if !event.contains(&heal) {
            event.push(heal);
        }
        event.sort_by_key(|event| match &event.when {
            When::At(time) => (0, time.0.0),
            When::AtEvent(number) => (1, number.0),
        });
        Schedule {
            about: self.about.clone(),
            nodes: self.nodes,
            client_nodes: self.client_nodes,
            settings: self.settings.clone(),
            duration: self.duration,
            link: self.draw_links(seed),
            node: (1..=self.all()).map(|node| self.draw_node(NodeId(node), seed)).collect(),
            event,
            fault,
            load: self.draw_load(seed),
            drawn,
        }
    }

    /// How many nodes there are, those of clients included.
    pub(super) const fn all(&self) -> u32 {
        self.nodes + self.client_nodes
    }

    fn draw_links(&self, seed: Seed) -> Vec<Link> {
        let network = self.network.in_run(&mut options(seed, "network", 0));
        let ends = (1..=self.all()).flat_map(|from| (1..=self.all()).map(move |to| (NodeId(from), NodeId(to))));
        ends.filter(|(from, to)| from != to)
            .map(|(from, to)| {
                let explicit = self.link.iter().find(|link| link.from == from && link.to == to);
                explicit.cloned().unwrap_or_else(|| {
                    let entity = u64::from(from.0) << 32 | u64::from(to.0);
                    let drawn = network.draw(from, to, &mut options(seed, "link", entity));
                    // A client's request that nobody sent twice does not come twice, over TCP or over anything else that a
                    // client of ours trusts: a first refusal would mean nothing.
                    let duplicate_ppm = if from.0 > self.nodes { Rate::default() } else { drawn.duplicate_ppm };
                    Link { duplicate_ppm, ..drawn }
                })
            })
            .collect()
    }

    fn draw_node(&self, node: NodeId, seed: Seed) -> Node {
        if let Some(explicit) = self.node.iter().find(|explicit| explicit.node == node) {
            return explicit.clone();
        }
        let stream = |part| options(seed, part, node.0.into());
        let (mut clock, mut process) = (stream("clock"), stream("process"));
        Node {
            node,
            offset: self.clock.offset.one(&mut clock),
            drift_ppm: self.clock.drift_ppm.one(&mut clock),
            shuffle_tasks: process.chance(self.process.shuffle_tasks_ppm.ppm()),
            per_event: self.process.per_event.one(&mut process),
            disk: self.disk.in_run(&mut options(seed, "disks", 0)).draw(&mut stream("disk")),
        }
    }

    fn draw_load(&self, seed: Seed) -> DrawnLoad {
        let mut stream = options(seed, "load", 0);
        let clients = self.load.clients.one(&mut stream).0;
        DrawnLoad {
            clients,
            propose_every: self.load.propose_every.one(&mut stream),
            command_bytes: self.load.command_bytes.one(&mut stream).0,
            snapshot_every: self.load.snapshot_every.one(&mut stream).0,
            snapshot_bytes: self.load.snapshot_bytes.one(&mut stream).0,
            reads_percent: DrawnLoad::READS_PERCENT,
            scenario_clients: Some(clients),
            shares_keys: false,
        }
    }
}

/// The stream of options that do not change while the run goes on.
pub(super) fn options(seed: Seed, name: &str, entity: u64) -> Stream {
    Stream::keyed(seed, Purpose::Scenario, [fold::of_bytes(name.as_bytes()), entity])
}
