//! `cargo lab test`: a lab's tests on a submission, under one seed or many.

use crate::cli::{IsolateOption, TestOptions};
use crate::compare::Comparison;
use crate::emit::{self, Results};
use crate::error::LabError;
use crate::event::{ErrorEvent, Event, Summary};
use crate::exit::Exit;
use crate::house::Submission;
use crate::interrupt::Interrupt;
use crate::pool::{self, Plan};
use crate::report::Report;
use crate::run_directory::RunDirectory;
use crate::seeds::Seeds;
use crate::select::Selection;
use crate::session::Session;
use crate::worker::{Worker, WorkerCommand, patience};
use crate::{clock, hermetic, known, on_raft, weather};
use lab_harness::protocol::{SCENARIO_TEST, ScenarioText, ScheduleRequest, TestInfo};

/// Builds, runs, reports.
pub fn test(session: &Session<'_>, options: &TestOptions, summary: &mut Summary) -> Result<Exit, LabError> {
    let targets = emit::targets(&options.emit, &session.house.here)?;
    emit::no_target_among(&options.words)?;
    let session = Session { keep_words: session.keep_words || !targets.is_empty(), ..*session };
    let mut results = Results::default();
    let mut ended = judge(&session, options, summary, &mut results);
    results.end(&ended);
    for target in &targets {
        if let Err(error) = emit::write(target, &results) {
            session.console.say(&Event::Error(ErrorEvent::from(&error)));
            ended = ended.map(|exit| exit.max(Exit::Harness));
        }
    }
    // A person has read the compiler's words already, as they came.
    ended.map_err(|error| if session.console.is_json() { error } else { error.without_words() })
}

/// The same, with what is known at the end left in `summary` and `results`, whatever the end is.
fn judge(
    session: &Session<'_>,
    options: &TestOptions,
    summary: &mut Summary,
    results: &mut Results,
) -> Result<Exit, LabError> {
    let (submission, filters) = target(session, options)?;
    summary.lab = Some(submission.lab.clone());
    (results.lab, results.submission) = (summary.lab.clone(), Some(submission.label.clone()));
    let jobs = jobs(options.jobs.as_deref())?;
    let asked = Seeds::from_options(options.seed.as_deref(), options.seeds.as_deref())?;
    let seeds = asked.unwrap_or_else(Seeds::drawn);
    let scenario = options.scenario.as_deref().map(|path| weather::read(session.house, &submission.lab, path));
    let scenario = scenario.transpose()?;
    (results.first_seed, results.seeds) = (seeds.at(0), seeds.count());
    results.scenario = scenario.as_ref().map(|scenario| scenario.name.clone());
    let selection = Selection { filters: &filters, parts: &options.part, tag: options.tag.as_deref() };
    if let Some(hello) = known::hello(session.house, &submission.lab)
        && !selection.is_everything()
    {
        selection.select(&hello)?; // a wrong name need not wait for a build
    }
    let directory = RunDirectory::create(&session.house.output)?;
    let interrupt = Interrupt::on_signals();
    let program = session.binary(&submission, &directory).map_err(|error| interrupt.instead_of(error))?;
    let watch = clock::Stopwatch::start();
    let command =
        WorkerCommand { program, lab: &submission.lab, directory: &directory, patience: patience(), interrupt };
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
    report.summarise(summary, results);
    (summary.wall_ms, summary.cpu_ms) = (watch.wall_ms(), watch.cpu_ms());
    (summary.hermeticity, results.hermeticity) = (places, places);
    let exit = if places > 0 { report.exit().max(Exit::Nondeterministic) } else { report.exit() };
    match ended {
        Ok(()) => Ok(exit),
        Err(LabError::Interrupted) => Ok(exit.max(Exit::Interrupted)),
        Err(error) => Err(error),
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
    let submission = match &options.raft {
        Some(raft) => on_raft::join(house, &submission, raft)?,
        None => submission,
    };
    Ok((submission, filters))
}

/// So many workers.
pub fn jobs(asked: Option<&str>) -> Result<usize, LabError> {
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
        grounded: None,
        skipped: Vec::new(),
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
