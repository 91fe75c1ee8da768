//! Takes out of a storm what flight cannot make, and says what that was.
//!
//! Whole strikes at a time: the end of a power loss starts its node, and must not without it. What is left of the
//! weather, such as links that lose messages all the time, the pilot skips and counts itself.

use crate::protocol::FlightSkipped;
use crate::scenario::{Action, Between, Clock, Event, Kind, LinkChange, Offset, Scenario, Schedule, When};
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::NodeId;
use windtunnel::flight::{UNMADE, Unmade};
use windtunnel::world::disk::DiskWeather;
use windtunnel::world::{Command, LinkWeather};

/// How clocks are told of that start off or run too fast or too slowly all the time.
const CLOCKS: &str = "clocks that are off";

/// The storm without them.
pub(crate) fn take_out(mut schedule: Schedule) -> (Schedule, Vec<FlightSkipped>) {
    let mut skipped = Tally::default();
    let strikes: BTreeSet<String> = schedule
        .event
        .iter()
        .filter(|event| why_not(event).is_some())
        .filter_map(|event| event.strike.clone())
        .collect();
    let is_unmade = |event: &Event| {
        why_not(event).is_some() || event.strike.as_ref().is_some_and(|strike| strikes.contains(strike))
    };
    let (unmade, made): (Vec<Event>, Vec<Event>) = schedule.event.into_iter().partition(is_unmade);
    let mut counted = BTreeSet::new();
    for event in &unmade {
        let is_first = event.strike.as_ref().is_none_or(|strike| counted.insert(strike));
        if let Some(what) = why_not(event).filter(|_| is_first && !event.action.is_end()) {
            skipped.count(event.family(), what, 1);
        }
    }
    let (unmade, fault) = schedule.fault.into_iter().partition(|family| unmade_kind(&family.kind).is_some());
    let unmade: Vec<crate::scenario::Family> = unmade;
    for family in &unmade {
        skipped.count(family.kind.name(), unmade_kind(&family.kind).unwrap_or_default(), 0);
    }
    for node in &schedule.node {
        if node.offset != Offset::default() || node.drift_ppm.0 != 0 {
            skipped.count(CLOCKS, "clock-drift", 1);
        }
    }
    (schedule.event, schedule.fault) = (made, fault);
    (schedule, skipped.told())
}

/// The kinds of faults of a scenario that flight makes.
pub(crate) fn kinds_made(mut scenario: Scenario) -> BTreeSet<String> {
    scenario.fault.retain(|family| unmade_kind(&family.kind).is_none());
    scenario.event.retain(|event| why_not(event).is_none());
    scenario.kinds()
}

/// Why a scenario is not worth flying: all its families are of those that flight cannot make.
pub(crate) fn grounded(name: &str, text: &str) -> Option<String> {
    let scenario = Scenario::parse(name, text).ok()?;
    let mut reasons = BTreeSet::new();
    for family in &scenario.fault {
        reasons.insert(unmade_kind(&family.kind)?);
    }
    (!reasons.is_empty()).then(|| format!("flight makes none of its faults ({})", Vec::from_iter(reasons).join(", ")))
}

/// What flight leaves out of a scenario, whether or not a run draws it: faults, and weather that lasts. By the names by which a
/// flight tells of it.
pub(crate) fn left_out(name: &str, text: &str) -> BTreeSet<String> {
    let Ok(scenario) = Scenario::parse(name, text) else { return BTreeSet::new() };
    let families = scenario.fault.iter().filter(|family| unmade_kind(&family.kind).is_some());
    let families = families.map(|family| family.kind.name().to_owned());
    let events = scenario.event.iter().filter(|event| why_not(event).is_some() && !event.action.is_end());
    let events = events.map(|event| event.family().to_owned());
    let lasting =
        roughest(&scenario).iter().flat_map(Unmade::of).map(|unmade| unmade.what.to_owned()).collect::<Vec<_>>();
    let Clock { offset, drift_ppm } = scenario.clock;
    let is_off = (offset, drift_ppm) != (Between::default(), Between::default());
    families.chain(events).chain(lasting).chain(is_off.then(|| CLOCKS.to_owned())).collect()
}

/// The weather of a link and of a node where every rate that is drawn is the highest.
fn roughest(scenario: &Scenario) -> [Command; 3] {
    let Scenario { network, disk, process, .. } = scenario;
    let (node, to) = (NodeId(1), NodeId(2));
    let link = LinkWeather {
        loss_ppm: network.loss_ppm.to.ppm(),
        duplicate_ppm: network.duplicate_ppm.to.ppm(),
        late_copy_ppm: network.late_copy_ppm.to.ppm(),
        reorder_ppm: network.reorder_ppm.to.ppm(),
        bandwidth: network.bandwidth.map(|bandwidth| bandwidth.to),
        ..LinkWeather::default()
    };
    let disk = DiskWeather {
        slow_ppm: disk.slow_ppm.to.ppm(),
        error_ppm: disk.error_ppm.to.ppm(),
        sync_error_ppm: disk.sync_error_ppm.to.ppm(),
        bit_rot_ppm: disk.bit_rot_ppm.to.ppm(),
        capacity: disk.capacity.map(|capacity| capacity.to),
        ..DiskWeather::default()
    };
    [
        Command::Link { from: node, to, weather: link },
        Command::Disk { node, weather: Box::new(disk) },
        Command::Slow { node, per_event: process.per_event.to.0 },
    ]
}

/// The entry of flight's table that says why an event cannot be made.
fn why_not(event: &Event) -> Option<&'static str> {
    if matches!(event.when, When::AtEvent(_)) {
        return Some("at-event");
    }
    match &event.action {
        Action::PowerLoss { .. } => Some("power-loss"),
        Action::Slow { .. } | Action::FullSpeed { .. } => Some("slow"),
        Action::ClockJump { .. } => Some("clock-jump"),
        Action::ClockDrift { .. } | Action::ClockCalm { .. } => Some("clock-drift"),
        Action::DiskWeather { .. } | Action::DiskCalm { .. } => Some("disk"),
        Action::LinkWeather { weather, .. } => unmade_change(weather),
        Action::Cut { .. }
        | Action::Mend { .. }
        | Action::LinkCalm { .. }
        | Action::Kill { .. }
        | Action::Start { .. }
        | Action::Pause { .. }
        | Action::Resume { .. }
        | Action::HealAll => None,
    }
}

/// A link can be made slow; what else a change says as well, the pilot leaves out.
fn unmade_change(change: &LinkChange) -> Option<&'static str> {
    if change.slower_by.is_some() || change.times_slower.is_some() {
        return None;
    }
    let rates = [(change.loss_ppm, "loss"), (change.duplicate_ppm, "duplication"), (change.reorder_ppm, "reordering")];
    rates.into_iter().find_map(|(rate, name)| rate.map(|_| name))
}

/// The same for a family that waits for its occasion.
fn unmade_kind(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Partition(_) | Kind::CutLink(_) | Kind::SlowLink(_) | Kind::Kill(_) | Kind::Pause(_) => None,
        Kind::LossyLink(_) => Some("loss"),
        Kind::Duplicate(_) => Some("duplication"),
        Kind::Reorder(_) => Some("reordering"),
        Kind::PowerLoss(_) => Some("power-loss"),
        Kind::SlowNode(_) => Some("slow"),
        Kind::ClockDrift(_) => Some("clock-drift"),
        Kind::ClockJump(_) => Some("clock-jump"),
        Kind::DiskSlow(_) | Kind::DiskFull(_) | Kind::DiskError(_) | Kind::BitRot(_) => Some("disk"),
    }
}

/// What was taken out, by family and reason.
#[derive(Default)]
struct Tally(BTreeMap<(String, &'static str), u64>);

impl Tally {
    fn count(&mut self, what: &str, reason: &'static str, times: u64) {
        *self.0.entry((what.to_owned(), reason)).or_default() += times;
    }

    fn told(self) -> Vec<FlightSkipped> {
        let why =
            |name: &'static str| UNMADE.iter().find(|unmade| unmade.what == name).map_or(name, |unmade| unmade.why);
        let told =
            self.0.into_iter().map(|((what, name), count)| FlightSkipped { what, why: why(name).to_owned(), count });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::Seed;

    const STORM: &str = r#"
about = "Some that flight can make, and some that it cannot"
nodes = 3
duration = "20s"

[[fault]]
kind = "kill"
where = "any"
every = "2s"
down = "500ms"
on_ppm = 1_000_000

[[fault]]
kind = "power-loss"
where = "any"
every = "3s"
down = "500ms"
on_ppm = 1_000_000

[[fault]]
kind = "lossy-link"
loss_ppm = 500_000
every = "4s"
lasts = "1s"
on_ppm = 1_000_000
"#;

    #[test]
    fn of_the_kinds_of_a_scenario_those_are_made_that_are_not_taken_out() {
        let events = "[[event]]\nat = \"5s\"\ndo = \"pause\"\nnode = 1\n\n[[event]]\nat = \"6s\"\ndo = \"power-loss\"\nnode = 2\n";
        let scenario = Scenario::parse("storm.toml", &format!("{STORM}\n{events}")).unwrap();
        assert_eq!(kinds_made(scenario).into_iter().collect::<Vec<_>>(), ["kill", "pause"]);
    }

    #[test]
    fn a_strike_is_taken_out_with_its_end_and_the_others_stay() {
        let schedule = Scenario::parse("storm.toml", STORM).unwrap().draw(Seed(1));
        let strikes = |family: &str| {
            let events = schedule.event.iter().filter(|event| event.family() == family && !event.action.is_end());
            events.count() as u64
        };
        let (kills, losses) = (strikes("kill"), strikes("power-loss"));
        let (left, skipped) = take_out(schedule.clone());
        let starts = |schedule: &Schedule| {
            schedule.event.iter().filter(|event| matches!(event.action, Action::Start { .. })).count() as u64
        };
        assert!(kills > 0 && losses > 0, "the storm has both");
        assert_eq!((starts(&schedule), starts(&left)), (kills + losses, kills));
        let told: Vec<(&str, bool)> = skipped.iter().map(|skip| (skip.what.as_str(), skip.count > 0)).collect();
        assert_eq!(told, [("lossy-link", true), ("power-loss", true)]);
        assert_eq!(skipped[1].count, losses);
        assert!(skipped[1].why.starts_with("the machine cannot be switched off"), "{skipped:?}");
    }

    #[test]
    fn the_storm_for_flights_is_made_whole() {
        let text = include_str!("../../../../scenarios/raft/rough-flight.toml");
        let scenario = Scenario::parse("rough-flight", text).unwrap();
        for seed in 0..20 {
            let (left, skipped) = take_out(scenario.draw(Seed(seed)));
            assert_eq!(skipped, [], "seed {seed}");
            let families: BTreeSet<&str> = left.event.iter().map(Event::family).collect();
            for family in ["kill", "pause", "partition", "cut-link", "slow-link"] {
                assert!(families.contains(family), "seed {seed}: no {family} in {families:?}");
            }
            assert_eq!(left.fault.len(), 1, "seed {seed}: one waits for its occasion");
        }
    }

    /// Over so many seeds every family is on, and every rate is high somewhere.
    #[test]
    fn what_the_list_says_of_a_storm_is_what_flights_skip_of_it() {
        let scenarios = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let labs = std::fs::read_dir(scenarios).unwrap().map(|lab| lab.unwrap().path());
        let files = labs.flat_map(|lab| std::fs::read_dir(lab).unwrap().map(|file| file.unwrap().path()));
        for file in files {
            let (name, text) = (file.display().to_string(), std::fs::read_to_string(&file).unwrap());
            let scenario = Scenario::parse(&name, &text).unwrap();
            let mut skipped = BTreeSet::new();
            for seed in 0..100 {
                let (left, told) = take_out(scenario.draw(Seed(seed)));
                skipped.extend(told.into_iter().map(|skip| skip.what));
                let lasting = crate::storm::lasting(&left);
                skipped.extend(lasting.iter().flat_map(Unmade::of).map(|unmade| unmade.what.to_owned()));
            }
            assert_eq!(left_out(&name, &text), skipped, "{name}");
        }
    }

    #[test]
    fn every_reason_stands_in_the_table_of_flight() {
        for name in
            ["at-event", "power-loss", "slow", "clock-jump", "clock-drift", "disk", "loss", "duplication", "reordering"]
        {
            assert!(UNMADE.iter().any(|unmade| unmade.what == name), "{name}");
        }
    }
}
