//! What the command line asks to fly.

use crate::cli::FlyOptions;
use crate::error::LabError;
use crate::event::GroundedEvent;
use crate::house::Submission;
use crate::on_raft;
use crate::seeds::Seeds;
use crate::select::Selection;
use crate::session::Session;
use crate::weather;
use lab_harness::protocol::{FlightCourse, FlightLoad, Hello, ScenarioText};
use lab_harness::scenario::Time;
use windtunnel::Seed;

/// Nodes and length of a flight that nobody described.
const NODES: u32 = 3;
const LASTS_NS: u64 = 10_000_000_000;

/// What is to be flown, and the seed of it all.
#[derive(Clone, Debug)]
pub struct Asked {
    pub flown: Flown,
    pub seed: Seed,
}

#[derive(Clone, Debug)]
pub enum Flown {
    /// The tests of that part, or of that name, that fly.
    Tests(String),
    Scenario(ScenarioText, Option<u32>, Option<FlightLoad>),
    Load(u32, FlightLoad),
}

/// Reads all that can be wrong without a build.
pub fn read(session: &Session<'_>, options: &FlyOptions) -> Result<(Submission, Asked), LabError> {
    let house = session.house;
    let here = house.submission_here();
    let lab = match (&options.lab, &here) {
        (Some(lab), _) => lab.clone(),
        (None, Some(here)) => here.lab.clone(),
        (None, None) => return Err(LabError::NoLab { command: "fly", nearest: house.labs() }),
    };
    house.check_lab(&lab)?;
    let submission = match (&options.submission, here) {
        (Some(directory), _) => house.submission_for(directory, &lab)?,
        (None, Some(here)) if here.lab == lab => here,
        (None, _) => house.solution(&lab)?,
    };
    let seed = Seeds::from_options(options.seed.as_deref(), None)?.unwrap_or_else(Seeds::drawn).at(0);
    let mut load = options.load.as_deref().map(load).transpose()?;
    if let Some(percent) = options.reads {
        load.get_or_insert(FlightLoad::lasting(LASTS_NS)).reads_percent = Some(percent);
    }
    let scenario = options.scenario.as_deref().map(|path| weather::read(house, &lab, path)).transpose()?;
    let flown = match (scenario, &options.tests) {
        (Some(scenario), _) => Flown::Scenario(scenario, options.nodes, load),
        (None, Some(filter)) => Flown::Tests(filter.clone()),
        (None, None) => Flown::Load(options.nodes.unwrap_or(NODES), load.unwrap_or(FlightLoad::lasting(LASTS_NS))),
    };
    let submission = match &options.raft {
        Some(raft) => on_raft::join(house, &submission, raft)?,
        None => submission,
    };
    Ok((submission, Asked { flown, seed: seed.unwrap_or(Seed(0)) }))
}

/// What `--load` asks for.
pub fn load(text: &str) -> Result<FlightLoad, LabError> {
    let time: Time = text.parse().map_err(|error| LabError::Load(format!("{error}")))?;
    match time.0.0 {
        0 => Err(LabError::Load("a load lasts longer than nothing".to_owned())),
        lasts_ns => Ok(FlightLoad::lasting(lasts_ns)),
    }
}

/// What a command line comes to.
#[derive(Debug, Default)]
pub struct Courses {
    /// The flights, one after the other, each with its name.
    pub flying: Vec<(String, FlightCourse)>,
    /// The tests that were asked for and do not fly.
    pub grounded: Vec<GroundedEvent>,
}

/// The flights that are asked for.
pub fn courses(flown: &Flown, hello: &Hello) -> Result<Courses, LabError> {
    let one = |name: String, course| Courses { flying: vec![(name, course)], ..Courses::default() };
    Ok(match flown {
        Flown::Load(nodes, load) => one("load".to_owned(), FlightCourse::Calm { nodes: *nodes, load: *load }),
        Flown::Scenario(scenario, nodes, load) => {
            let course = FlightCourse::Scenario { scenario: scenario.clone(), nodes: *nodes, load: *load };
            one(scenario.name.clone(), course)
        }
        Flown::Tests(filter) => tests(filter, hello)?,
    })
}

fn tests(filter: &str, hello: &Hello) -> Result<Courses, LabError> {
    let words = [filter.to_owned()]; // which may name a part
    let selection = Selection { filters: &words, parts: &[], tag: None };
    let chosen = selection.select(hello)?;
    let mut courses = Courses::default();
    for test in chosen {
        let name = test.name.clone();
        match &test.grounded {
            None => courses.flying.push((name.clone(), FlightCourse::Test { test: name })),
            Some(why) => courses.grounded.push(GroundedEvent { test: name, why: why.clone() }),
        }
    }
    if courses.flying.is_empty() {
        let reason = courses.grounded.into_iter().next().map(|test| test.why).unwrap_or_default();
        return Err(LabError::Grounded { filter: filter.to_owned(), reason });
    }
    Ok(courses)
}
