//! The strikes of one family: when, on whom, for how long, and the actions they are made of.

use super::action::{Action, ScheduledAction};
use super::draw::options;
use super::family::{Direction, Family, Kind, Links};
use super::partition;
use super::place::{Place, Places, Target};
use super::range::Between;
use super::schedule::{Event, When};
use super::time::Time;
use super::unsound;
use super::weather::{DiskChange, LinkChange};
use windtunnel::streams::{Purpose, Stream};
use windtunnel::{Nanos, NodeId, Seed, fold};

/// The storm that strikes belong to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storm {
    pub nodes: u32,
    pub client_nodes: u32,
    pub duration: Time,
    /// What the run was drawn from: the same in a schedule that was saved.
    pub drawn: Seed,
}

impl Storm {
    /// A node of clients.
    pub fn client(self, stream: &mut Stream) -> NodeId {
        NodeId(self.nodes + 1 + stream.below(self.client_nodes.into()) as u32)
    }
}

/// All events of the family of that name in that run; nothing if the run does not have the family.
pub(super) fn draw(family: &Family, name: &str, seed: Seed, storm: Storm) -> Option<Vec<Event>> {
    let mut settings = options(seed, name, 0);
    let on = settings.chance(family.timing.on_ppm.ppm());
    // Each run has a pace of its own: storms of few and of many strikes find different bugs.
    let pace = family.timing.every.map(|every| every.part(&mut settings));
    let at = |(number, at)| {
        let mut stream = stream(seed, name, number);
        let hits = stream.chance(family.timing.chance_ppm.ppm());
        let events = strike(family, name, number, storm, &mut stream, |_| at);
        if hits { events } else { Vec::new() }
    };
    on.then(|| (1..).zip(times(family, pace, storm.duration, stream(seed, name, 0))).flat_map(at).collect())
}

/// Says of one occasion after the other whether it brings a strike of that family.
pub(super) fn chances(seed: Seed, name: &str) -> Stream {
    stream(seed, name, u64::MAX)
}

/// The events of the strike that the occasion of that number brings, now: from a stream of that occasion alone, so one
/// occasion more changes no other.
pub(super) fn after(family: &Family, name: &str, occasion: u64, now: Nanos, seed: Seed, storm: Storm) -> Vec<Event> {
    let within = family.timing.when.as_ref().map(|when| when.within).unwrap_or_default();
    strike(family, name, occasion, storm, &mut stream(seed, name, occasion), |stream| {
        Time(now.saturating_add(Between { from: Time::ZERO, to: within }.one(stream).0))
    })
}

/// The stream of one strike; that of number 0 says when strikes come.
fn stream(seed: Seed, name: &str, number: u64) -> Stream {
    Stream::keyed(seed, Purpose::Fault, [fold::of_bytes(name.as_bytes()), number])
}

/// The events of one strike, in order of time.
fn strike(
    family: &Family,
    name: &str,
    number: u64,
    storm: Storm,
    stream: &mut Stream,
    at: impl FnOnce(&mut Stream) -> Time,
) -> Vec<Event> {
    let lasts = family.kind.lasts().unwrap_or_default().one(stream);
    let at = at(stream);
    let strike = Strike::draw(family, storm, stream);
    let mut events = strike.events(When::At(at), format!("{name}.{number}"));
    let end = Time(at.0.saturating_add(lasts.0));
    // What would end after the storm is ended by its heal-all.
    if end < storm.duration {
        let ends: Vec<Event> = events.iter().filter_map(Event::ending).collect();
        events.extend(ends.into_iter().map(|event| Event { when: When::At(end), ..event }));
    }
    events
}

fn times(family: &Family, pace: Option<Between<Time>>, duration: Time, mut stream: Stream) -> Vec<Time> {
    let mut times = family.timing.at.clone().unwrap_or_default();
    if let Some(pace) = pace {
        let mut next = || pace.one(&mut stream).0;
        let mut at = next();
        while at < duration.0 {
            times.push(Time(at));
            at = at.saturating_add(next());
        }
    }
    times
}

/// What one strike does.
struct Strike {
    actions: Vec<ScheduledAction>,
    pick: u32,
}

/// Whom one strike hits.
enum Subject {
    Role(Place),
    Nodes(Vec<NodeId>),
}

impl Strike {
    fn events(&self, when: When, name: String) -> Vec<Event> {
        let event = |action: &ScheduledAction| Event {
            when: when.clone(),
            pick: needs_pick(action).then_some(self.pick),
            action: action.clone(),
            strike: Some(name.clone()),
        };
        self.actions.iter().map(event).collect()
    }

    fn draw(family: &Family, storm: Storm, stream: &mut Stream) -> Strike {
        let pick = stream.below(1_000_000) as u32;
        let actions = match &family.kind {
            Kind::Partition(partition) => partition::draw(partition, storm, stream),
            kind => match kind.links() {
                Some((links, direction)) => {
                    let weather = link_change(kind, stream);
                    let ends = link_ends(kind.target(), links, direction, storm, stream);
                    ends.into_iter().map(|(from, to)| on_link(weather, from, to)).collect()
                }
                None => on_nodes(kind, storm, stream),
            },
        };
        Strike { actions, pick }
    }
}

fn needs_pick(action: &ScheduledAction) -> bool {
    action.places().iter().any(|(_, place)| matches!(place, Places::Follower | Places::Other))
}

/// All nodes in a drawn order.
pub(super) fn shuffled(nodes: u32, stream: &mut Stream) -> Vec<NodeId> {
    let mut all: Vec<NodeId> = (1..=nodes).map(NodeId).collect();
    stream.shuffle(&mut all);
    all
}

fn subject(target: &Target, storm: Storm, spare: u32, stream: &mut Stream) -> Subject {
    let nodes = storm.nodes;
    let mut order = shuffled(nodes, stream);
    let half = u64::from(nodes) / 2;
    let size = match target {
        Target::Leader => return Subject::Role(Place::Leader),
        Target::Follower => return Subject::Role(Place::Follower),
        Target::Nodes(listed) => return Subject::Nodes(listed.clone()),
        Target::Unsound => {
            let unsound = unsound::nodes(nodes, storm.drawn);
            return Subject::Nodes(vec![unsound[stream.below(unsound.len() as u64) as usize]]);
        }
        Target::Client => return Subject::Nodes(vec![storm.client(stream)]),
        Target::Any => 1,
        Target::Minority => Between { from: 1, to: u64::from(nodes - 1) / 2 }.one(stream),
        Target::Majority => Between { from: half + 1, to: u64::from(nodes - spare) }.one(stream),
    };
    order.truncate(size as usize);
    order.sort_unstable();
    Subject::Nodes(order)
}

fn link_ends(
    target: &Target,
    links: Links,
    direction: Direction,
    storm: Storm,
    stream: &mut Stream,
) -> Vec<(Places, Places)> {
    if links == Links::All {
        return vec![(Places::All, Places::All)];
    }
    // A majority of all nodes would leave nobody at the other end: one is spared.
    let (near, far) = match subject(target, storm, 1, stream) {
        Subject::Role(role) => {
            let near = if role == Place::Leader { Places::Leader } else { Places::Follower };
            (near, if links == Links::One { Places::Other } else { Places::Others })
        }
        Subject::Nodes(mut near) => {
            let mut far = shuffled(storm.nodes, stream);
            far.retain(|node| !near.contains(node));
            if links == Links::One {
                near = vec![near[stream.below(near.len() as u64) as usize]];
                far.truncate(1);
            }
            far.sort_unstable();
            (Places::Nodes(near), Places::Nodes(far))
        }
    };
    both_or_one(near, far, direction, stream)
}

/// The links between two sides: both ways, or one that is drawn.
pub(super) fn both_or_one(
    near: Places,
    far: Places,
    direction: Direction,
    stream: &mut Stream,
) -> Vec<(Places, Places)> {
    let outward = stream.below(2) == 0;
    match direction {
        Direction::Both => vec![(near.clone(), far.clone()), (far, near)],
        Direction::OneWay if outward => vec![(near, far)],
        Direction::OneWay => vec![(far, near)],
    }
}

/// How a kind changes links; nothing for a cut.
fn link_change(kind: &Kind, stream: &mut Stream) -> Option<LinkChange> {
    let change = match kind {
        Kind::SlowLink(slow) => LinkChange {
            slower_by: slow.by.map(|by| by.one(stream)),
            times_slower: slow.times.map(|times| times.one(stream)),
            ..LinkChange::default()
        },
        Kind::LossyLink(lossy) => LinkChange { loss_ppm: Some(lossy.loss_ppm.one(stream)), ..LinkChange::default() },
        Kind::Duplicate(duplicate) => {
            LinkChange { duplicate_ppm: Some(duplicate.duplicate_ppm.one(stream)), ..LinkChange::default() }
        }
        Kind::Reorder(reorder) => LinkChange {
            reorder_ppm: Some(reorder.reorder_ppm.one(stream)),
            reorder_by: Some(reorder.reorder_by.part(stream)),
            ..LinkChange::default()
        },
        _ => return None,
    };
    Some(change)
}

fn on_link(weather: Option<LinkChange>, from: Places, to: Places) -> ScheduledAction {
    match weather {
        Some(weather) => Action::LinkWeather { from, to, weather },
        None => Action::Cut { from, to },
    }
}

fn on_nodes(kind: &Kind, storm: Storm, stream: &mut Stream) -> Vec<ScheduledAction> {
    let struck = match subject(kind.target(), storm, 0, stream) {
        Subject::Role(role) => vec![role],
        Subject::Nodes(nodes) => nodes.into_iter().map(Place::Node).collect(),
    };
    struck.into_iter().filter_map(|node| on_node(kind, node, stream)).collect()
}

/// What a kind does to a node; nothing for a fault of links.
fn on_node(kind: &Kind, node: Place, stream: &mut Stream) -> Option<ScheduledAction> {
    Some(match kind {
        Kind::Kill(_) => Action::Kill { node },
        Kind::PowerLoss(_) => Action::PowerLoss { node },
        Kind::Pause(_) => Action::Pause { node },
        Kind::SlowNode(slow) => Action::Slow { node, per_event: slow.per_event.one(stream) },
        Kind::ClockDrift(drift) => Action::ClockDrift { node, drift_ppm: drift.drift_ppm.one(stream) },
        Kind::ClockJump(jump) => Action::ClockJump { node, by: jump.by.one(stream) },
        Kind::DiskSlow(slow) => {
            let weather = DiskChange {
                slower_by: Some(slow.by.one(stream)),
                sync_slower_by: Some(slow.sync_by.one(stream)),
                ..DiskChange::default()
            };
            Action::DiskWeather { node, weather }
        }
        Kind::DiskFull(full) => {
            let free_bytes = Some(full.free_bytes.one(stream));
            Action::DiskWeather { node, weather: DiskChange { free_bytes, ..DiskChange::default() } }
        }
        Kind::DiskError(error) => {
            let weather = DiskChange {
                error_ppm: Some(error.error_ppm.one(stream)),
                sync_error_ppm: Some(error.sync_error_ppm.one(stream)),
                ..DiskChange::default()
            };
            Action::DiskWeather { node, weather }
        }
        Kind::BitRot(rot) => {
            let bit_rot_ppm = Some(rot.bit_rot_ppm.one(stream));
            Action::DiskWeather { node, weather: DiskChange { bit_rot_ppm, ..DiskChange::default() } }
        }
        _ => return None,
    })
}
