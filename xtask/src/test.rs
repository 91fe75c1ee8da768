//! `cargo lab test`: a lab's tests on a submission, under one seed or many.

use crate::cli::{IsolateOption, TestOptions};
use crate::compare::Comparison;
use crate::error::LabError;
use crate::event::{ErrorEvent, Event, FailureEvent, PlanEvent, RunEvent, Summary};
use crate::exit::Exit;
use crate::failures::Failures;
use crate::fingerprint::Fingerprint;
use crate::house::{House, Submission};
use crate::interrupt::Interrupt;
use crate::pool::{self, Done, Plan};
use crate::run_directory::RunDirectory;
use crate::seeds::Seeds;
use crate::select::Selection;
use crate::session::Session;
use crate::shell::quoted;
use crate::tally::Tally;
use crate::worker::{Worker, WorkerCommand, patience};
use crate::{clock, hermetic, known, weather};
use lab_harness::protocol::{
    Failure, Hello, SCENARIO_TEST, SavedFailure, ScenarioText, ScheduleRequest, TestInfo, Verdict,
};
use std::path::Path;

/// Builds, runs, reports.
pub fn test(session: &Session<'_>, options: &TestOptions, summary: &mut Summary) -> Result<Exit, LabError> {
    let (submission, filters) = target(session, options)?;
    summary.lab = Some(submission.lab.clone());
    let jobs = jobs(options.jobs.as_deref())?;
    let asked = Seeds::from_options(options.seed.as_deref(), options.seeds.as_deref())?;
    let seeds = asked.unwrap_or_else(Seeds::drawn);
    let scenario = options.scenario.as_deref().map(|path| weather::read(session.house, &submission.lab, path));
    let scenario = scenario.transpose()?;
    let selection = Selection { filters: &filters, part: options.part.as_deref(), tag: options.tag.as_deref() };
    if let Some(hello) = known::hello(session.house, &submission.lab)
        && !selection.is_everything()
    {
        selection.select(&hello)?; // a wrong name need not wait for a build
    }
    let directory = RunDirectory::create(&session.house.output)?;
    let interrupt = Interrupt::on_signals();
    let program = session.binary(&submission).map_err(|error| interrupt.instead_of(error))?;
    let watch = clock::Stopwatch::start();
    let command = WorkerCommand { program, directory: &directory, patience: patience(), interrupt };
    let mut worker = Worker::start(&command)?;
    let hello = worker.hello.clone();
    known::remember(session.house, &hello);
    let tests = match &scenario {
        Some(scenario) if selection.is_everything() => vec![scenario_test(scenario)],
        _ => selection.select(&hello)?,
    };
    if let (1, Some(seed)) = (seeds.count(), seeds.at(0)) {
        session.console.say(&Event::Seed { seed, drawn: asked.is_none() });
    }
    let findings = if options.check { hermetic::scan(&submission.directory) } else { Vec::new() };
    let places = findings.len();
    findings.into_iter().for_each(|finding| session.console.say(&Event::Hermeticity(finding)));
    save_schedule(session, options, &mut worker, &tests, seeds, scenario.as_ref())?;

    let isolation = options.isolate == Some(IsolateOption::Process);
    let plan = Plan {
        tests: &tests,
        seeds,
        spread: options.spread,
        scenario: scenario.as_ref(),
        comparison: Comparison { check: options.check, isolation },
        fail_fast: options.fail_fast,
        jobs,
    };
    let plan = Plan { jobs: jobs.min(usize::try_from(plan.all_runs()).unwrap_or(usize::MAX)), ..plan };
    let mut report = Report::new(session, &submission, &hello, &plan);
    let ended = pool::run(&plan, &command, worker, |done| report.take(done, &command.interrupt));
    report.finish();
    report.tally.summarise(&hello, summary);
    (summary.wall_ms, summary.cpu_ms) = (watch.wall_ms(), watch.cpu_ms());
    summary.hermeticity = places;
    let mut exit = exit_of(report.tally.worst());
    if places > 0 {
        exit = exit.max(Exit::Nondeterministic);
    }
    if report.unsaved {
        exit = exit.max(Exit::Harness);
    }
    match ended {
        Ok(()) => Ok(exit),
        Err(LabError::Interrupted) => Ok(exit.max(Exit::Interrupted)),
        Err(error) => Err(error),
    }
}

fn exit_of(worst: Verdict) -> Exit {
    match worst {
        Verdict::Passed => Exit::Passed,
        Verdict::Undecided => Exit::Undecided,
        Verdict::Failed => Exit::Failed,
        Verdict::Nondeterministic => Exit::Nondeterministic,
    }
}

/// The submission that is meant, and the words that are filters.
fn target(session: &Session<'_>, options: &TestOptions) -> Result<(Submission, Vec<String>), LabError> {
    let house = session.house;
    let here = house.submission_here();
    let mut filters = options.words.clone();
    let lab = match (filters.first(), &here) {
        // Inside a submission the first word may be a filter already.
        (Some(word), Some(here)) if !house.labs().contains(word) => here.lab.clone(),
        (Some(_), _) => filters.remove(0),
        (None, Some(here)) => here.lab.clone(),
        (None, None) => return Err(LabError::NoLab { command: "test", nearest: house.labs() }),
    };
    house.check_lab(&lab)?;
    let submission = match (&options.submission, here) {
        (Some(directory), _) => house.submission_for(directory, &lab)?,
        (None, Some(here)) if here.lab == lab => here,
        (None, _) => house.solution(&lab)?,
    };
    Ok((submission, filters))
}

fn jobs(asked: Option<&str>) -> Result<usize, LabError> {
    let Some(text) = asked else {
        return Ok(std::thread::available_parallelism().map_or(1, usize::from));
    };
    text.parse().ok().filter(|jobs| *jobs > 0).ok_or_else(|| LabError::Jobs(text.to_owned()))
}

/// A scenario that no test was chosen for is a test of its own.
pub fn scenario_test(scenario: &ScenarioText) -> TestInfo {
    TestInfo {
        name: SCENARIO_TEST.to_owned(),
        mit: None,
        part: "storm".to_owned(),
        tags: vec!["storm".to_owned()],
        points: 0,
        about: scenario.name.clone(),
        storm: Some(scenario.name.clone()),
    }
}

fn save_schedule(
    session: &Session<'_>,
    options: &TestOptions,
    worker: &mut Worker<'_>,
    tests: &[TestInfo],
    seeds: Seeds,
    scenario: Option<&ScenarioText>,
) -> Result<(), LabError> {
    let Some(path) = &options.save_schedule else { return Ok(()) };
    let ([test], 1, Some(seed)) = (tests, seeds.count(), seeds.at(0)) else {
        return Err(LabError::ManySchedules { tests: tests.len(), seeds: seeds.count() });
    };
    let request = ScheduleRequest { test: test.name.clone(), seed, scenario: scenario.cloned() };
    let text = worker.schedule(request)?;
    if let Err(source) = std::fs::write(path, text) {
        if path.is_file() {
            let _ = std::fs::remove_file(path); // half a schedule would be another one
        }
        return Err(LabError::CannotWrite { path: path.clone(), source });
    }
    let (file, test) = (path.display().to_string(), test.name.clone());
    session.console.say(&Event::Schedule { file, test, seed });
    Ok(())
}

/// Tells results as they come, in order.
struct Report<'a> {
    session: &'a Session<'a>,
    submission: &'a Submission,
    hello: &'a Hello,
    plan: &'a Plan<'a>,
    tally: Tally<'a>,
    told: Vec<bool>,
    failures: Failures,
    sources: Option<Fingerprint>,
    unsaved: bool,
}

impl<'a> Report<'a> {
    fn new(session: &'a Session<'a>, submission: &'a Submission, hello: &'a Hello, plan: &'a Plan<'a>) -> Self {
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
        let told = vec![false; plan.tests.len()];
        Report { session, submission, hello, plan, tally, told, failures, sources: None, unsaved: false }
    }

    fn take(&mut self, done: Done, interrupt: &Interrupt) -> Result<(), LabError> {
        self.tally.count(done.test, &done.result);
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

    fn finish(&mut self) {
        self.session.console.end_progress();
        (0..self.plan.tests.len()).for_each(|test| self.tell(test));
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
        lab_harness::protocol::FoundBy::Run => {}
        lab_harness::protocol::FoundBy::Check => command.push_str(" --check"),
        lab_harness::protocol::FoundBy::Isolation => command.push_str(" --isolate process"),
    }
    command
}
