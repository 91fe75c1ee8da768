//! `cargo lab replay`: a saved failure again, from the sources as they are now, every event shown.
//! [`recorder`] keeps the rows that are shown.

mod recorder;

use crate::cli::{LevelOption, ReplayOptions};
use crate::compare::{Comparison, Runner};
use crate::error::LabError;
use crate::event::{Event, ReplayEvent, ReplayOutcome, Summary, rows_of};
use crate::exit::Exit;
use crate::failures::Failures;
use crate::fingerprint::Fingerprint;
use crate::house::Submission;
use crate::interrupt::Interrupt;
use crate::run_directory::RunDirectory;
use crate::session::Session;
use crate::tally::Tally;
use crate::test::scenario_test;
use crate::worker::{Worker, WorkerCommand, patience};
use crate::{clock, text};
use lab_harness::protocol::{
    FoundBy, Hello, RowKind, RunRequest, RunResult, SCENARIO_TEST, SavedFailure, TestInfo, Verdict,
};
use recorder::{Recorder, Trace, View};
use std::path::Path;
use windtunnel::line::LogLevel;

/// Runs it again and says how it compares.
pub fn replay(session: &Session<'_>, options: &ReplayOptions, summary: &mut Summary) -> Result<Exit, LabError> {
    let view = View::of(options)?;
    let failures = Failures::under(&session.house.output);
    let path = match options.file.as_os_str() == "last" {
        true => failures.last()?,
        false => failures.find(&session.house.here, &options.file),
    };
    let saved = SavedFailure::read(&path)?;
    summary.lab = Some(saved.lab.clone());
    session.house.check_lab(&saved.lab)?;
    let submission = session.house.submission_for(&session.house.root.join(&saved.submission), &saved.lab)?;
    let trace = options.trace.as_deref().map(Trace::create).transpose()?;
    let directory = RunDirectory::create(&session.house.output)?;
    let interrupt = Interrupt::on_signals();
    let program = session.binary(&submission, &directory).map_err(|error| interrupt.instead_of(error))?;
    let watch = clock::Stopwatch::start();
    let command =
        WorkerCommand { program, lab: &submission.lab, directory: &directory, patience: patience(), interrupt };
    let worker = Worker::start(&command)?;
    let hello = worker.hello.clone();
    if hello.weather_version != saved.weather_version {
        let (saved, current) = (saved.weather_version, hello.weather_version);
        return Err(LabError::OtherWeather { file: path, saved, current });
    }
    let mut runner = Runner::new(&command, comparison(saved.found_by), Some(worker));
    let mut recorder = Recorder::new(view, trace);
    let result = run_again(&mut runner, &saved, options, &mut recorder)?;
    if let Some(problem) = recorder.finish(&result) {
        return Err(problem);
    }
    drop(runner);

    let event = compare(session, &saved, &submission, &path, &result);
    let outcome = event.outcome;
    session.console.say(&Event::Seed { seed: saved.result.seed, drawn: false });
    show(session, &saved, &result, &recorder);
    session.console.say(&Event::Replay(event));
    if let Some(test) = test_of(&saved, &hello) {
        let mut tally = Tally::new(std::slice::from_ref(&test), 1, &[1]);
        tally.count(0, &result);
        tally.summarise(&hello, summary);
    }
    (summary.wall_ms, summary.cpu_ms) = (watch.wall_ms(), watch.cpu_ms());
    Ok(match outcome {
        ReplayOutcome::PassesNow => Exit::Passed,
        ReplayOutcome::Diverged => Exit::Nondeterministic,
        _ if result.verdict == Verdict::Undecided => Exit::Undecided,
        _ if result.verdict == Verdict::Nondeterministic => Exit::Nondeterministic,
        _ => Exit::Failed,
    })
}

/// The test that failed: the lab's, or what the scenario of the failure was run as.
fn test_of(saved: &SavedFailure, hello: &Hello) -> Option<TestInfo> {
    let name = &saved.result.test;
    match &saved.scenario {
        Some(scenario) if name == SCENARIO_TEST => Some(scenario_test(scenario)),
        _ => hello.tests.iter().find(|test| test.name == *name).cloned(),
    }
}

fn comparison(found_by: FoundBy) -> Comparison {
    Comparison { check: found_by == FoundBy::Check, isolation: found_by == FoundBy::Isolation }
}

fn run_again(
    runner: &mut Runner<'_>,
    saved: &SavedFailure,
    options: &ReplayOptions,
    recorder: &mut Recorder,
) -> Result<RunResult, LabError> {
    let request = RunRequest {
        scenario: saved.scenario.clone(),
        record: true,
        whole: options.trace.is_some() || options.from.is_some(),
        log: options.log.map(level),
        ..RunRequest::new(&*saved.result.test, saved.result.seed)
    };
    if saved.result.verdict == Verdict::Nondeterministic {
        // What broke is that two runs differ, so two are made.
        return Ok(runner.run(&RunRequest { record: false, ..request })?.0);
    }
    runner.plain(&request, &mut |row| recorder.take(row))
}

/// Says how this run compares to the one that was saved.
fn compare(
    session: &Session<'_>,
    saved: &SavedFailure,
    submission: &Submission,
    path: &Path,
    result: &RunResult,
) -> ReplayEvent {
    let now = Fingerprint::of_sources(session.house, submission);
    let sources_changed = now.whole != saved.sources;
    let changed = if sources_changed { now.changed_since(&saved.files, submission) } else { Vec::new() };
    let rule = result.failure.as_ref().map(|failure| failure.rule.clone());
    let saved_rule = saved.result.failure.as_ref().map_or_else(String::new, |failure| failure.rule.clone());
    let broken = result.verdict != Verdict::Passed;
    let same_rule = rule.as_deref() == Some(&*saved_rule) || (rule.is_none() && saved_rule.is_empty());
    let same_run = broken && same_rule && result.trace_hash == saved.result.trace_hash;
    let twice_apart = result.verdict == Verdict::Nondeterministic && saved.result.verdict == result.verdict;
    let outcome = match (sources_changed, broken) {
        (false, _) if same_run || twice_apart => ReplayOutcome::Same,
        (false, _) => ReplayOutcome::Diverged,
        (true, false) => ReplayOutcome::PassesNow,
        (true, true) if same_rule => ReplayOutcome::StillFails,
        (true, true) => ReplayOutcome::FailsOtherwise,
    };
    ReplayEvent {
        file: session.house.shown(path),
        test: saved.result.test.clone(),
        seed: saved.result.seed,
        outcome,
        sources_changed,
        changed,
        saved_rule,
        rule,
        saved_trace_hash: saved.result.trace_hash,
        trace_hash: result.trace_hash,
    }
}

/// The run in columns by node, up to where it broke.
fn show(session: &Session<'_>, saved: &SavedFailure, result: &RunResult, recorder: &Recorder) {
    let mut rows = recorder.rows();
    if rows.iter().all(|row| row.kind == RowKind::Log || row.kind == RowKind::Output) && recorder.left_out() == 0 {
        rows.extend(result.failure.iter().flat_map(|failure| failure.story.clone()));
        rows.extend(rows_of(result));
        rows.sort_by_key(|row| (row.at_ns, row.event));
    }
    if session.console.is_json() {
        rows.into_iter().for_each(|row| session.console.say(&Event::Row { row }));
        return;
    }
    let test = saved.result.test.replace('_', " ");
    let mut shown = format!("{} {test}, {} events\n\n", saved.lab, result.events);
    shown.push_str(&recorder.what_is_left_out());
    shown.push_str(&text::rows(&rows));
    if let Some(failure) = &result.failure {
        shown.push_str(&text::why(failure));
    }
    session.console.print(&shown);
}

fn level(option: LevelOption) -> LogLevel {
    match option {
        LevelOption::Error => LogLevel::Error,
        LevelOption::Warn => LogLevel::Warn,
        LevelOption::Info => LogLevel::Info,
        LevelOption::Debug => LogLevel::Debug,
        LevelOption::Trace => LogLevel::Trace,
    }
}
