//! What is asked for, as a course like any other run's.

use super::unmade;
use crate::judge::Judge;
use crate::plan::{Course, Plan, Shelf};
use crate::protocol::{FlightCourse, FlightLoad, FlightSkipped, FlyRequest, Refusal, RefusalKind, ScenarioText};
use crate::scenario::{DrawnLoad, Scenario, Time};
use crate::suite::{Flight, Lab, Test};
use windtunnel::Nanos;

/// A flight to be.
pub(super) struct Flightplan<J: Judge> {
    pub nodes: u32,
    pub time_budget: Nanos,
    pub course: Course<J>,
    /// What clients do in a storm.
    pub load: DrawnLoad,
    /// For how long they do it.
    pub lasts: Option<Nanos>,
    pub skipped: Vec<FlightSkipped>,
}

/// The clients of a lab that flies.
pub(super) fn clients<J: Judge>(lab: &Lab<J>) -> Result<&Flight<J>, Refusal> {
    lab.flight.as_ref().ok_or_else(|| refused(format!("lab {} does not fly yet", lab.name)))
}

/// Draws everything that is not left to the machine.
pub(super) fn plan<J: Judge>(lab: &Lab<J>, request: &FlyRequest) -> Result<Flightplan<J>, Refusal> {
    let (plan, asked) = match &request.course {
        FlightCourse::Test { test } => (drawn(lab, Some(find(lab, test)?), None, request)?, None),
        FlightCourse::Scenario { scenario, load: None } => (drawn(lab, None, Some(scenario), request)?, None),
        FlightCourse::Scenario { scenario, load: Some(load) } => {
            (as_long_as(lab, scenario, Nanos(load.lasts_ns), request)?, Some(*load))
        }
        FlightCourse::Calm { nodes, load } => {
            let weather = calm(*nodes, Nanos(load.lasts_ns));
            (drawn(lab, None, Some(&weather), request)?, Some(*load))
        }
    };
    let Plan { nodes, time_budget, course } = plan;
    Ok(match course {
        Course::Story(_) => Flightplan { nodes, time_budget, course, load: NO_LOAD, lasts: None, skipped: Vec::new() },
        Course::Storm(schedule) => {
            let (mut schedule, skipped) = unmade::take_out(*schedule);
            if matches!(request.course, FlightCourse::Calm { .. }) {
                schedule.link.clear(); // nobody makes them slower than they are
            }
            let load = load_of(&schedule.load, asked);
            let lasts = (load.clients > 0).then_some(schedule.duration.0);
            Flightplan { nodes, time_budget, course: Course::Storm(Box::new(schedule)), load, lasts, skipped }
        }
    })
}

fn drawn<J: Judge>(
    lab: &Lab<J>,
    test: Option<&Test<J>>,
    scenario: Option<&ScenarioText>,
    request: &FlyRequest,
) -> Result<Plan<J>, Refusal> {
    Plan::expand(lab, &Shelf::default(), test, request.seed, scenario).map_err(|error| refused(error.to_string()))
}

/// The same weather for as long as the load lasts.
fn as_long_as<J: Judge>(
    lab: &Lab<J>,
    scenario: &ScenarioText,
    lasts: Nanos,
    request: &FlyRequest,
) -> Result<Plan<J>, Refusal> {
    let read = Scenario::parse_for(&scenario.name, &scenario.text, lab.observations);
    let read = read.map_err(|error| refused(error.to_string()))?;
    let schedule = Scenario { duration: Time(lasts), ..read }.draw(request.seed);
    let time_budget = lasts.saturating_add(lab.storm.recovery_budget);
    Ok(Plan { nodes: schedule.nodes, time_budget, course: Course::Storm(Box::new(schedule)) })
}

const NO_LOAD: DrawnLoad =
    DrawnLoad { clients: 0, propose_every: Time(Nanos::ZERO), command_bytes: 0, snapshot_every: 0, snapshot_bytes: 0 };

/// What the scenario's clients do, or as many as are asked for, who do not wait.
fn load_of(drawn: &DrawnLoad, asked: Option<FlightLoad>) -> DrawnLoad {
    let drawn = drawn.clone();
    match asked {
        Some(FlightLoad { window, bytes, .. }) => {
            DrawnLoad { clients: window, propose_every: Time(Nanos::ZERO), command_bytes: bytes, ..drawn }
        }
        None => drawn,
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

fn calm(nodes: u32, lasts: Nanos) -> ScenarioText {
    let text = format!("about = \"Calm weather\"\nnodes = {nodes}\nduration = \"{}\"\n", Time(lasts));
    ScenarioText { name: "calm weather".to_owned(), text }
}

fn refused(message: String) -> Refusal {
    Refusal { kind: RefusalKind::BadInput, message }
}
