//! Which faults are on, and what that makes of links, clocks and disks.
//!
//! Faults overlap: a link that two strikes have cut is open when both are over, and a disk that is
//! slow and full is both. So each strike is kept, and what the world is told is computed from all
//! that are on.

use crate::scenario::{DiskChange, Drift, Link, LinkChange, Node, NodeDisk, ResolvedAction, Schedule};
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::world::disk::DiskWeather;
use windtunnel::world::{Command, LinkWeather, Tester};
use windtunnel::{Nanos, NodeId};

/// Names a strike: its name, and which firing of its trigger it is.
type StrikeId = (String, u64);
type Ends = (NodeId, NodeId);

/// All faults that are on.
pub(super) struct Front {
    tester: Tester,
    links: BTreeMap<Ends, Link>,
    nodes: BTreeMap<NodeId, Node>,
    cuts: BTreeMap<Ends, Vec<StrikeId>>,
    link_changes: BTreeMap<Ends, Vec<(StrikeId, LinkChange)>>,
    drifts: BTreeMap<NodeId, Vec<(StrikeId, Drift)>>,
    disk_changes: BTreeMap<NodeId, Vec<(StrikeId, DiskChange)>>,
    slowed: BTreeMap<NodeId, Vec<(StrikeId, Nanos)>>,
    /// Nodes that some strike holds down or still, and how many do.
    down: BTreeMap<NodeId, BTreeSet<StrikeId>>,
    still: BTreeMap<NodeId, BTreeSet<StrikeId>>,
}

impl Front {
    pub fn new(tester: Tester, schedule: &Schedule) -> Self {
        Front {
            tester,
            links: schedule.link.iter().map(|link| ((link.from, link.to), link.clone())).collect(),
            nodes: schedule.node.iter().map(|node| (node.node, node.clone())).collect(),
            cuts: BTreeMap::new(),
            link_changes: BTreeMap::new(),
            drifts: BTreeMap::new(),
            disk_changes: BTreeMap::new(),
            slowed: BTreeMap::new(),
            down: BTreeMap::new(),
            still: BTreeMap::new(),
        }
    }

    /// Gives the world its base weather. Clocks have theirs before the run begins.
    pub fn begin(&self) {
        for ((from, to), link) in &self.links {
            self.tester.set_link(*from, *to, link_weather(link));
        }
        for (node, settings) in &self.nodes {
            self.tester.set_disk(*node, disk_weather(&settings.disk));
            self.tester.apply(Command::Slow { node: *node, per_event: settings.per_event.0 });
        }
    }

    /// Ends every fault: links as calm as links get, disks and clocks without errors, all nodes up.
    pub fn heal(&mut self) {
        self.tester.apply(Command::ForgetAtEvents);
        for ends in self.links.keys() {
            self.tester.mend(ends.0, ends.1);
            self.tester.set_link(ends.0, ends.1, LinkWeather::default());
        }
        for node in self.nodes.keys() {
            self.tester.set_disk(*node, DiskWeather::default());
            self.tester.apply(Command::Slow { node: *node, per_event: Nanos::ZERO });
            self.tester.apply(Command::ClockDrift { node: *node, ppm: 0 });
            self.tester.resume(*node);
            self.tester.start(*node);
        }
    }

    /// What one action means for the world, given all that is on.
    pub fn commands(&mut self, strike: Option<&str>, firing: u64, action: &ResolvedAction) -> Vec<Command> {
        let id = (strike.unwrap_or_default().to_owned(), firing);
        match action {
            ResolvedAction::Cut { from, to } => self.on_links(from, to, |front, ends| {
                front.cuts.entry(ends).or_default().push(id.clone());
                Command::Cut { from: ends.0, to: ends.1 }
            }),
            ResolvedAction::Mend { from, to } => self.mend(&id, from, to),
            ResolvedAction::LinkWeather { from, to, weather } => self.on_links(from, to, |front, ends| {
                front.link_changes.entry(ends).or_default().push((id.clone(), *weather));
                front.link_command(ends)
            }),
            ResolvedAction::LinkCalm { from, to } => self.on_links(from, to, |front, ends| {
                forget(&mut front.link_changes, &ends, &id);
                front.link_command(ends)
            }),
            ResolvedAction::Kill { node } => self.hold_down(&id, *node, Command::Kill(*node)),
            ResolvedAction::PowerLoss { node } => self.hold_down(&id, *node, Command::PowerLoss(*node)),
            ResolvedAction::Start { node } => release(&mut self.down, *node, &id, Command::Start(*node)),
            ResolvedAction::Pause { node } => {
                self.still.entry(*node).or_default().insert(id);
                vec![Command::Pause(*node)]
            }
            ResolvedAction::Resume { node } => release(&mut self.still, *node, &id, Command::Resume(*node)),
            ResolvedAction::Slow { node, per_event } => {
                self.slowed.entry(*node).or_default().push((id, per_event.0));
                vec![self.slow_command(*node)]
            }
            ResolvedAction::FullSpeed { node } => {
                forget(&mut self.slowed, node, &id);
                vec![self.slow_command(*node)]
            }
            ResolvedAction::ClockJump { node, by } => vec![Command::ClockJump { node: *node, by_ns: by.nanos }],
            ResolvedAction::ClockDrift { node, drift_ppm } => {
                self.drifts.entry(*node).or_default().push((id, *drift_ppm));
                vec![self.drift_command(*node)]
            }
            ResolvedAction::ClockCalm { node } => {
                forget(&mut self.drifts, node, &id);
                vec![self.drift_command(*node)]
            }
            ResolvedAction::DiskWeather { node, weather } => {
                self.disk_changes.entry(*node).or_default().push((id, *weather));
                vec![self.disk_command(*node)]
            }
            ResolvedAction::DiskCalm { node } => {
                forget(&mut self.disk_changes, node, &id);
                vec![self.disk_command(*node)]
            }
            // The storm heals the world itself when its time is over.
            ResolvedAction::HealAll => Vec::new(),
        }
    }

    fn on_links(
        &mut self,
        from: &[NodeId],
        to: &[NodeId],
        mut command: impl FnMut(&mut Self, Ends) -> Command,
    ) -> Vec<Command> {
        let ends: Vec<Ends> = from
            .iter()
            .flat_map(|from| to.iter().map(|to| (*from, *to)))
            .filter(|ends| self.links.contains_key(ends))
            .collect();
        ends.into_iter().map(|ends| command(self, ends)).collect()
    }

    fn mend(&mut self, id: &StrikeId, from: &[NodeId], to: &[NodeId]) -> Vec<Command> {
        let mut mended = Vec::new();
        for ends in from.iter().flat_map(|from| to.iter().map(|to| (*from, *to))) {
            let cuts = self.cuts.entry(ends).or_default();
            if let Some(place) = cuts.iter().position(|cut| cut == id) {
                cuts.remove(place);
            }
            if cuts.is_empty() && self.links.contains_key(&ends) {
                mended.push(Command::Mend { from: ends.0, to: ends.1 });
            }
        }
        mended
    }

    fn hold_down(&mut self, id: &StrikeId, node: NodeId, command: Command) -> Vec<Command> {
        self.down.entry(node).or_default().insert(id.clone());
        vec![command]
    }

    fn link_command(&self, ends: Ends) -> Command {
        let base = self.links[&ends].clone();
        let changes = self.link_changes.get(&ends).into_iter().flatten();
        let link = changes.fold(base, |link, (_, change)| link.under(change));
        Command::Link { from: ends.0, to: ends.1, weather: link_weather(&link) }
    }

    fn slow_command(&self, node: NodeId) -> Command {
        let base = self.nodes[&node].per_event.0;
        let slowest = self.slowed.get(&node).into_iter().flatten().map(|(_, per_event)| *per_event).max();
        Command::Slow { node, per_event: slowest.unwrap_or(base).max(base) }
    }

    fn drift_command(&self, node: NodeId) -> Command {
        let base = self.nodes[&node].drift_ppm.0;
        let gained: i32 = self.drifts.get(&node).into_iter().flatten().map(|(_, drift)| drift.0).sum();
        Command::ClockDrift { node, ppm: base.saturating_add(gained).clamp(-900_000, 900_000) }
    }

    fn disk_command(&self, node: NodeId) -> Command {
        let used = self.tester.disk_bytes(node);
        let base = self.nodes[&node].disk.clone();
        let changes = self.disk_changes.get(&node).into_iter().flatten();
        let disk = changes.fold(base, |disk, (_, change)| disk.under(change, used));
        Command::Disk { node, weather: Box::new(disk_weather(&disk)) }
    }
}

/// Takes a strike's change back.
fn forget<K: Ord, C>(changes: &mut BTreeMap<K, Vec<(StrikeId, C)>>, key: &K, id: &StrikeId) {
    if let Some(changes) = changes.get_mut(key)
        && let Some(place) = changes.iter().position(|(change, _)| change == id)
    {
        changes.remove(place);
    }
}

/// Lets go of a node; the command is due when no strike holds it any more.
fn release(
    held: &mut BTreeMap<NodeId, BTreeSet<StrikeId>>,
    node: NodeId,
    id: &StrikeId,
    command: Command,
) -> Vec<Command> {
    let strikes = held.entry(node).or_default();
    strikes.remove(id);
    if strikes.is_empty() { vec![command] } else { Vec::new() }
}

fn link_weather(link: &Link) -> LinkWeather {
    LinkWeather {
        latency: [link.latency.from.0, link.latency.to.0],
        tail_ppm: link.tail_ppm.ppm(),
        tail: [link.tail.from.0, link.tail.to.0],
        loss_ppm: link.loss_ppm.ppm(),
        duplicate_ppm: link.duplicate_ppm.ppm(),
        reorder_ppm: link.reorder_ppm.ppm(),
        reorder_by: [link.reorder_by.from.0, link.reorder_by.to.0],
        bandwidth: link.bandwidth,
        ..LinkWeather::default()
    }
}

fn disk_weather(disk: &NodeDisk) -> DiskWeather {
    DiskWeather {
        operation_latency: [disk.operation_latency.from.0, disk.operation_latency.to.0],
        sync_latency: [disk.sync_latency.from.0, disk.sync_latency.to.0],
        slow_ppm: disk.slow_ppm.ppm(),
        error_ppm: disk.error_ppm.ppm(),
        sync_error_ppm: disk.sync_error_ppm.ppm(),
        capacity: disk.capacity,
        bit_rot_ppm: disk.bit_rot_ppm.ppm(),
        torn_writes: disk.torn_writes,
        ..DiskWeather::default()
    }
}
