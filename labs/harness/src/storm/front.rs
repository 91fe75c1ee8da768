//! Which faults are on, and what that makes of links, clocks and disks.
//!
//! Faults overlap: a link that two strikes have cut is open when both are over, and a disk that is
//! slow and full is both. So each strike is kept, and what the world is told is computed from all
//! that are on. Nothing is done here: every change comes back as commands.

use crate::scenario::{DiskChange, Drift, Link, LinkChange, Node, NodeDisk, ResolvedAction, Schedule};
use std::collections::BTreeMap;
use windtunnel::world::disk::DiskWeather;
use windtunnel::world::{Command, LinkWeather};
use windtunnel::{Nanos, NodeId};

/// The name of a strike, if it has one.
type StrikeName = Option<String>;
type Ends = (NodeId, NodeId);
/// What is on at each place, and by which strike.
type On<Place, Change> = BTreeMap<Place, Vec<(StrikeName, Change)>>;

/// All faults that are on.
pub(super) struct Front {
    links: BTreeMap<Ends, Link>,
    nodes: BTreeMap<NodeId, Node>,
    cuts: On<Ends, ()>,
    link_changes: On<Ends, LinkChange>,
    drifts: On<NodeId, Drift>,
    disk_changes: On<NodeId, DiskFault>,
    slowed: On<NodeId, Nanos>,
    /// Nodes that some strike holds down or still.
    down: On<NodeId, ()>,
    still: On<NodeId, ()>,
}

/// A change of a disk that is on.
struct DiskFault {
    change: DiskChange,
    /// What the disk can hold meanwhile, settled when it struck: other faults come and go without moving it.
    capacity: Option<u64>,
}

impl Front {
    pub fn new(schedule: &Schedule) -> Self {
        Front {
            links: schedule.link.iter().map(|link| ((link.from, link.to), link.clone())).collect(),
            nodes: schedule.node.iter().map(|node| (node.node, node.clone())).collect(),
            cuts: On::new(),
            link_changes: On::new(),
            drifts: On::new(),
            disk_changes: On::new(),
            slowed: On::new(),
            down: On::new(),
            still: On::new(),
        }
    }

    /// The world's base weather. Clocks have theirs before the run begins.
    pub fn begin(&self) -> Vec<Command> {
        let links = self.links.iter().map(|(ends, link)| set_link(*ends, link_weather(link)));
        let nodes = self.nodes.iter().flat_map(|(node, settings)| {
            let disk = set_disk(*node, disk_weather(&settings.disk));
            [disk, Command::Slow { node: *node, per_event: settings.per_event.0 }]
        });
        links.chain(nodes).collect()
    }

    /// The end of every fault: links as they are without any, disks and clocks without errors, all nodes up.
    pub fn heal(&self, calm: LinkWeather) -> Vec<Command> {
        let links = self.links.keys().flat_map(|ends| {
            let mend = Command::Mend { from: ends.0, to: ends.1 };
            [mend, set_link(*ends, calm)]
        });
        let nodes = self.nodes.keys().flat_map(|&node| {
            [
                set_disk(node, DiskWeather::default()),
                Command::Slow { node, per_event: Nanos::ZERO },
                Command::ClockDrift { node, ppm: 0 },
                Command::Resume(node),
                Command::Start(node),
            ]
        });
        [Command::ForgetAtEvents].into_iter().chain(links).chain(nodes).collect()
    }

    /// What one action means for the world, given all that is on; `used` says how many bytes a node's disk holds.
    pub fn commands(
        &mut self,
        strike: Option<&str>,
        action: &ResolvedAction,
        used: impl Fn(NodeId) -> u64,
    ) -> Vec<Command> {
        let name = strike.map(str::to_owned);
        match action {
            ResolvedAction::Cut { from, to } => self.on_links(from, to, |front, ends| {
                begin(&mut front.cuts, ends, &name, ());
                Some(Command::Cut { from: ends.0, to: ends.1 })
            }),
            ResolvedAction::Mend { from, to } => self.on_links(from, to, |front, ends| {
                let open = end(&mut front.cuts, ends, &name);
                open.then_some(Command::Mend { from: ends.0, to: ends.1 })
            }),
            ResolvedAction::LinkWeather { from, to, weather } => self.on_links(from, to, |front, ends| {
                begin(&mut front.link_changes, ends, &name, *weather);
                Some(front.link_command(ends))
            }),
            ResolvedAction::LinkCalm { from, to } => self.on_links(from, to, |front, ends| {
                end(&mut front.link_changes, ends, &name);
                Some(front.link_command(ends))
            }),
            // The storm heals the world itself when its time is over.
            ResolvedAction::HealAll => Vec::new(),
            action => self.on_node(&name, action, used).into_iter().collect(),
        }
    }

    fn on_links(
        &mut self,
        from: &[NodeId],
        to: &[NodeId],
        mut command: impl FnMut(&mut Self, Ends) -> Option<Command>,
    ) -> Vec<Command> {
        let pairs = from.iter().flat_map(|from| to.iter().map(|to| (*from, *to)));
        let ends: Vec<Ends> = pairs.filter(|ends| self.links.contains_key(ends)).collect();
        ends.into_iter().filter_map(|ends| command(self, ends)).collect()
    }

    /// The same for what is done to one node; nothing if others still hold it.
    fn on_node(&mut self, name: &StrikeName, action: &ResolvedAction, used: impl Fn(NodeId) -> u64) -> Option<Command> {
        let command = match *action {
            ResolvedAction::Kill { node } => {
                begin(&mut self.down, node, name, ());
                Command::Kill(node)
            }
            ResolvedAction::PowerLoss { node } => {
                begin(&mut self.down, node, name, ());
                Command::PowerLoss(node)
            }
            ResolvedAction::Start { node } => return end(&mut self.down, node, name).then_some(Command::Start(node)),
            ResolvedAction::Pause { node } => {
                begin(&mut self.still, node, name, ());
                Command::Pause(node)
            }
            ResolvedAction::Resume { node } => {
                return end(&mut self.still, node, name).then_some(Command::Resume(node));
            }
            ResolvedAction::Slow { node, per_event } => {
                begin(&mut self.slowed, node, name, per_event.0);
                self.slow_command(node)
            }
            ResolvedAction::FullSpeed { node } => {
                end(&mut self.slowed, node, name);
                self.slow_command(node)
            }
            ResolvedAction::ClockJump { node, by } => Command::ClockJump { node, by_ns: by.nanos },
            ResolvedAction::ClockDrift { node, drift_ppm } => {
                begin(&mut self.drifts, node, name, drift_ppm);
                self.drift_command(node)
            }
            ResolvedAction::ClockCalm { node } => {
                end(&mut self.drifts, node, name);
                self.drift_command(node)
            }
            ResolvedAction::DiskWeather { node, weather } => {
                let capacity = weather.capacity(used(node));
                begin(&mut self.disk_changes, node, name, DiskFault { change: weather, capacity });
                self.disk_command(node)
            }
            ResolvedAction::DiskCalm { node } => {
                end(&mut self.disk_changes, node, name);
                self.disk_command(node)
            }
            _ => return None,
        };
        Some(command)
    }

    fn link_command(&self, ends: Ends) -> Command {
        let base = self.links[&ends].clone();
        let changes = self.link_changes.get(&ends).into_iter().flatten();
        let link = changes.fold(base, |link, (_, change)| link.under(change));
        set_link(ends, link_weather(&link))
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
        let base = self.nodes[&node].disk.clone();
        let faults = self.disk_changes.get(&node).into_iter().flatten();
        let disk = faults.fold(base, |disk, (_, fault)| disk.under(&fault.change, fault.capacity));
        set_disk(node, disk_weather(&disk))
    }
}

fn begin<Place: Ord, Change>(on: &mut On<Place, Change>, place: Place, name: &StrikeName, change: Change) {
    on.entry(place).or_default().push((name.clone(), change));
}

/// Ends what the strike of that name did there, and without a name all that is on there; says whether nothing is left.
fn end<Place: Ord, Change>(on: &mut On<Place, Change>, place: Place, name: &StrikeName) -> bool {
    let changes = on.entry(place).or_default();
    match name {
        Some(_) => {
            let own = changes.iter().position(|(strike, _)| strike == name);
            own.map(|own| changes.remove(own));
        }
        None => changes.clear(),
    }
    changes.is_empty()
}

fn set_link(ends: Ends, weather: LinkWeather) -> Command {
    Command::Link { from: ends.0, to: ends.1, weather }
}

fn set_disk(node: NodeId, weather: DiskWeather) -> Command {
    Command::Disk { node, weather: Box::new(weather) }
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
        late_copy_ppm: link.late_copy_ppm.ppm(),
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
        young_rots: disk.young_rots,
        ..DiskWeather::default()
    }
}

#[cfg(test)]
#[path = "front_tests.rs"]
mod tests;
