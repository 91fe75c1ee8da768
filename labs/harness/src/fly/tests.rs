//! What a flight is made of and how it is judged, with nodes of the tunnel in the place of processes.

use super::verdict::Circumstances;
use super::*;
use crate::cluster::Surroundings;
use crate::failed::{Failed, TestResult};
use crate::protocol::{FlightCourse, FlightLoad, FlightVerdict, ScenarioText};
use crate::run::Ran;
use crate::storm::Struck;
use crate::suite;
use crate::ticks::{self, Anything};
use crate::watch::Watcher;
use std::path::PathBuf;
use std::time::Duration;
use windtunnel::executor::Program;
use windtunnel::time::sleep;
use windtunnel::world::{Counters, LinkWeather, Simulation};
use windtunnel::{Ppm, Seed, node};

/// A lab that flies, and misses a bound without a leader.
pub(super) fn lab<J: Judge>() -> Lab<J> {
    let load = |_, _, _| clients(Ok(()));
    let flight = suite::Flight {
        load,
        reads: false,
        client_nodes: 0,
        settings: &[],
        bounds: &["no-leader"],
        whole_history: &["snapshot-contents"],
    };
    Lab { flight: Some(flight), ..ticks::lab() }
}

fn clients(nothing_lost: TestResult) -> Clients {
    Clients { at_work: Box::pin(std::future::pending()), nothing_lost: Box::pin(async { nothing_lost }) }
}

const STORM: &str = "about = \"x\"\nnodes = 3\nduration = \"2s\"\nnetwork = { latency = \"5ms\" }\n";

fn request(nodes: Option<u32>, load: Option<FlightLoad>, more: &str) -> FlyRequest {
    let scenario = ScenarioText { name: "storm.toml".to_owned(), text: format!("{STORM}{more}") };
    FlyRequest {
        course: FlightCourse::Scenario { scenario, nodes, load },
        seed: Seed(1),
        directory: PathBuf::new(),
        node_binary: PathBuf::new(),
    }
}

fn planned(request: &FlyRequest) -> Flightplan<Anything> {
    course::plan(&lab(), request).unwrap_or_else(|refusal| panic!("{}", refusal.message))
}

#[test]
fn a_scenario_says_how_many_nodes_for_how_long_and_what_clients_do_unless_the_command_line_does() {
    let Flightplan { lineup, lasts, load, .. } = planned(&request(None, None, "load = { clients = 2 }\n"));
    assert_eq!((lineup.nodes, lasts, load.clients, load.snapshot_every), (3, Some(Nanos::from_secs(2)), 2, 0));
    let asked = FlightLoad { snapshot_every: 70, snapshot_bytes: 7, ..FlightLoad::lasting(5_000_000_000) };
    let Flightplan { lineup, lasts, load, time_budget, .. } = planned(&request(Some(5), Some(asked), ""));
    assert_eq!((lineup.nodes, lasts, time_budget), (5, Some(Nanos::from_secs(5)), Nanos::from_secs(6)));
    assert_eq!((load.clients, load.propose_every.0), (FlightLoad::WINDOW, Nanos::ZERO));
    assert_eq!((load.snapshot_every, load.snapshot_bytes), (70, 7));
    let own = request(None, Some(asked), "load = { snapshot_every = 30, snapshot_bytes = 3 }\n");
    let load = planned(&own).load;
    assert_eq!((load.snapshot_every, load.snapshot_bytes), (30, 3), "a scenario takes its own snapshots");
}

#[test]
fn a_load_that_nobody_described_takes_snapshots() {
    let course = FlightCourse::Calm { nodes: 3, load: FlightLoad::lasting(1) };
    let load = planned(&FlyRequest { course, ..request(None, None, "") }).load;
    assert!(load.snapshot_every > 0 && load.snapshot_bytes > 0, "{load:?}");
}

#[test]
fn how_often_clients_read_can_be_said_where_they_do_and_nowhere_else() {
    let load = FlightLoad { reads_percent: Some(90), ..FlightLoad::lasting(1) };
    let reading = suite::Flight { reads: true, ..lab::<Anything>().flight.expect("it flies") };
    let (writing, reading) = (lab(), Lab { flight: Some(reading), ..lab() });
    for course in [request(None, Some(load), "").course, FlightCourse::Calm { nodes: 3, load }] {
        let asked = FlyRequest { course, ..request(None, None, "") };
        let refusal = course::plan::<Anything>(&writing, &asked).err().expect("nobody reads");
        assert!(refusal.message.contains("--reads"), "{}", refusal.message);
        assert_eq!(course::plan(&reading, &asked).map(|plan| plan.load.reads_percent).ok(), Some(90));
    }
    let unsaid = request(None, Some(FlightLoad::lasting(1)), "");
    assert_eq!(course::plan(&reading, &unsaid).map(|plan| plan.load.reads_percent).ok(), Some(50));
}

#[test]
fn a_scenario_that_names_a_node_which_is_not_there_is_refused() {
    let third = "[[event]]\nat = \"1s\"\ndo = \"kill\"\nnode = 3\n";
    assert_eq!(planned(&request(Some(3), None, third)).lineup.nodes, 3);
    let refusal = course::plan(&lab::<Anything>(), &request(Some(2), None, third)).err().expect("it is refused");
    assert!(refusal.message.contains("node 3"), "{}", refusal.message);
}

/// Runs a storm with flight's clients in the tunnel; what the links are like at its end, and how it is judged.
fn flown(nothing_lost: TestResult) -> (FlightVerdict, Option<String>) {
    let Flightplan { lineup, course, load, time_budget, .. } = planned(&request(None, None, ""));
    let calm = LinkWeather { latency: [Nanos::ZERO; 2], loss_ppm: Ppm::NEVER, ..LinkWeather::default() };
    let scene = Scene {
        lineup: lineup.clone(),
        course,
        surroundings: Surroundings { calm, power_losses: false },
        capture: None,
    };
    let program = Program::new(|| async {
        loop {
            sleep(Duration::from_millis(10)).await;
            node::observe("tick", &());
        }
    });
    let setup = move || {
        // What a client was answered is asked for after recovery, once.
        let clients = move |_: Cluster<Anything>, _, _| clients(nothing_lost);
        let parts = measured(clients, |_| Box::pin(async { Ok(()) }), load, Meter::default());
        let (watch, body) = scene.set(parts);
        (watch, move |tester| body(tester).1)
    };
    let (report, kept) = Simulation::new(Seed(1)).program(lineup.all(), program).observe(setup, Watcher::into_kept);
    let ran = Ran { report, kept, lineup, is_storm: true, time_budget };
    let (verdict, broken) = verdict::of(Rules::of(lab::<Anything>().flight.as_ref()), &ran, Circumstances::default());
    (verdict, broken.map(|broken| broken.rule))
}

#[test]
fn a_command_that_was_answered_and_is_missing_after_recovery_is_violated() {
    assert_eq!(flown(Ok(())), (FlightVerdict::Safe, None));
    let lost = Failed::new("lost-command", "The log of node 2 lacks it.");
    assert_eq!(flown(Err(lost)), (FlightVerdict::Violated, Some("lost-command".to_owned())));
}

#[test]
fn a_storm_is_told_by_its_strikes_a_story_by_what_it_did_and_half_open_connections_are_of_both() {
    let counters = Counters { kills: 3, pauses: 2, half_open: 1, ..Counters::default() };
    let told = |is_storm, foreseen: &[&str]| {
        let foreseen = foreseen.iter().copied().map(str::to_owned).collect();
        let faults = faults(is_storm, &Struck::default(), &foreseen, &counters);
        faults.into_iter().map(|(family, count)| format!("{family} {count}")).collect::<Vec<_>>()
    };
    assert_eq!(told(true, &["kill", "partition"]), ["half-open 1", "kill 0", "partition 0"]);
    assert_eq!(told(false, &[]), ["half-open 1", "kill 3", "pause 2"], "and no cut");
}

#[test]
fn clients_share_keys_in_weather_and_not_where_they_are_measured() {
    let weather = [request(None, None, ""), request(None, Some(FlightLoad::lasting(5_000_000_000)), "")];
    assert_eq!(weather.map(|request| planned(&request).load.shares_keys), [true, true]);
    let course = FlightCourse::Calm { nodes: 3, load: FlightLoad::lasting(1) };
    assert!(!planned(&FlyRequest { course, ..request(None, None, "") }).load.shares_keys);
}

#[test]
fn a_load_that_is_asked_for_knows_how_many_clients_the_scenario_has() {
    let asked = Some(FlightLoad::lasting(5_000_000_000));
    for load in [None, asked] {
        let load = planned(&request(None, load, "load = { clients = 2 }\n")).load;
        assert_eq!(load.scenario_clients, Some(2), "of {} clients", load.clients);
    }
    let course = FlightCourse::Calm { nodes: 3, load: FlightLoad::lasting(1) };
    assert_eq!(planned(&FlyRequest { course, ..request(None, None, "") }).load.scenario_clients, None);
}
