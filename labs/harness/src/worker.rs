//! The worker: a submission's binary, driven by `cargo lab` over NDJSON.

use crate::history::UNDECIDED;
use crate::judge::Judge;
use crate::libtest;
use crate::parent::{attach_progress, private_pipes, send};
use crate::plan::{Course, Plan, Shelf};
use crate::protocol::{
    Failure, FlyRequest, Hello, Isolation, PROTOCOL_VERSION, PartInfo, Refusal, RefusalKind, Request, Response,
    RunRequest, RunResult, SCENARIO_TEST, TestInfo, TraceHash, Verdict, WORKER_ARGUMENT,
};
use crate::run::{Manner, Ran, run};
use crate::story;
use crate::suite::{Body, Lab, Test};
use crate::watch::Broken;
use std::any::Any;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Lines};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use windtunnel::EventNumber;
use windtunnel::executor::Program;
use windtunnel::isolate::run_node_if_asked;
use windtunnel::line::PanicReport;
use windtunnel::world::{Recorded, WEATHER_VERSION};

/// Events before the end of a run that a story is told from.
const STORY_EVENTS: usize = 20_000;

/// What one worker may hold, in bytes: past that, lab code is out of memory.
const MEMORY_LIMIT: u64 = 2 << 30;

/// The `main` of a submission's binary: a worker, or a node process of one.
pub fn main<J: Judge>(lab: &Lab<J>, program: &Program) -> ExitCode {
    if let Some(code) = run_node_if_asked(program) {
        return code;
    }
    if std::env::args().nth(1).as_deref() != Some(WORKER_ARGUMENT) {
        eprintln!("this is the worker of a lab: start it with `cargo lab test {}`", lab.name);
        return ExitCode::from(2);
    }
    match serve(lab, program) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("worker: {error}");
            ExitCode::from(70)
        }
    }
}

fn serve<J: Judge>(lab: &Lab<J>, program: &Program) -> io::Result<()> {
    attach_progress()?;
    let (input, mut output) = private_pipes()?;
    send(&mut output, &Response::Hello(hello(lab)))?;
    let shelf = Shelf::default();
    let mut lines = BufReader::new(input).lines();
    while let Some(line) = lines.next() {
        match serde_json::from_str(&line?) {
            Ok(Request::Quit) => break,
            Ok(Request::Run(request)) => {
                let worker = Worker { lab, shelf: &shelf, program, request: &request };
                worker.run(&mut output)?;
            }
            Ok(Request::Schedule(request)) => {
                let response = schedule(lab, &shelf, &request);
                send(&mut output, &response)?;
            }
            Ok(Request::Fly(request)) => {
                let response = take_off(lab, program, &request, lines, &output)?;
                return send(&mut output, &response);
            }
            Err(error) => send(&mut output, &refuse(RefusalKind::Harness, format!("no request: {error}")))?,
        }
    }
    Ok(())
}

#[cfg(feature = "flight")]
fn take_off<J: Judge>(
    lab: &Lab<J>,
    program: &Program,
    request: &FlyRequest,
    requests: Lines<BufReader<File>>,
    output: &File,
) -> io::Result<Response> {
    Ok(crate::fly::answer(lab, program, request, requests, output.try_clone()?, send))
}

#[cfg(not(feature = "flight"))]
fn take_off<J: Judge>(
    lab: &Lab<J>,
    _: &Program,
    _: &FlyRequest,
    _: Lines<BufReader<File>>,
    _: &File,
) -> io::Result<Response> {
    let message =
        format!("this worker of lab {} was built to stay on the ground: build it with the feature `real`", lab.name);
    Ok(refuse(RefusalKind::BadInput, message))
}

fn refuse(kind: RefusalKind, message: String) -> Response {
    Response::Refused(Refusal { kind, message })
}

/// What `cargo lab` is told of a lab.
fn hello<J: Judge>(lab: &Lab<J>) -> Hello {
    let points = |part: &str| lab.tests.iter().filter(|test| test.part == part).map(|test| test.points).sum();
    Hello {
        protocol: PROTOCOL_VERSION,
        weather_version: WEATHER_VERSION,
        lab: lab.name.to_owned(),
        parts: lab
            .parts
            .iter()
            .map(|part| PartInfo {
                name: part.name.to_owned(),
                alias: Some(part.alias.to_owned()),
                points: points(part.name),
            })
            .collect(),
        tests: lab.tests.iter().map(test_info).collect(),
    }
}

fn test_info<J: Judge>(test: &Test<J>) -> TestInfo {
    let grounded = test.grounded.map(str::to_owned).or_else(|| grounded_storm(test));
    TestInfo {
        name: test.name.to_owned(),
        mit: test.mit.map(str::to_owned),
        part: test.part.to_owned(),
        tags: test.tags().into_iter().map(str::to_owned).collect(),
        points: test.points,
        about: test.about.to_owned(),
        storm: match &test.body {
            Body::Storm { scenario, .. } => Some((*scenario).to_owned()),
            Body::Directed { .. } => None,
        },
        skipped: if grounded.is_none() { skipped_of_storm(test) } else { Vec::new() },
        grounded,
    }
}

#[cfg(feature = "flight")]
fn grounded_storm<J: Judge>(test: &Test<J>) -> Option<String> {
    let Body::Storm { scenario, text } = &test.body else { return None };
    crate::fly::grounded(scenario, text)
}

#[cfg(feature = "flight")]
fn skipped_of_storm<J: Judge>(test: &Test<J>) -> Vec<String> {
    let Body::Storm { scenario, text } = &test.body else { return Vec::new() };
    crate::fly::left_out(scenario, text).into_iter().collect()
}

#[cfg(not(feature = "flight"))]
fn grounded_storm<J: Judge>(_: &Test<J>) -> Option<String> {
    None
}

#[cfg(not(feature = "flight"))]
const fn skipped_of_storm<J: Judge>(_: &Test<J>) -> Vec<String> {
    Vec::new()
}

fn find<'a, J: Judge>(lab: &'a Lab<J>, name: &str) -> Result<Option<&'a Test<J>>, Response> {
    let test = lab.tests.iter().find(|test| test.name == name);
    if test.is_none() && name != SCENARIO_TEST {
        return Err(refuse(RefusalKind::BadInput, format!("lab {} has no test `{name}`", lab.name)));
    }
    Ok(test)
}

fn schedule<J: Judge>(lab: &Lab<J>, shelf: &Shelf, request: &crate::protocol::ScheduleRequest) -> Response {
    let test = match find(lab, &request.test) {
        Ok(test) => test,
        Err(refusal) => return refusal,
    };
    match Plan::expand(lab, shelf, test, request.seed, request.scenario.as_ref()) {
        Err(error) => refuse(RefusalKind::BadInput, error.to_string()),
        Ok(Plan { course: Course::Storm(schedule), .. }) => Response::Schedule { text: schedule.to_toml() },
        Ok(_) => refuse(
            RefusalKind::BadInput,
            format!("test {} is a story in code: it has no schedule to save; storms have", request.test),
        ),
    }
}

/// What is said when the simulation itself, a judge or a test's body has panicked: the submission has not.
fn own_panic(panic: &(dyn Any + Send), request: &RunRequest) -> String {
    let (what, place) = match panic.downcast_ref::<PanicReport>() {
        Some(report) => (report.message.as_str(), report.place.as_str()),
        None => ("a panic without a message", ""),
    };
    format!(
        "the harness itself panicked, not the submission, in test {} under seed {}: {what} ({place}); please report it",
        request.test, request.seed
    )
}

/// One request to run something.
struct Worker<'a, J: Judge> {
    lab: &'a Lab<J>,
    shelf: &'a Shelf,
    program: &'a Program,
    request: &'a RunRequest,
}

impl<J: Judge> Worker<'_, J> {
    fn run(&self, output: &mut File) -> io::Result<()> {
        let request = self.request;
        let test = match find(self.lab, &request.test) {
            Ok(test) => test,
            Err(refusal) => return send(output, &refusal),
        };
        windtunnel::progress::begin_run(request.seed);
        windtunnel::memory::set_limit_of_simulations(Some(MEMORY_LIMIT));
        let once = |record: Recorded| {
            let manner = Manner {
                record,
                isolate: request.isolate,
                log: request.log.filter(|_| record != Recorded::Nothing),
                hash_at: request.hash_at.map(EventNumber),
            };
            let ran =
                catch_unwind(AssertUnwindSafe(|| run(self.lab, self.shelf, test, self.program, request, &manner)));
            match ran {
                Ok(Ok(ran)) => Ok(ran),
                Ok(Err(error)) => Err(refuse(RefusalKind::BadInput, error.to_string())),
                Err(panic) => Err(refuse(RefusalKind::Harness, own_panic(&*panic, request))),
            }
        };
        let recorded = match request {
            RunRequest { record: false, .. } => Recorded::Nothing,
            RunRequest { whole: true, .. } => Recorded::Everything,
            _ => Recorded::Last(STORY_EVENTS),
        };
        let ran = match once(recorded) {
            Ok(ran) => ran,
            Err(refusal) => return send(output, &refusal),
        };
        let broken = ran.verdict_in_the_tunnel();
        // A failure is run again with its last events recorded, to tell how it came about.
        let again = broken.is_some() && !request.record;
        let recorded = if again { once(Recorded::Last(STORY_EVENTS)).ok() } else { None };
        let told = recorded.as_ref().unwrap_or(&ran);
        let mut rows = told.report.recording.as_ref().map(|recording| story::rows::<J>(recording, told.lineup.nodes));
        if let (Some(rows), Some(broken)) = (&mut rows, &broken) {
            story::mark(rows, broken);
        }
        if request.record {
            for row in rows.iter().flatten() {
                send(output, &Response::Row(row.clone()))?;
            }
        }
        let same = told.report.trace_hash == ran.report.trace_hash;
        let result = self.result(&ran, broken.map(|broken| self.failure(&broken, told, rows.as_deref(), same)), same);
        send(output, &Response::Result(Box::new(result)))
    }

    fn result(&self, ran: &Ran, failure: Option<Failure>, same: bool) -> RunResult {
        let report = &ran.report;
        RunResult {
            test: self.request.test.clone(),
            seed: self.request.seed,
            verdict: match (&failure, same) {
                (None, _) => Verdict::Passed,
                (Some(_), false) => Verdict::Nondeterministic,
                (Some(failure), true) if failure.rule == UNDECIDED => Verdict::Undecided,
                (Some(_), true) => Verdict::Failed,
            },
            trace_hash: TraceHash(report.trace_hash),
            hash_at: report.hash_at.map(TraceHash),
            events: report.events,
            sim_ns: report.ended_at.0,
            faults: ran.kept.struck.counts().clone(),
            rough: roughness_of(ran),
            // A run that ended early had no time for its faults.
            never_struck: if failure.is_none() { ran.kept.struck.never_struck() } else { Vec::new() },
            counted: ran.kept.counted.clone(),
            messages: report.counters.messages,
            bytes: report.counters.bytes,
            peak_heap_bytes: report.counters.peak_heap,
            failure,
        }
    }

    fn failure(&self, broken: &Broken, told: &Ran, rows: Option<&[crate::protocol::Row]>, same: bool) -> Failure {
        let schedule = match Plan::expand(
            self.lab,
            self.shelf,
            self.lab.tests.iter().find(|test| test.name == self.request.test),
            self.request.seed,
            self.request.scenario.as_ref(),
        ) {
            Ok(Plan { course: Course::Storm(schedule), .. }) => Some(schedule.to_toml()),
            _ => None,
        };
        let other_run = "the same seed gave another run when it was repeated: see what `--check` says";
        let hint = if same { told.kept.stopped.hint(&broken.failed) } else { Some(other_run.to_owned()) };
        let calls = broken.failed.calls().zip(told.report.recording.as_ref());
        let calls = calls.map(|(calls, recording)| story::calls(recording, calls)).unwrap_or_default();
        Failure {
            rule: broken.failed.rule.to_owned(),
            title: broken.failed.title.clone(),
            source: broken.failed.source.map(str::to_owned),
            hint,
            facts: broken.failed.facts().iter().cloned().chain(calls).collect(),
            node: (broken.node != windtunnel::NodeId::TESTER).then_some(broken.node),
            event: Some(broken.moment.event.0),
            at_ns: broken.moment.at.0,
            story: rows.map(|rows| story::of_failure::<J>(rows, broken, told.lineup.all())).unwrap_or_default(),
            log: told.kept.log.clone(),
            output: told.kept.output.clone(),
            schedule,
        }
    }
}

/// What a storm was like; nothing of other tests.
fn roughness_of(ran: &Ran) -> Vec<String> {
    if !ran.is_storm {
        return Vec::new();
    }
    let unsynced = ran.report.counters.power_losses_with_unsynced_data > 0;
    let marks = [(ran.kept.changes_of_leader > 0, "leader-change"), (unsynced, "unsynced-power-loss")];
    let marks = marks.into_iter().filter_map(|(was, name)| was.then_some(name));
    marks.chain(ran.kept.struck.roughness.marks()).map(str::to_owned).collect()
}

/// Runs a test in this process, without a worker: for suites under `cargo test`. Says what a storm was like, as
/// [`RunResult::rough`] does.
///
/// # Errors
/// With what broke, where, and the command that shows it.
pub fn run_here<J: Judge>(
    lab: &Lab<J>,
    test: &Test<J>,
    program: &Program,
    seed: windtunnel::Seed,
) -> Result<Vec<String>, String> {
    let request = RunRequest::new(test.name, seed);
    let manner = Manner { record: Recorded::Nothing, isolate: Isolation::None, log: None, hash_at: None };
    let ran = run(lab, &Shelf::default(), Some(test), program, &request, &manner).map_err(|error| error.to_string())?;
    match ran.verdict_in_the_tunnel() {
        None => Ok(roughness_of(&ran)),
        Some(broken) => Err(libtest::message(&broken, lab.name, test.name, seed)),
    }
}
