//! What a test is going to do under a seed: nodes, options, budgets, and a schedule if it is a storm.

use crate::cluster::Cluster;
use crate::judge::Judge;
use crate::lineup::Lineup;
use crate::protocol::ScenarioText;
use crate::scenario::{Scenario, ScenarioError, Schedule, Vocabulary};
use crate::suite::{Body, Lab, Running, Test};
use std::cell::RefCell;
use std::rc::Rc;
use windtunnel::world::{ClockWeather, Options};
use windtunnel::{Nanos, Seed};

/// Events after which a run counts as a storm of messages.
pub(crate) const EVENT_BUDGET: u64 = 5_000_000;

/// A run to be.
pub(crate) struct Plan<J: Judge> {
    pub lineup: Lineup,
    pub time_budget: Nanos,
    pub course: Course<J>,
}

/// What the tester does.
pub(crate) enum Course<J: Judge> {
    Story(fn(Cluster<J>) -> Running),
    Storm(Box<Schedule>),
}

/// Scenarios that were read before: a worker runs the same few under many seeds.
#[derive(Debug, Default)]
pub(crate) struct Shelf(RefCell<Vec<(ScenarioText, Rc<Scenario>)>>);

impl Shelf {
    fn scenario(&self, name: &str, text: &str, lab: Vocabulary<'_>) -> Result<Rc<Scenario>, ScenarioError> {
        let known = |(read, _): &&(ScenarioText, Rc<Scenario>)| read.name == name && read.text == text;
        if let Some((_, scenario)) = self.0.borrow().iter().find(known) {
            return Ok(scenario.clone());
        }
        let scenario = Rc::new(Scenario::parse_for(name, text, lab)?);
        let read = ScenarioText { name: name.to_owned(), text: text.to_owned() };
        self.0.borrow_mut().push((read, scenario.clone()));
        Ok(scenario)
    }
}

impl<J: Judge> Plan<J> {
    /// Expands a seed: a test's own body, or the weather of a scenario in its place.
    ///
    /// # Errors
    /// When the scenario is wrong.
    pub fn expand(
        lab: &Lab<J>,
        shelf: &Shelf,
        test: Option<&Test<J>>,
        seed: Seed,
        scenario: Option<&ScenarioText>,
    ) -> Result<Self, ScenarioError> {
        let storm = |name: &str, text: &str| {
            let schedule = shelf.scenario(name, text, lab.vocabulary())?.draw(seed);
            let time_budget = schedule.duration.0.saturating_add(lab.storm.recovery_budget);
            Ok(Plan { lineup: schedule.lineup(), time_budget, course: Course::Storm(Box::new(schedule)) })
        };
        match (scenario, test.map(|test| &test.body)) {
            (Some(scenario), _) => storm(&scenario.name, &scenario.text),
            (None, Some(Body::Storm { scenario, text })) => storm(scenario, text),
            (None, Some(Body::Directed { nodes, client_nodes, settings, time_budget, run })) => {
                let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
                let lineup = Lineup { nodes: *nodes, client_nodes: *client_nodes, settings };
                Ok(Plan { lineup, time_budget: *time_budget, course: Course::Story(*run) })
            }
            (None, None) => Err(ScenarioError::Nothing),
        }
    }

    /// What the world is told before the run.
    pub fn set(&self, options: &mut Options) {
        options.time_budget = self.time_budget;
        options.event_budget = EVENT_BUDGET;
        options.groups = self.lineup.groups();
        options.settings = self.lineup.settings.clone();
        let Course::Storm(schedule) = &self.course else { return };
        for node in &schedule.node {
            let weather = ClockWeather { offset_ns: node.offset.nanos, drift_ppm: node.drift_ppm.0 };
            options.clocks.insert(node.node, weather);
            if node.shuffle_tasks {
                options.shuffle_tasks.insert(node.node);
            }
        }
    }
}
