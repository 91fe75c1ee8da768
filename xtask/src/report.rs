//! Tells the results of a test run as they come, in order, and keeps what is to be said of them at the end.

use crate::emit::{FailureResults, Results, TestResults};
use crate::error::LabError;
use crate::event::{ErrorEvent, Event, FailureEvent, PlanEvent, RunEvent, Summary};
use crate::exit::Exit;
use crate::failures::Failures;
use crate::fingerprint::Fingerprint;
use crate::house::{House, Submission};
use crate::interrupt::Interrupt;
use crate::pool::{Done, Plan};
use crate::session::Session;
use crate::shell::quoted;
use crate::tally::Tally;
use lab_harness::protocol::{Failure, FoundBy, Hello, SCENARIO_TEST, SavedFailure, TestInfo, Verdict};
use std::path::Path;
use std::time::Duration;

/// The results so far.
#[derive(Debug)]
pub struct Report<'a> {
    session: &'a Session<'a>,
    submission: &'a Submission,
    hello: &'a Hello,
    plan: &'a Plan<'a>,
    tally: Tally<'a>,
    told: Vec<bool>,
    failures: Failures,
    sources: Option<Fingerprint>,
    /// Whether a failure could not be saved.
    unsaved: bool,
    /// The worst failure of each test.
    worst: Vec<Option<FailureResults>>,
    /// The wall time of each test's runs.
    took: Vec<Duration>,
    peak_worker_bytes: Option<u64>,
}

impl<'a> Report<'a> {
    /// Says what is about to run.
    pub fn new(session: &'a Session<'a>, submission: &'a Submission, hello: &'a Hello, plan: &'a Plan<'a>) -> Self {
        session.console.say(&Event::Plan(PlanEvent {
            lab: hello.lab.clone(),
            submission: submission.label.clone(),
            weather_version: hello.weather_version,
            tests: plan.tests.iter().map(|test| test.name.clone()).collect(),
            first_seed: plan.seeds.at(0).unwrap_or_default(),
            seeds: plan.seeds.count(),
            jobs: plan.jobs,
            scenario: plan.scenario.map(|scenario| scenario.name.clone()),
        }));
        let runs = plan.runs();
        let runs_a_seed = if plan.spread { 1 } else { runs.len() as u64 };
        session.console.begin_progress(plan.all_runs(), runs_a_seed);
        let tally = Tally::new(plan.tests, plan.seeds.count(), &runs);
        let failures = Failures::under(&session.house.output);
        let (told, worst) = (vec![false; plan.tests.len()], vec![None; plan.tests.len()]);
        let took = vec![Duration::ZERO; plan.tests.len()];
        let (sources, unsaved, peak_worker_bytes) = (None, false, None);
        Report {
            session,
            submission,
            hello,
            plan,
            tally,
            told,
            failures,
            sources,
            unsaved,
            worst,
            took,
            peak_worker_bytes,
        }
    }

    /// Counts one run and tells it.
    pub fn take(&mut self, done: Done, interrupt: &Interrupt) -> Result<(), LabError> {
        self.tally.count(done.test, &done.result);
        self.took[done.test] += done.took;
        self.peak_worker_bytes = self.peak_worker_bytes.max(done.peak_worker_bytes);
        self.session.console.say(&Event::RunResult(RunEvent::from(&done.result)));
        let complete = self.tally.is_complete(done.test);
        if done.result.verdict != Verdict::Passed {
            self.tell_failure(&done);
        }
        let runs = self.tally.result(done.test).map_or(0, |result| result.runs);
        let planned = self.plan.seeds_of(done.test).count();
        self.session.console.advance(if complete { planned - runs } else { 0 });
        if complete {
            self.tell(done.test);
        }
        if self.session.console.is_unread() {
            interrupt.set();
        }
        Ok(())
    }

    /// Says how a test ended, once.
    fn tell(&mut self, test: usize) {
        if let (false, Some(result)) = (self.told[test], self.tally.result(test)) {
            self.told[test] = true;
            self.session.console.say(&Event::TestResult(result));
        }
    }

    /// Tells the tests that were stopped.
    pub fn finish(&mut self) {
        self.session.console.end_progress();
        (0..self.plan.tests.len()).for_each(|test| self.tell(test));
    }

    /// What is known at the end, for the last line and for emitters.
    pub fn summarise(&self, summary: &mut Summary, results: &mut Results) {
        self.tally.summarise(self.hello, summary);
        summary.peak_worker_bytes = self.peak_worker_bytes;
        results.weather_version = Some(self.hello.weather_version);
        let tests = self.plan.tests.iter().enumerate().map(|(index, info)| {
            let result = self.tally.result(index);
            let test = TestResults {
                test: info.name.clone(),
                mit: info.mit.clone(),
                verdict: result.as_ref().map(|result| result.verdict),
                runs: result.as_ref().map_or(0, |result| result.runs),
                planned: result.as_ref().map_or(self.plan.seeds_of(index).count(), |result| result.planned),
                points: result.as_ref().map_or(0, |result| result.points),
                max_points: info.points,
                time_ms: u64::try_from(self.took[index].as_millis()).unwrap_or(u64::MAX),
                failure: self.worst[index].clone(),
            };
            (info.part.clone(), test)
        });
        results.fill(summary, tests);
    }

    /// What the results mean for the exit code.
    pub fn exit(&self) -> Exit {
        let exit = match self.tally.worst() {
            Verdict::Passed => Exit::Passed,
            Verdict::Failed => Exit::Failed,
            Verdict::Undecided => Exit::Undecided,
            Verdict::Nondeterministic => Exit::Nondeterministic,
        };
        if self.unsaved { exit.max(Exit::Harness) } else { exit }
    }

    fn tell_failure(&mut self, done: &Done) {
        let sources = || Fingerprint::of_sources(self.session.house, self.submission);
        let sources = self.sources.get_or_insert_with(sources).clone();
        let saved = SavedFailure {
            format: SavedFailure::FORMAT.to_owned(),
            weather_version: self.hello.weather_version,
            lab: self.hello.lab.clone(),
            submission: self.submission.label.clone(),
            sources: sources.whole,
            files: sources.files,
            scenario: self.plan.scenario.cloned(),
            found_by: done.found_by,
            result: done.result.clone(),
        };
        let file = match self.failures.save(&saved) {
            Ok(path) => Some(self.session.house.shown(&path)),
            Err(error) => {
                self.unsaved = true;
                self.session.console.say(&Event::Error(ErrorEvent::from(&error)));
                None
            }
        };
        let event = failure_event(
            &saved,
            &self.plan.tests[done.test],
            file,
            again(&saved, self.submission, self.session.house),
        );
        let worst = &mut self.worst[done.test];
        if worst.as_ref().is_none_or(|worst| worst.verdict < event.verdict) {
            *worst = Some(FailureResults::from(&event));
        }
        self.session.console.say(&Event::Failure(event));
    }
}

fn failure_event(saved: &SavedFailure, test: &TestInfo, file: Option<String>, again: String) -> FailureEvent {
    let failure = saved.result.failure.clone().unwrap_or_else(|| Failure {
        rule: "unexplained".to_owned(),
        title: "The worker says that the test did not pass, and not why.".to_owned(),
        ..Failure::default()
    });
    FailureEvent {
        lab: saved.lab.clone(),
        part: test.part.clone(),
        test: test.name.clone(),
        seed: saved.result.seed,
        verdict: saved.result.verdict,
        rule: failure.rule,
        title: failure.title,
        source: failure.source,
        hint: failure.hint,
        facts: failure.facts,
        node: failure.node,
        at_event: failure.event,
        at_ns: failure.at_ns,
        story: failure.story,
        output: failure.output,
        replay: file.as_deref().map(|file| format!("cargo lab replay {}", quoted(typed(file)))),
        file,
        again,
    }
}

/// What to type for a failure file: its path, or its name alone where the path would fill a line.
fn typed(file: &str) -> &str {
    const FITS: usize = 60;
    let name = || Path::new(file).file_name().and_then(|name| name.to_str());
    if file.chars().count() <= FITS { file } else { name().unwrap_or(file) }
}

/// The command that runs this seed again, from where the user stands.
fn again(saved: &SavedFailure, submission: &Submission, house: &House) -> String {
    let mut command = format!("cargo lab test {}", saved.lab);
    if saved.result.test != SCENARIO_TEST {
        command.push_str(&format!(" {}", saved.result.test));
    }
    command.push_str(&format!(" --seed {}", saved.result.seed));
    let meant_anyway = house.here.starts_with(&submission.directory);
    if submission.label != format!("solutions/{}", saved.lab) && !meant_anyway {
        command.push_str(&format!(" --submission {}", quoted(&house.shown(&submission.directory))));
    }
    if let Some(scenario) = &saved.scenario {
        command.push_str(&format!(" --scenario {}", quoted(&scenario.name)));
    }
    match saved.found_by {
        FoundBy::Run => {}
        FoundBy::Check => command.push_str(" --check"),
        FoundBy::Isolation => command.push_str(" --isolate process"),
    }
    command
}
