//! What is asked for, as a course like any other run's.

use super::unmade;
use crate::judge::Judge;
use crate::lineup::Lineup;
use crate::plan::{Course, Plan, Shelf};
use crate::protocol::{FlightCourse, FlightLoad, FlightSkipped, FlyRequest, Refusal, RefusalKind, ScenarioText};
use crate::scenario::{DrawnLoad, Scenario, Time};
use crate::suite::{Body, Flight, Lab, Test};
use std::collections::BTreeSet;
use windtunnel::Nanos;

/// A flight to be.
pub(super) struct Flightplan<J: Judge> {
    pub lineup: Lineup,
    pub time_budget: Nanos,
    pub course: Course<J>,
    /// What clients do in a storm.
    pub load: DrawnLoad,
    /// For how long they do it.
    pub lasts: Option<Nanos>,
    pub skipped: Vec<FlightSkipped>,
    /// The kinds of faults of its weather that flight makes.
    pub foreseen: BTreeSet<String>,
}

/// The clients of a lab that flies.
pub(super) fn clients<J: Judge>(lab: &Lab<J>) -> Result<&Flight<J>, Refusal> {
    lab.flight.as_ref().ok_or_else(|| refused(format!("lab {} does not fly yet", lab.name)))
}

/// Draws everything that is not left to the machine.
pub(super) fn plan<J: Judge>(lab: &Lab<J>, request: &FlyRequest) -> Result<Flightplan<J>, Refusal> {
    if let FlightCourse::Scenario { load: Some(load), .. } | FlightCourse::Calm { load, .. } = &request.course
        && load.reads_percent.is_some()
        && !clients(lab)?.reads
    {
        let words = format!("no client of lab {} reads, so --reads cannot say how often: leave it out", lab.name);
        return Err(refused(words));
    }
    let (plan, asked) = match &request.course {
        FlightCourse::Test { test } => {
            let test = Some(find(lab, test)?);
            let plan = Plan::expand(lab, &Shelf::default(), test, request.seed, None);
            (plan.map_err(|error| refused(error.to_string()))?, None)
        }
        FlightCourse::Scenario { scenario, nodes, load } => {
            let lasts = load.map(|load| Nanos(load.lasts_ns));
            (storm(lab, scenario, *nodes, lasts, request)?, *load)
        }
        FlightCourse::Calm { nodes, load } => {
            let lasts = Nanos(load.lasts_ns);
            (storm(lab, &calm(clients(lab)?, *nodes, lasts), None, None, request)?, Some(*load))
        }
    };
    let Plan { lineup, time_budget, course } = plan;
    let foreseen = foreseen(lab, request);
    Ok(match course {
        Course::Story(_) => {
            let (load, lasts, skipped) = (NO_LOAD, None, Vec::new());
            Flightplan { lineup, time_budget, course, load, lasts, skipped, foreseen }
        }
        Course::Storm(schedule) => {
            let (mut schedule, skipped) = unmade::take_out(*schedule);
            if matches!(request.course, FlightCourse::Calm { .. }) {
                schedule.link.clear(); // nobody makes them slower than they are
                schedule.load.scenario_clients = None;
            }
            // Calm weather is there to be measured in: nobody is in anybody's way.
            let shares_keys = matches!(request.course, FlightCourse::Scenario { .. });
            let load = DrawnLoad { shares_keys, ..load_of(&schedule.load, asked) };
            let lasts = (load.clients > 0).then_some(schedule.duration.0);
            let course = Course::Storm(Box::new(schedule));
            Flightplan { lineup, time_budget, course, load, lasts, skipped, foreseen }
        }
    })
}

/// The kinds of faults of the weather that is asked for, as far as flight makes them.
fn foreseen<J: Judge>(lab: &Lab<J>, request: &FlyRequest) -> BTreeSet<String> {
    let text = match &request.course {
        FlightCourse::Scenario { scenario, .. } => Some(scenario.text.as_str()),
        FlightCourse::Test { test } => match find(lab, test).map(|test| &test.body) {
            Ok(Body::Storm { text, .. }) => Some(*text),
            _ => None,
        },
        FlightCourse::Calm { .. } => None,
    };
    text.and_then(|text| Scenario::parse("", text).ok()).map(unmade::kinds_made).unwrap_or_default()
}

/// The weather of a scenario, on as many nodes and for as long as it says itself unless it is told.
fn storm<J: Judge>(
    lab: &Lab<J>,
    scenario: &ScenarioText,
    nodes: Option<u32>,
    lasts: Option<Nanos>,
    request: &FlyRequest,
) -> Result<Plan<J>, Refusal> {
    let ScenarioText { name, text } = scenario;
    let read = Scenario::parse_for(name, text, lab.vocabulary()).and_then(|read| match nodes {
        Some(nodes) => read.on_nodes(nodes, name, text, lab.vocabulary()),
        None => Ok(read),
    });
    let read = read.map_err(|error| refused(error.to_string()))?;
    let duration = lasts.map_or(read.duration, Time);
    let schedule = Scenario { duration, ..read }.draw(request.seed);
    let time_budget = duration.0.saturating_add(lab.storm.recovery_budget);
    Ok(Plan { lineup: schedule.lineup(), time_budget, course: Course::Storm(Box::new(schedule)) })
}

const NO_LOAD: DrawnLoad = DrawnLoad {
    clients: 0,
    propose_every: Time(Nanos::ZERO),
    command_bytes: 0,
    snapshot_every: 0,
    snapshot_bytes: 0,
    reads_percent: 0,
    scenario_clients: None,
    shares_keys: false,
};

/// What the scenario's clients do, or as many as are asked for, who do not wait. A scenario that takes snapshots takes
/// its own.
fn load_of(drawn: &DrawnLoad, asked: Option<FlightLoad>) -> DrawnLoad {
    let Some(FlightLoad { window, bytes, snapshot_every, snapshot_bytes, reads_percent, .. }) = asked else {
        return drawn.clone();
    };
    let own = if drawn.snapshot_every > 0 {
        (drawn.snapshot_every, drawn.snapshot_bytes)
    } else {
        (snapshot_every, snapshot_bytes)
    };
    DrawnLoad {
        clients: window,
        propose_every: Time(Nanos::ZERO),
        command_bytes: bytes,
        snapshot_every: own.0,
        snapshot_bytes: own.1,
        reads_percent: reads_percent.unwrap_or(drawn.reads_percent),
        scenario_clients: drawn.scenario_clients,
        shares_keys: drawn.shares_keys,
    }
}

fn find<'a, J: Judge>(lab: &'a Lab<J>, name: &str) -> Result<&'a Test<J>, Refusal> {
    let test = lab.tests.iter().find(|test| test.name == name);
    let test = test.ok_or_else(|| refused(format!("lab {} has no test `{name}`", lab.name)))?;
    match test.grounded {
        Some(reason) => Err(refused(format!("test {name} does not fly: {reason}"))),
        None => Ok(test),
    }
}

fn calm<J: Judge>(flight: &Flight<J>, nodes: u32, lasts: Nanos) -> ScenarioText {
    let settings: Vec<String> = flight.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let text = format!(
        "about = \"Calm weather\"\nnodes = {nodes}\nclient_nodes = {}\nduration = \"{}\"\nsettings = {{ {} }}\n",
        flight.client_nodes,
        Time(lasts),
        settings.join(", ")
    );
    ScenarioText { name: "calm weather".to_owned(), text }
}

fn refused(message: String) -> Refusal {
    Refusal { kind: RefusalKind::BadInput, message }
}
