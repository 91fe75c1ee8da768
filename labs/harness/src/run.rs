//! Runs one test under one seed.

use crate::awaited::{Sealed, Waits};
use crate::cluster::{Cluster, Surroundings};
use crate::failed::{Failed, TestResult};
use crate::judge::Judge;
use crate::lineup::Lineup;
use crate::output::Capture;
use crate::plan::{Course, EVENT_BUDGET, Plan, Shelf};
use crate::protocol::{Isolation, RunRequest};
use crate::scenario::ScenarioError;
use crate::storm::{self, Parts, Struck};
use crate::suite::{Lab, Running, Test};
use crate::watch::{Broken, Kept, StrikesDue, Watcher};
use crate::wording::{self, Standing};
use std::cell::RefCell;
use std::rc::Rc;
use windtunnel::executor::Program;
use windtunnel::line::LogLevel;
use windtunnel::world::{LinkWeather, Moment, Outcome, Recorded, Report, Simulation, Tester};
use windtunnel::{EventNumber, Nanos, NodeId};

/// How a run is done; nothing here changes what happens in it.
pub(crate) struct Manner {
    pub record: Recorded,
    pub isolate: Isolation,
    pub log: Option<LogLevel>,
    pub hash_at: Option<EventNumber>,
}

/// What became of a run.
pub(crate) struct Ran {
    pub report: Report<TestResult>,
    pub kept: Kept,
    pub lineup: Lineup,
    pub is_storm: bool,
    pub time_budget: Nanos,
}

impl Ran {
    /// The rule that was broken and where, or `None` if the run passed: what ended it, and if that is nothing, the judge's last
    /// word. A rule that gives way does so to a last word that does not.
    pub fn verdict(&self, gives_way: impl Fn(&str) -> bool) -> Option<Broken> {
        let moment = Moment { at: self.report.ended_at, event: EventNumber(self.report.events) };
        let ended = |failed: Failed, node| Broken { failed, moment, node };
        let broken = match &self.report.outcome {
            Outcome::Finished(Ok(())) => None,
            Outcome::Finished(Err(failed)) => Some(ended(failed.clone(), NodeId::TESTER)),
            Outcome::Stopped => self.kept.broken.clone(),
            Outcome::Failed(failure) => {
                let node = failure.node().unwrap_or(self.report.last_node);
                Some(ended(wording::of_failure(failure, &self.standing()), node))
            }
        };
        let last_word = self.kept.broken_at_the_end.clone();
        match (broken, last_word) {
            (None, last_word) => last_word.map(|failed| ended(failed, NodeId::TESTER)),
            (Some(broken), Some(failed)) if gives_way(broken.failed.rule) && !gives_way(failed.rule) => {
                Some(Broken { failed, ..broken })
            }
            (broken, _) => broken,
        }
    }

    /// The same in the tunnel, where each bound is the test's own, and nothing gives way.
    pub fn verdict_in_the_tunnel(&self) -> Option<Broken> {
        self.verdict(|_| false)
    }

    fn standing(&self) -> Standing<'_> {
        let awaited = self.kept.awaited.as_deref();
        Standing { awaited, time_budget: self.time_budget, event_budget: EVENT_BUDGET }
    }
}

/// A run that can begin, in the tunnel or in flight.
pub(crate) struct Scene<J: Judge> {
    pub lineup: Lineup,
    pub course: Course<J>,
    pub surroundings: Surroundings,
    pub capture: Option<Capture>,
}

/// The body of a run, and the cluster that it drives.
pub(crate) type Playing<J> = (Cluster<J>, Sealed<Running>);

impl<J: Judge> Scene<J> {
    /// Who watches the run, and what its tester does; `parts` are for a storm. To be called where the run is.
    pub fn set(self, parts: Parts<J>) -> (Watcher<J>, impl FnOnce(Tester) -> Playing<J>) {
        let Scene { lineup, course, surroundings, capture } = self;
        let judge = Rc::new(RefCell::new(J::new(lineup.nodes)));
        let strikes_due = Rc::new(StrikesDue::default());
        let (struck, waits) = (Rc::<RefCell<Struck>>::default(), Waits::default());
        let watch = Watcher::new(judge.clone(), strikes_due.clone(), struck.clone(), waits.clone(), capture);
        let body = move |tester: Tester| {
            let cluster = Cluster::new(tester, judge, lineup.nodes, surroundings, waits.clone());
            let running: Running = match course {
                Course::Story(story) => story(cluster.clone()),
                Course::Storm(schedule) => {
                    let setting = storm::Setting { schedule: *schedule, strikes_due, struck, parts };
                    Box::pin(storm::run(cluster.clone(), setting))
                }
            };
            (cluster, waits.sealed_with(running))
        };
        (watch, body)
    }
}

/// Runs a test, or the scenario of the request in its place.
///
/// # Errors
/// When the scenario is wrong.
pub(crate) fn run<J: Judge>(
    lab: &Lab<J>,
    shelf: &Shelf,
    test: Option<&Test<J>>,
    program: &Program,
    request: &RunRequest,
    manner: &Manner,
) -> Result<Ran, ScenarioError> {
    let plan = Plan::expand(lab, shelf, test, request.seed, request.scenario.as_ref())?;
    let (lineup, time_budget) = (plan.lineup.clone(), plan.time_budget);
    let is_storm = matches!(plan.course, Course::Storm(_));
    let simulation = Simulation::new(request.seed).program(lineup.all(), program.clone()).with(|options| {
        plan.set(options);
        options.record = manner.record;
        options.log_level = manner.log;
        options.other_std_hash_keys = request.check;
        options.hash_at = manner.hash_at;
        options.event_budget = options.event_budget.min(request.stop_after.unwrap_or(u64::MAX));
        options.isolation = match manner.isolate {
            Isolation::None => windtunnel::world::Isolation::Thread,
            Isolation::Process => windtunnel::world::Isolation::Process,
        };
    });
    // Without a place to keep it, output stays where the process has it: no reason not to run.
    let capture = if manner.record != Recorded::Nothing { Capture::begin().ok() } else { None };
    let (load, recovery) = (lab.storm.load, lab.storm.recovery);
    let surroundings = Surroundings { calm: LinkWeather::default(), power_losses: true };
    let scene = Scene { lineup: lineup.clone(), course: plan.course, surroundings, capture };
    let setup = move || {
        let (watch, body) = scene.set(Parts { load: Box::new(load), recovery: Box::new(recovery) });
        (watch, move |tester| body(tester).1)
    };
    let (report, mut kept) = simulation.observe(setup, Watcher::into_kept);
    kept.struck.run_is_over(EventNumber(report.events));
    Ok(Ran { report, kept, lineup, is_storm, time_budget })
}
