//! What a scenario that can be read may still say wrong: values that make no sense together.

use super::action::Action;
use super::family::{self, Direction, Family, Kind, Links, Partition, Shape};
use super::file::Scenario;
use super::place::{Places, Target};
use super::read::Vocabulary;
use super::ruled_out;
use super::schedule::{Event, When};
use super::time::Time;
use crate::near::nearest;
use windtunnel::NodeId;

/// No storm needs more, and a slip of the pen (`ns` for `ms`) should not fill the memory. A strike may be an event for
/// each node.
const MOST_STRIKES_TIMES_NODES: u64 = 500_000;
/// Every link has weather of its own: a thousand nodes have a million, and their run does not begin within ten seconds.
const MOST_NODES: u32 = 200;
/// Every node keeps every command.
const MOST_COMMANDS: u64 = 1_000_000;
const MOST_COMMAND_BYTES: u64 = 64 << 20;

/// A step on the way to a value in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(&'static str),
    Item(usize),
}
use Step::{Item, Key};

/// Something impossible, and the way to where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Impossible {
    pub path: Vec<Step>,
    pub message: String,
    pub help: Vec<String>,
}

pub(super) type Checked = Result<(), Impossible>;

/// Fails with that message and help at that place unless the condition holds.
fn require(holds: bool, path: &[Step], message: impl Into<String>, help: &str) -> Checked {
    if holds {
        return Ok(());
    }
    let help = if help.is_empty() { Vec::new() } else { vec![help.to_owned()] };
    Err(Impossible { path: path.to_vec(), message: message.into(), help })
}

/// Checks all of a scenario; the first thing that is wrong counts.
pub(super) fn check(scenario: &Scenario) -> Checked {
    let nodes = scenario.nodes;
    let message = format!("{nodes} nodes cannot be run");
    require((1..=MOST_NODES).contains(&nodes), &[Key("nodes")], message, "allowed here: 1 to 200")?;
    let message = format!("{nodes} nodes and {} of clients cannot be run", scenario.client_nodes);
    let all = nodes.saturating_add(scenario.client_nodes);
    require(all <= MOST_NODES, &[Key("client_nodes")], message, "allowed here: 200 altogether")?;
    let message = "a storm of no duration is none";
    require(scenario.duration > Time::ZERO, &[Key("duration")], message, "")?;
    load(scenario)?;
    weather(scenario)?;
    links(scenario)?;
    for (index, node) in scenario.node.iter().enumerate() {
        let path = [Key("node"), Item(index), Key("node")];
        exists(node.node, scenario.all(), &path)?;
        let first = scenario.node[..index].iter().all(|other| other.node != node.node);
        require(first, &path, format!("node {} is described twice", node.node.0), "")?;
    }
    for (index, family) in scenario.fault.iter().enumerate() {
        check_family(family, scenario).map_err(|wrong| within("fault", index, wrong))?;
    }
    names(&scenario.fault)?;
    for (index, event) in scenario.event.iter().enumerate() {
        check_event(event, scenario).map_err(|wrong| within("event", index, wrong))?;
    }
    Ok(())
}

/// What a lab does not know would be left out in silence, or meet nodes that are not there.
pub(super) fn check_for(scenario: &Scenario, lab: Vocabulary<'_>) -> Checked {
    let message = "clients of this lab have no nodes of their own";
    require(lab.client_nodes || scenario.client_nodes == 0, &[Key("client_nodes")], message, "leave it out")?;
    for name in scenario.settings.keys().filter(|name| !lab.settings.contains(&name.as_str())) {
        let help = match lab.settings {
            [] => "nodes of this lab are told nothing: leave `settings` out".to_owned(),
            known => format!("known are: {}", known.join(", ")),
        };
        require(false, &[Key("settings")], format!("no node of this lab asks for `{name}`"), &help)?;
    }
    lab.ruled_out.iter().try_for_each(|(what, why)| ruled_out::check(scenario, *what, why))?;
    check_triggers(scenario, lab.observations)
}

/// A fault that waits for what no node ever shows would pass in silence.
fn check_triggers(scenario: &Scenario, shown: &[&str]) -> Checked {
    let is_shown = |observed: &str, path: &[Step]| {
        let mut help =
            Vec::from_iter(nearest(observed, shown.iter().copied()).map(|name| format!("did you mean `{name}`?")));
        help.push(format!("shown are: {}", shown.join(", ")));
        let message = format!("no node of this lab ever shows `{observed}`, so this fault would never strike");
        if shown.contains(&observed) { Ok(()) } else { Err(Impossible { path: path.to_vec(), message, help }) }
    };
    for (index, family) in scenario.fault.iter().enumerate() {
        let Some(occasion) = &family.timing.when else { continue };
        is_shown(&occasion.after, &[Key("fault"), Item(index), Key("when"), Key("after")])?;
    }
    Ok(())
}

fn within(list: &'static str, index: usize, mut wrong: Impossible) -> Impossible {
    wrong.path.splice(0..0, [Key(list), Item(index)]);
    wrong
}

fn exists(node: NodeId, nodes: u32, path: &[Step]) -> Checked {
    let message = format!("there is no node {} among {nodes}", node.0);
    require((1..=nodes).contains(&node.0), path, message, &format!("allowed here: 1 to {nodes}"))
}

fn load(scenario: &Scenario) -> Checked {
    let Scenario { load, duration, .. } = scenario;
    let path = [Key("load"), Key("propose_every")];
    require(load.propose_every.from > Time::ZERO, &path, "clients that never wait stop time", "")?;
    let commands = (duration.0.0 / load.propose_every.from.0.0).saturating_mul(load.clients.to.0);
    let message = format!("that may be {commands} commands in a storm of {duration}");
    require(commands <= MOST_COMMANDS, &path, message, &format!("allowed here: at most {MOST_COMMANDS}"))?;
    let bytes = commands.saturating_mul(load.command_bytes.to.0);
    let message = format!("that may be {bytes} bytes of commands in a storm of {duration}");
    let help = format!("allowed here: at most {MOST_COMMAND_BYTES}");
    require(bytes <= MOST_COMMAND_BYTES, &[Key("load"), Key("command_bytes")], message, &help)
}

fn weather(scenario: &Scenario) -> Checked {
    let Scenario { network, disk, .. } = scenario;
    let path = [Key("network"), Key("latency")];
    require(network.latency.from > Time::ZERO, &path, "no message arrives in no time", "")?;
    let path = [Key("network"), Key("bandwidth")];
    require(network.bandwidth.is_none_or(|bandwidth| bandwidth.from > 0), &path, NO_BANDWIDTH, CUT_INSTEAD)?;
    let path = [Key("disk"), Key("capacity")];
    let message = "a disk that holds nothing cannot start a node";
    let help = "leave `capacity` out for no limit, or use a fault of kind `disk-full`";
    require(disk.capacity.is_none_or(|capacity| capacity.from > 0), &path, message, help)
}

const NO_BANDWIDTH: &str = "a bandwidth of 0 lets nothing through";
const CUT_INSTEAD: &str = "leave `bandwidth` out for no limit, or use a fault of kind `cut-link`";

fn links(scenario: &Scenario) -> Checked {
    for (index, link) in scenario.link.iter().enumerate() {
        let path = |key| [Key("link"), Item(index), Key(key)];
        exists(link.from, scenario.all(), &path("from"))?;
        exists(link.to, scenario.all(), &path("to"))?;
        require(link.from != link.to, &path("to"), "a node has no link to itself", "")?;
        let same = |other: &&super::weather::Link| (other.from, other.to) == (link.from, link.to);
        let message = format!("the link from {} to {} is described twice", link.from.0, link.to.0);
        require(scenario.link[..index].iter().find(same).is_none(), &path("to"), message, "")?;
        require(link.bandwidth != Some(0), &path("bandwidth"), NO_BANDWIDTH, CUT_INSTEAD)?;
        require(link.latency.from > Time::ZERO, &path("latency"), "no message arrives in no time", "")?;
    }
    Ok(())
}

/// What draws are named for: a strike's name is its family's and a number, and says the kind.
fn names(families: &[Family]) -> Checked {
    let names = family::names(families);
    for (index, family) in families.iter().enumerate() {
        let (kind, name) = (family.kind.name(), &names[index]);
        let key = if family.timing.name.is_some() { "name" } else { "kind" };
        let path = [Key("fault"), Item(index), Key(key)];
        let number = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-')).map(str::parse::<u32>);
        let message = format!("`{name}` is no name of this fault: its kind and a number");
        require(matches!(number, Some(Ok(_))), &path, message, &format!("allowed here: {kind}-1, {kind}-2, …"))?;
        let message = format!("two faults are named `{name}`");
        require(!names[..index].contains(name), &path, message, "give one of them another `name`")?;
    }
    Ok(())
}

fn check_family(family: &Family, scenario: &Scenario) -> Checked {
    timing(family, scenario)?;
    target(&family.kind, scenario)?;
    if let Some(lasts) = family.kind.lasts() {
        let key = if matches!(family.kind, Kind::Kill(_) | Kind::PowerLoss(_)) { "down" } else { "lasts" };
        require(lasts.from > Time::ZERO, &[Key(key)], "a fault that ends as it begins is none", "")?;
    }
    match &family.kind {
        Kind::Partition(partition) => check_partition(partition, scenario.nodes),
        Kind::Duplicate(_) => {
            let message = "a client's requests never come twice: its first refusal would mean nothing";
            let help = "allowed here: any, leader, follower, a node, a list of nodes";
            require(*family.kind.target() != Target::Client, &[Key("where")], message, help)
        }
        Kind::SlowLink(slow) => {
            let message = "a slow link says how slow: by `by`, by `times`, or both";
            require(slow.by.is_some() || slow.times.is_some(), &[Key("kind")], message, "")
        }
        _ => Ok(()),
    }
}

fn timing(family: &Family, scenario: &Scenario) -> Checked {
    let (timing, duration) = (&family.timing, scenario.duration);
    let ways = [timing.every.is_some(), timing.at.is_some(), timing.when.is_some()];
    let message = "a fault says when it strikes by exactly one of `every`, `at` and `when`";
    require(ways.into_iter().filter(|way| *way).count() == 1, &[Key("kind")], message, "")?;
    if let Some(every) = timing.every {
        require(every.from > Time::ZERO, &[Key("every")], "strikes with no time between them stop time", "")?;
        let most = duration.0.0 / every.from.0.0;
        let message = format!("that may be {most} strikes in a storm of {duration}");
        let allowed = MOST_STRIKES_TIMES_NODES / u64::from(scenario.nodes);
        let help = format!("allowed here: at most {allowed}");
        require(most <= allowed, &[Key("every")], message, &help)?;
    }
    for (index, at) in timing.at.iter().flatten().enumerate() {
        let message = format!("{at} is after the storm, which ends at {duration}");
        require(*at < duration, &[Key("at"), Item(index)], message, "")?;
    }
    let never = timing.at.as_ref().is_some_and(Vec::is_empty);
    require(!never, &[Key("at")], "the list names no time", "")?;
    let nothing = timing.when.as_ref().is_some_and(|when| when.after.is_empty());
    require(!nothing, &[Key("when"), Key("after")], "the name of what is observed is empty", "")
}

fn target(kind: &Kind, scenario: &Scenario) -> Checked {
    let path = [Key("where")];
    let nodes = scenario.nodes;
    match kind.target() {
        Target::Nodes(listed) => {
            for (index, node) in listed.iter().enumerate() {
                exists(*node, scenario.all(), &[Key("where"), Item(index)])?;
            }
            let all = kind.links().is_some() && listed.len() as u32 == scenario.all();
            require(!all, &path, "no node is left at the other end of the links", "use `links = \"all\"`")?;
        }
        Target::Minority | Target::Majority => {
            require(nodes >= 3, &path, format!("{nodes} nodes have no minority"), "allowed here: any, leader, a node")?;
        }
        Target::Unsound => {
            let message = format!("of {nodes} disks none may be unsound: a majority stays sound");
            require(nodes >= 3, &path, message, "allowed here: any, leader, a node")?;
        }
        Target::Client => {
            let message = "there are no nodes of clients";
            require(scenario.client_nodes > 0, &path, message, "write `client_nodes = 1`, or whom it strikes")?;
        }
        Target::Any | Target::Leader | Target::Follower => {}
    }
    sound_majority(kind, nodes)?;
    let Some((links, direction)) = kind.links() else { return Ok(()) };
    require(scenario.all() >= 2, &[Key("kind")], "one node has no links", "")?;
    if links == Links::All {
        let nobody = "links of all nodes are those of no node in particular: `where` has no meaning here";
        require(*kind.target() == Target::Any, &path, nobody, "leave out `where`, or `links = \"all\"`")?;
        let message = "all links are both ways";
        require(direction == Direction::Both, &[Key("direction")], message, "leave out `direction`, or `links`")?;
    }
    Ok(())
}

/// Disks that are drawn for each strike are in the end those of a majority. Who names nodes has seen to it.
fn sound_majority(kind: &Kind, nodes: u32) -> Checked {
    let is_drawn = !matches!(kind.target(), Target::Unsound | Target::Client | Target::Nodes(_));
    let message =
        "a server whose disk has failed may stop for good, and drawn anew for each strike these are soon a majority";
    let help = "use `where = \"unsound\"`, a node or a list of nodes: a majority of the disks stays sound";
    require(!(kind.breaks_disks() && is_drawn && nodes >= 3), &[Key("where")], message, help)
}

fn check_partition(partition: &Partition, nodes: u32) -> Checked {
    require(!partition.shapes.is_empty(), &[Key("shapes")], "the list names no shape", SHAPES)?;
    for (index, shape) in partition.shapes.iter().enumerate() {
        let least = match shape {
            Shape::Halves | Shape::IsolateOne | Shape::Random => 2,
            Shape::Bridge | Shape::MajorityMinority => 3,
            Shape::Ring => 4,
        };
        let message = format!("this shape needs {least} nodes, and there are {nodes}");
        require(nodes >= least, &[Key("shapes"), Item(index)], message, "")?;
    }
    let path = [Key("where")];
    let one = match &partition.target {
        Target::Any => return Ok(()),
        Target::Leader | Target::Follower | Target::Client => true,
        Target::Nodes(listed) => listed.len() == 1,
        Target::Minority | Target::Majority | Target::Unsound => false,
    };
    let alone = partition.shapes.iter().all(|shape| *shape == Shape::IsolateOne);
    let message = "only the shape `isolate-one` has a `where`: other shapes hit no node in particular";
    require(alone, &path, message, "leave out `where`, or use `shapes = [\"isolate-one\"]`")?;
    require(
        one,
        &path,
        "the shape `isolate-one` isolates one node",
        "allowed here: any, leader, follower, client, a node",
    )
}

const SHAPES: &str = "allowed here: halves, isolate-one, bridge, ring, majority-minority, random";

fn check_event(event: &Event, scenario: &Scenario) -> Checked {
    if let When::At(at) = event.when {
        let message = format!("{at} is after the storm, which ends at {}", scenario.duration);
        require(at <= scenario.duration, &[Key("at")], message, "")?;
    }
    let ends = event.action.places();
    let relative = ends.iter().filter(|(_, end)| matches!(end, Places::Other | Places::Others)).count();
    let message = "`other` and `others` mean whoever is not at the other end, so one end has to say who";
    require(relative < 2, &[Key("to")], message, "allowed here: all, leader, follower, a node, a list of nodes")?;
    for (key, end) in ends {
        // Between two events of the world nobody can be asked who leads.
        let role = matches!(end, Places::Leader | Places::Follower) && matches!(event.when, When::AtEvent(_));
        let message = "an event with `at_event` strikes a node that is known before the run";
        require(!role, &[Key(key)], message, "allowed here: a node, a list of nodes; with `at` also leader, follower")?;
        if let Places::Nodes(nodes) = end {
            nodes.into_iter().try_for_each(|node| exists(node, scenario.all(), &[Key(key)]))?;
        }
    }
    if let (Action::DiskWeather { weather, .. }, When::AtEvent(_)) = (&event.action, &event.when) {
        let message = "between two events nobody counts what is on a disk";
        let help = "allowed here: 0, and no file grows; with `at` any number";
        require(weather.free_bytes.is_none_or(|free| free == 0), &[Key("weather"), Key("free_bytes")], message, help)?;
    }
    Ok(())
}
