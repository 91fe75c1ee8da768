//! Nodes of clients and settings: drawn, struck when they are asked for, complained about, and saved.

use super::super::{Event, Place, Places, Rate, Scenario, Schedule};
use super::{complaint, scenario};
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::{Nanos, NodeId, Seed};

/// Families that are about the three nodes, whatever else there is.
const OF_NODES: &str = r#"
[network]
latency = { from = "1ms", to = "20ms" }
duplicate_ppm = { from = 1, to = 500_000 }

[clock]
offset = { from = "-1s", to = "1s" }

[[fault]]
kind = "kill"
every = "300ms"
down = "10ms"
on_ppm = 1_000_000

[[fault]]
kind = "pause"
where = "minority"
every = "300ms"
lasts = "10ms"
on_ppm = 1_000_000

[[fault]]
kind = "partition"
shapes = ["halves", "isolate-one", "bridge", "majority-minority", "random"]
every = "300ms"
lasts = "10ms"
on_ppm = 1_000_000

[[fault]]
kind = "slow-link"
by = "1ms"
links = "node"
every = "300ms"
lasts = "10ms"
on_ppm = 1_000_000
"#;

const OF_CLIENTS: &str = r#"
[[fault]]
kind = "power-loss"
where = "client"
every = "300ms"
down = "10ms"
on_ppm = 1_000_000

[[fault]]
kind = "partition"
shapes = ["isolate-one"]
where = "client"
every = "300ms"
lasts = "10ms"
on_ppm = 1_000_000

[[fault]]
kind = "lossy-link"
where = "client"
links = "one"
loss_ppm = 5
every = "300ms"
lasts = "10ms"
on_ppm = 1_000_000

[[fault]]
kind = "cut-link"
where = "client"
links = "node"
every = "300ms"
lasts = "10ms"
on_ppm = 1_000_000

[[fault]]
kind = "slow-node"
where = "client"
per_event = "1ms"
when = { after = "x", within = "1ms" }
lasts = "10ms"
on_ppm = 1_000_000
"#;

/// Three nodes, and two of clients behind them.
fn storm(seed: u64) -> Schedule {
    let lines = "client_nodes = 2\nsettings = { lease_ms = 1_000, log_limit = 300 }\n";
    scenario(&format!("{lines}{OF_NODES}{OF_CLIENTS}")).draw(Seed(seed))
}

fn nodes(numbers: std::ops::RangeInclusive<u32>) -> BTreeSet<NodeId> {
    numbers.map(NodeId).collect()
}

/// The nodes at each place of an event.
fn places(event: &Event) -> Vec<BTreeSet<NodeId>> {
    let named = |(_, place)| match place {
        Places::Nodes(nodes) => BTreeSet::from_iter(nodes),
        other => panic!("no node is named: {other:?}"),
    };
    event.action.places().into_iter().map(named).collect()
}

fn strikes<'a>(schedule: &'a Schedule, family: &'a str) -> impl Iterator<Item = &'a Event> {
    schedule.event.iter().filter(move |event| event.family() == family)
}

/// What the family that waits does at many occasions.
fn waiting(schedule: &Schedule) -> Vec<Event> {
    let mut occasions = schedule.occasions();
    (1..=100).flat_map(|_| occasions.seen("x", Nanos::ZERO)).flatten().collect()
}

#[test]
fn nodes_of_clients_come_behind_the_others_and_change_nothing_for_them() {
    for seed in 0..20 {
        let (without, with) = (scenario(OF_NODES).draw(Seed(seed)), storm(seed));
        let among_nodes = with.link.iter().filter(|link| link.from.0 <= 3 && link.to.0 <= 3);
        assert_eq!(among_nodes.cloned().collect::<Vec<_>>(), without.link, "seed {seed}");
        assert_eq!(with.node[..3], without.node, "seed {seed}");
        assert_eq!(with.node.iter().map(|node| node.node).collect::<BTreeSet<_>>(), nodes(1..=5));
        assert_eq!(with.link.len(), 5 * 4, "each has a link to each other one");
        for family in ["kill", "pause", "partition-1", "slow-link"] {
            let of = |schedule: &Schedule| {
                let named = |event: &&Event| event.strike.as_ref().is_some_and(|strike| strike.starts_with(family));
                schedule.event.iter().filter(named).cloned().collect::<Vec<_>>()
            };
            assert!(!of(&with).is_empty());
            assert_eq!(of(&with), of(&without), "{family}, seed {seed}");
        }
        let lineup = with.lineup();
        assert_eq!((lineup.nodes, lineup.client_nodes, lineup.all()), (3, 2, 5));
        assert_eq!(lineup.settings, BTreeMap::from([("lease_ms".to_owned(), 1_000), ("log_limit".to_owned(), 300)]));
    }
}

#[test]
fn a_fault_of_clients_strikes_one_of_them_and_its_links_to_the_others() {
    let mut struck = BTreeSet::new();
    for schedule in (0..20).map(storm) {
        let one_node = |event: &Event| match &places(event)[..] {
            [node] if node.len() == 1 => node.clone(),
            _ => panic!("one node: {event:?}"),
        };
        struck.extend(strikes(&schedule, "power-loss").flat_map(one_node));
        assert_eq!(waiting(&schedule).iter().flat_map(one_node).collect::<BTreeSet<_>>(), nodes(4..=5));
        let isolated = schedule
            .event
            .iter()
            .filter(|event| event.strike.as_ref().is_some_and(|strike| strike.starts_with("partition-2")));
        for event in isolated.chain(strikes(&schedule, "cut-link")).chain(strikes(&schedule, "lossy-link")) {
            let [from, to] = &places(event)[..] else { panic!("two ends: {event:?}") };
            let (client, others) = if from.is_subset(&nodes(4..=5)) { (from, to) } else { (to, from) };
            assert!(client.len() == 1 && client.is_subset(&nodes(4..=5)), "{event:?}");
            let far = if event.family() == "lossy-link" { 1 } else { 3 };
            assert!(others.len() == far && others.is_subset(&nodes(1..=3)), "{event:?}");
        }
    }
    assert_eq!(struck, nodes(4..=5), "both of them, now and then");
}

/// Else a right clerk would say of its first refusal what it cannot know.
#[test]
fn what_a_client_sends_is_never_doubled_and_what_it_is_sent_may_be() {
    for schedule in (0..20).map(storm) {
        let doubled = schedule.link.iter().filter(|link| link.duplicate_ppm > Rate::default());
        let senders: BTreeSet<NodeId> = doubled.clone().map(|link| link.from).collect();
        assert_eq!(senders, nodes(1..=3));
        assert!(doubled.map(|link| link.to).any(|to| to == NodeId(4)), "replies to a client may come twice");
    }
}

#[test]
fn a_saved_schedule_has_clients_and_settings_and_reads_back_the_same() {
    for schedule in (0..20).map(storm) {
        let text = schedule.to_toml();
        assert!(text.contains("\nclient_nodes = 2\n") && text.contains("\n[settings]\nlease_ms = 1000\n"), "{text}");
        let again =
            Scenario::parse("saved.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}")).draw(Seed(99));
        assert_eq!(again, schedule);
        assert_eq!(again.to_toml(), text);
        assert_eq!(waiting(&again), waiting(&schedule));
    }
    let without = scenario(OF_NODES).draw(Seed(1)).to_toml();
    assert!(!without.contains("client_nodes") && !without.contains("settings"), "{without}");
}

/// What is said of a scenario of three nodes with these lines.
fn said(lines: &str) -> String {
    let said = complaint(&format!("about = \"x\"\nnodes = 3\nduration = \"5s\"\n{lines}"));
    let kept = said.trim_start_matches("storm.toml:").lines().filter(|line| !line.contains(" | "));
    kept.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

const KILL: &str = "[[fault]]\nkind = \"kill\"\ndown = \"1s\"\nevery = \"1s\"\n";

#[test]
fn clients_that_are_not_there_too_many_of_them_and_settings_that_are_no_numbers_are_refused() {
    assert_eq!(
        said(&format!("{KILL}where = \"client\"\n")),
        "8:9 there are no nodes of clients write `client_nodes = 1`, or whom it strikes"
    );
    assert_eq!(
        said("client_nodes = 198\n"),
        "4:16 3 nodes and 198 of clients cannot be run allowed here: 200 altogether"
    );
    assert_eq!(
        said("client_nodes = 4_294_967_295\n"),
        "4:16 3 nodes and 4294967295 of clients cannot be run allowed here: 200 altogether"
    );
    assert_eq!(
        said(&format!("client_nodes = 2\n{KILL}where = [5, 6]\n")),
        "9:13 there is no node 6 among 5 allowed here: 1 to 5"
    );
    let refused = said("settings = { lease_ms = \"1s\" }\n");
    assert_eq!(refused, "4:25 invalid type: string \"1s\", expected a whole number");
    assert!(
        said("client_node = 2\n").starts_with("4:1 there is no key `client_node` here did you mean `client_nodes`?")
    );
    let event = |node: u32| format!("client_nodes = 2\n[[event]]\nat = \"1s\"\ndo = \"kill\"\nnode = {node}\n");
    assert_eq!(said(&event(6)), "8:8 there is no node 6 among 5 allowed here: 1 to 5");
    for right in [event(5), format!("client_nodes = 2\n{KILL}where = [1, 5]\n"), "client_nodes = 197\n".to_owned()] {
        assert!(scenario(&right).draw(Seed(1)).node.len() >= 5, "{right}");
    }
}

/// Servers whose disks have failed may stop for good; whose disk a client has is no matter for a majority.
#[test]
fn disks_of_clients_may_break_without_being_named() {
    let rot = "[[fault]]\nkind = \"bit-rot\"\nwhere = \"client\"\nbit_rot_ppm = 5\nevery = \"1s\"\nlasts = \"1s\"\non_ppm = 1_000_000\n";
    let drawn = scenario(&format!("client_nodes = 1\n{rot}")).draw(Seed(1));
    let of_the_client = |event: &Event| event.action.places() == [("node", Places::from(Place::Node(NodeId(4))))];
    assert!(strikes(&drawn, "bit-rot").count() > 0 && strikes(&drawn, "bit-rot").all(of_the_client));
}
