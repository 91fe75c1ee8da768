//! Runs something for its result, by who has no test: the weather is the same, and a judge watches.
//!
//! Unlike a storm, which lasts as long as its scenario says, an errand ends when its body does. The weather begins when the body
//! says so; after the scenario's duration all is healed, and the body goes on.
//!
//! - here: what an errand is, and the tunnel; `flight`: the same body on real processes.

#[cfg(feature = "flight")]
mod flight;

#[cfg(feature = "flight")]
pub use flight::{Airfield, Landed};

use crate::at_work::AtWork;
use crate::awaited::Waits;
use crate::cluster::{Cluster, Surroundings};
use crate::judge::Judge;
use crate::lineup::Lineup;
use crate::plan::{Course, Plan};
use crate::protocol::{Failure, ScenarioText, TraceHash};
use crate::run::{Playing, Ran};
use crate::scenario::{Scenario, ScenarioError, Schedule, Vocabulary};
use crate::storm::{self, Parts, Struck};
use crate::suite::Running;
use crate::watch::{Broken, StrikesDue, Watcher};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use windtunnel::executor::Program;
use windtunnel::world::{Counters, LinkWeather, Options, Simulation, Tester};
use windtunnel::{EventNumber, Nanos, NodeId, Seed};

/// An errand to be: who takes part, under which seed, in which weather.
#[derive(Clone, Debug)]
pub struct Errand {
    lineup: Lineup,
    seed: Seed,
    time_budget: Nanos,
    schedule: Option<Box<Schedule>>,
    /// What the schedule was drawn from.
    scenario: Option<Box<Scenario>>,
}

/// The weather of an errand.
pub struct Weather<J: Judge>(Option<Rain<J>>);

/// A storm that has not begun.
struct Rain<J: Judge> {
    cluster: Cluster<J>,
    setting: storm::Setting<J>,
}

/// What became of an errand.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What broke; nothing if its body has ended well.
    pub failure: Option<Failure>,
    /// How often each family of faults struck; those of the scenario that never did, too.
    pub faults: BTreeMap<String, u64>,
    /// What was counted.
    pub counters: Counters,
    /// How many events there were.
    pub events: u64,
    /// Virtual time at the end.
    pub ended_at: Nanos,
    /// The fold over events and effects.
    pub trace_hash: TraceHash,
}

impl Errand {
    /// Calm weather.
    #[must_use]
    pub fn calm(lineup: Lineup, seed: Seed, time_budget: Nanos) -> Self {
        Errand { lineup, seed, time_budget, schedule: None, scenario: None }
    }

    /// The weather of a scenario, on as many nodes as it says itself unless it is told.
    ///
    /// # Errors
    /// When the scenario is wrong.
    pub fn in_weather(
        scenario: &ScenarioText,
        vocabulary: Vocabulary<'_>,
        nodes: Option<u32>,
        seed: Seed,
        time_budget: Nanos,
    ) -> Result<Self, ScenarioError> {
        let ScenarioText { name, text } = scenario;
        let read = Scenario::parse_for(name, text, vocabulary)?;
        let read = match nodes {
            Some(nodes) => read.on_nodes(nodes, name, text, vocabulary)?,
            None => read,
        };
        let schedule = read.draw(seed);
        let (lineup, schedule, scenario) = (schedule.lineup(), Some(Box::new(schedule)), Some(Box::new(read)));
        Ok(Errand { lineup, seed, time_budget, schedule, scenario })
    }

    /// Who takes part.
    #[must_use]
    pub const fn lineup(&self) -> &Lineup {
        &self.lineup
    }

    /// Runs it to its end. `set` has the last word on the options.
    ///
    /// # Panics
    /// When the harness does: a [`PanicReport`](windtunnel::line::PanicReport).
    pub fn run<J: Judge>(
        self,
        program: &Program,
        set: impl FnOnce(&mut Options),
        body: impl FnOnce(Cluster<J>, Weather<J>) -> Running + Send + 'static,
    ) -> Ended {
        let Errand { lineup, seed, time_budget, schedule, scenario } = self;
        let simulation = Simulation::new(seed).program(lineup.all(), program.clone()).with(|options| {
            match &schedule {
                Some(schedule) => {
                    let course = Course::Storm(schedule.clone());
                    Plan::<J> { lineup: lineup.clone(), time_budget, course }.set(options);
                }
                None => options.groups = lineup.groups(),
            }
            options.time_budget = time_budget;
            options.event_budget = u64::MAX;
            set(options);
        });
        let is_storm = schedule.is_some();
        let surroundings = Surroundings { calm: LinkWeather::default(), power_losses: true };
        let stage = Stage { servers: lineup.nodes, schedule, surroundings };
        let setup = move || {
            let (watch, play) = stage.set(body);
            (watch, move |tester| play(tester).1)
        };
        let (report, mut kept) = simulation.observe(setup, Watcher::into_kept);
        kept.struck.run_is_over(EventNumber(report.events));
        let foreseen = scenario.map(|scenario| scenario.kinds()).unwrap_or_default();
        ended(&Ran { report, kept, lineup, is_storm, time_budget }, &foreseen)
    }
}

/// An errand that can begin, in the tunnel or in flight.
struct Stage {
    servers: u32,
    schedule: Option<Box<Schedule>>,
    surroundings: Surroundings,
}

impl Stage {
    /// Who watches it, and what its tester does. To be called where it is run.
    fn set<J: Judge>(
        self,
        body: impl FnOnce(Cluster<J>, Weather<J>) -> Running,
    ) -> (Watcher<J>, impl FnOnce(Tester) -> Playing<J>) {
        let Stage { servers, schedule, surroundings } = self;
        let judge = Rc::new(RefCell::new(J::new(servers)));
        let strikes_due = Rc::new(StrikesDue::default());
        let (struck, waits) = (Rc::<RefCell<Struck>>::default(), Waits::default());
        let watch = Watcher::new(judge.clone(), strikes_due.clone(), struck.clone(), waits.clone(), None);
        let play = move |tester: Tester| {
            let cluster = Cluster::new(tester, judge, servers, surroundings, waits.clone());
            let rain = schedule.map(|schedule| {
                let parts =
                    Parts { load: Box::new(|_, _| Box::pin(std::future::pending())), recovery: Box::new(nothing) };
                let setting = storm::Setting { schedule: *schedule, strikes_due, struck, parts };
                Rain { cluster: cluster.for_helpers(), setting }
            });
            (cluster.clone(), waits.sealed_with(body(cluster, Weather(rain))))
        };
        (watch, play)
    }
}

/// Nothing has to come true when the weather is over.
fn nothing<J: Judge>(_: Cluster<J>) -> Running {
    Box::pin(async { Ok(()) })
}

fn ended(ran: &Ran, foreseen: &BTreeSet<String>) -> Ended {
    Ended {
        failure: ran.verdict_in_the_tunnel().map(|broken| failure(ran, &broken)),
        faults: ran.kept.struck.counts_of(foreseen),
        counters: ran.report.counters.clone(),
        events: ran.report.events,
        ended_at: ran.report.ended_at,
        trace_hash: TraceHash(ran.report.trace_hash),
    }
}

fn failure(ran: &Ran, broken: &Broken) -> Failure {
    let Broken { failed, moment, node } = broken;
    Failure {
        rule: failed.rule.to_owned(),
        title: failed.title.clone(),
        source: failed.source.map(str::to_owned),
        hint: ran.kept.stopped.hint(failed),
        facts: failed.facts().to_vec(),
        node: (*node != NodeId::TESTER).then_some(*node),
        event: Some(moment.event.0),
        at_ns: moment.at.0,
        ..Failure::default()
    }
}

impl<J: Judge> Weather<J> {
    /// Begins, if there is any. It ends by itself, or when the answer is dropped.
    pub fn begin(self) -> AtWork {
        AtWork::begin(self.0.map(|Rain { cluster, setting }| async move {
            let calm_again = storm::run(cluster, setting).await;
            calm_again.expect("nothing is asked of anybody when it is over");
        }))
    }
}

impl<J: Judge> fmt::Debug for Weather<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Weather").field(&self.0.is_some()).finish()
    }
}
