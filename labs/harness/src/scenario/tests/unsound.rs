//! The unsound disks of a run: few, and the same for all.

use super::super::{Action, DiskChange, Event, Place, Rate, Scenario, Schedule};
use super::{complaint, on_nodes, scenario};
use std::collections::BTreeSet;
use windtunnel::{Nanos, NodeId, Seed};

const TIMED: &str = r#"
[[fault]]
kind = "disk-error"
where = "unsound"
error_ppm = 1_000
every = "50ms"
lasts = "10ms"
on_ppm = 1_000_000

[[fault]]
kind = "bit-rot"
where = "unsound"
bit_rot_ppm = { from = 5, to = 90 }
every = "50ms"
lasts = "10ms"
on_ppm = 1_000_000
"#;

const WAITING: &str = r#"
[[fault]]
kind = "disk-full"
where = "unsound"
when = { after = "x", within = "1ms" }
lasts = "10ms"
on_ppm = 1_000_000
"#;

fn storm(seed: u64) -> Schedule {
    on_nodes(&scenario(&format!("{TIMED}{WAITING}")), 5).draw(Seed(seed))
}

/// The nodes whose disks these events change, and to what.
fn struck<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<(NodeId, DiskChange)> {
    let change = |event: &Event| match event.action {
        Action::DiskWeather { node: Place::Node(node), weather } => Some((node, weather)),
        _ => None,
    };
    events.into_iter().filter_map(change).collect()
}

fn nodes<'a>(events: impl IntoIterator<Item = &'a Event>) -> BTreeSet<NodeId> {
    struck(events).into_iter().map(|(node, _)| node).collect()
}

fn of<'a>(schedule: &'a Schedule, family: &'a str) -> impl Iterator<Item = &'a Event> {
    schedule.event.iter().filter(move |event| event.family() == family)
}

fn waiting(schedule: &Schedule) -> Vec<Event> {
    let mut occasions = schedule.occasions();
    (1..=200).flat_map(|_| occasions.seen("x", Nanos::ZERO)).flatten().collect()
}

#[test]
fn a_run_has_few_unsound_disks_and_all_families_meet_them() {
    let mut seen = BTreeSet::new();
    for seed in 0..60 {
        let schedule = storm(seed);
        let unsound = nodes(of(&schedule, "disk-error"));
        assert_eq!(unsound, nodes(of(&schedule, "bit-rot")), "seed {seed}");
        assert_eq!(unsound, nodes(&waiting(&schedule)), "seed {seed}");
        seen.insert(unsound);
    }
    let sizes: BTreeSet<usize> = seen.iter().map(BTreeSet::len).collect();
    assert_eq!(sizes, BTreeSet::from([1, 2]), "of five, never more than two");
    assert_eq!(seen.into_iter().flatten().collect::<BTreeSet<_>>(), (1..=5).map(NodeId).collect());
}

#[test]
fn a_saved_schedule_names_the_disks_and_what_waits_finds_them_again_under_any_seed() {
    for seed in 0..20 {
        let schedule = storm(seed);
        let text = schedule.to_toml();
        assert_eq!(text.matches("where = \"unsound\"").count(), 1, "{text}");
        let again = Scenario::parse("saved.toml", &text).unwrap_or_else(|error| panic!("{error}")).draw(Seed(99));
        assert_eq!(again, schedule);
        assert_eq!(waiting(&again), waiting(&schedule));
    }
}

/// Somebody adds a family to a saved schedule: it breaks no other disks.
#[test]
fn a_family_that_is_added_to_a_saved_schedule_meets_the_same_disks() {
    for seed in 0..20 {
        let schedule = on_nodes(&scenario(WAITING), 5).draw(Seed(seed));
        let more = format!("{}{TIMED}", schedule.to_toml());
        let again = Scenario::parse("saved.toml", &more).unwrap_or_else(|error| panic!("{error}")).draw(Seed(99));
        assert_eq!(nodes(of(&again, "bit-rot")), nodes(&waiting(&schedule)), "seed {seed}");
    }
}

#[test]
fn each_strike_of_rot_draws_its_rate() {
    let schedule = storm(1);
    let rates: BTreeSet<Option<Rate>> =
        struck(of(&schedule, "bit-rot")).into_iter().map(|(_, change)| change.bit_rot_ppm).collect();
    assert!(rates.len() > 30 && rates.iter().all(|rate| rate.is_some_and(|rate| (5..=90).contains(&rate.0))));
    let rots = schedule.node[0].disk.under(&DiskChange { bit_rot_ppm: Some(Rate(7)), ..DiskChange::default() }, None);
    assert_eq!(rots.bit_rot_ppm, Rate(7));
    assert_eq!(rots.under(&DiskChange::default(), None), rots, "what does not speak of rot leaves it");
}

#[test]
fn of_two_disks_none_may_be_unsound() {
    let text = format!("about = \"x\"\nnodes = 2\nduration = \"1s\"\n{TIMED}");
    let said = complaint(&text);
    assert!(said.contains("of 2 disks none may be unsound: a majority stays sound"), "{said}");
}

const RATES: [(&str, &str); 3] = [("disk-full", ""), ("disk-error", "error_ppm = 1"), ("bit-rot", "bit_rot_ppm = 1")];

fn breaking(nodes: u32, kind: &str, more: &str) -> String {
    format!(
        "about = \"x\"\nnodes = {nodes}\nduration = \"1s\"\n[[fault]]\nkind = \"{kind}\"\nevery = \"50ms\"\n\
         lasts = \"10ms\"\n{more}\n"
    )
}

#[test]
fn disks_that_are_drawn_for_each_strike_may_come_to_be_a_majority_and_are_refused() {
    for (kind, rate) in RATES {
        for drawn in ["any", "leader", "follower", "minority", "majority"] {
            let said = complaint(&breaking(5, kind, &format!("{rate}\nwhere = \"{drawn}\"")));
            assert!(said.contains("these are soon a majority"), "{said}");
            assert!(said.starts_with("storm.toml:9:9"), "it points at the word: {said}");
            assert!(said.contains("use `where = \"unsound\"`, a node or a list of nodes"), "{said}");
        }
        assert!(complaint(&breaking(5, kind, rate)).contains("these are soon a majority"), "`any` if nothing is said");
    }
}

#[test]
fn disks_that_are_named_and_those_of_one_or_two_nodes_are_left_to_who_writes_them() {
    for (kind, rate) in RATES {
        for (nodes, place) in [(5, "[1, 2]"), (5, "4"), (5, "\"unsound\""), (2, "\"any\""), (1, "\"any\"")] {
            let text = breaking(nodes, kind, &format!("{rate}\nwhere = {place}"));
            Scenario::parse("storm.toml", &text).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
