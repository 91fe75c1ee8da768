//! What the command line says: every event of `--format json`, described in docs/EVENTS.md. The
//! text output shows the same events, so that neither knows what the other does not.

mod check;
mod flight;
mod flown;
mod job;

use crate::error::LabError;
use crate::hermetic::Finding;
use crate::power::Mutant;
use lab_harness::protocol::{FlightRow, OutputRecord, Row, RowKind, RunResult, TraceHash, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use windtunnel::line::LogLevel;
use windtunnel::{NodeId, Seed};

pub use check::{CheckEvent, CheckExplained, CheckVerdict, CheckedOperation};
pub use flight::{FlightEvent, FlightPlanEvent, FlightSummary, GroundedEvent};
pub use flown::{FlownMutantEvent, SeenInFlight};
pub use job::JobEvent;

/// One line of output.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Lab { lab: String, submission: String, tests: usize, points: u32 },
    Part { lab: String, part: String, alias: Option<String>, points: u32 },
    Test(ListedTest),
    Seed { seed: Seed, drawn: bool },
    Plan(PlanEvent),
    Schedule { file: String, test: String, seed: Seed },
    Hermeticity(Finding),
    RunResult(RunEvent),
    Failure(FailureEvent),
    TestResult(TestResult),
    Row { row: Row },
    Replay(ReplayEvent),
    Created { lab: String, directory: String, package: String, locked: bool, test: String },
    Mutant(MutantEvent),
    FlownMutant(Box<FlownMutantEvent>),
    FlightGrounded(GroundedEvent),
    Flight(FlightPlanEvent),
    FlightSecond(FlightRow),
    FlightResult(Box<FlightEvent>),
    Job(Box<JobEvent>),
    Exported { directory: String, files: usize },
    Check(Box<CheckEvent>),
    Schema { schema: serde_json::Value },
    Error(ErrorEvent),
    Summary(Box<Summary>),
}

/// A test there is.
#[derive(Clone, Debug, Serialize)]
pub struct ListedTest {
    pub lab: String,
    pub part: String,
    pub test: String,
    pub mit: Option<String>,
    pub tags: Vec<String>,
    pub points: u32,
    pub about: String,
    pub scenario: Option<String>,
    /// Whether it flies; only when that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flies: Option<bool>,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grounded: Option<String>,
    /// What of its scenario flight leaves out, if it flies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Vec<String>>,
}

/// What is about to run.
#[derive(Clone, Debug, Serialize)]
pub struct PlanEvent {
    pub lab: String,
    pub submission: String,
    pub weather_version: u32,
    pub tests: Vec<String>,
    pub first_seed: Seed,
    pub seeds: u64,
    pub jobs: usize,
    pub scenario: Option<String>,
}

/// One test under one seed has ended.
#[derive(Clone, Debug, Serialize)]
pub struct RunEvent {
    pub test: String,
    pub seed: Seed,
    pub verdict: Verdict,
    pub trace_hash: TraceHash,
    pub events: u64,
    pub sim_ms: u64,
    pub messages: u64,
    pub bytes: u64,
    pub peak_heap_bytes: u64,
    /// What the lab's judge has counted, by name.
    pub counted: BTreeMap<String, u64>,
}

impl From<&RunResult> for RunEvent {
    fn from(result: &RunResult) -> Self {
        RunEvent {
            test: result.test.clone(),
            seed: result.seed,
            verdict: result.verdict,
            trace_hash: result.trace_hash,
            events: result.events,
            sim_ms: result.sim_ns / 1_000_000,
            messages: result.messages,
            bytes: result.bytes,
            peak_heap_bytes: result.peak_heap_bytes,
            counted: result.counted.clone(),
        }
    }
}

/// Something broke.
#[derive(Clone, Debug, Serialize)]
pub struct FailureEvent {
    pub lab: String,
    pub part: String,
    pub test: String,
    pub seed: Seed,
    pub verdict: Verdict,
    pub rule: String,
    pub title: String,
    pub source: Option<String>,
    pub hint: Option<String>,
    /// How things stood, a line each.
    pub facts: Vec<String>,
    pub node: Option<NodeId>,
    pub at_event: Option<u64>,
    pub at_ns: u64,
    pub story: Vec<Row>,
    pub output: Vec<OutputRecord>,
    /// Where it was saved, if it could be.
    pub file: Option<String>,
    /// The command that shows it again from the file.
    pub replay: Option<String>,
    /// The command that runs this seed again.
    pub again: String,
}

/// A test has ended, over all its seeds.
#[derive(Clone, Debug, Serialize)]
pub struct TestResult {
    pub test: String,
    pub part: String,
    pub verdict: Verdict,
    pub runs: u64,
    /// Runs that were to be made; more than `runs` if it was stopped.
    pub planned: u64,
    pub points: u32,
    pub max_points: u32,
    /// The seed at which it failed.
    pub failed_seed: Option<Seed>,
    /// What the lab's judge has counted, by name: the least and the most of all runs.
    pub counted: BTreeMap<String, [u64; 2]>,
}

/// How a replay compares to the failure it replays.
#[derive(Clone, Debug, Serialize)]
pub struct ReplayEvent {
    pub file: String,
    pub test: String,
    pub seed: Seed,
    pub outcome: ReplayOutcome,
    pub sources_changed: bool,
    /// The files that changed, the submission's first; empty if the failure file does not tell.
    pub changed: Vec<String>,
    pub saved_rule: String,
    pub rule: Option<String>,
    pub saved_trace_hash: TraceHash,
    pub trace_hash: TraceHash,
}

/// What became of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayOutcome {
    /// The same run, to the last bit.
    Same,
    /// After an edit: it passes.
    PassesNow,
    /// After an edit: the same rule still breaks.
    StillFails,
    /// After an edit: another rule breaks.
    FailsOtherwise,
    /// The run is another although the sources are the same.
    Diverged,
}

/// What became of a deliberate mistake.
#[derive(Clone, Debug, Serialize)]
pub struct MutantEvent {
    pub lab: String,
    pub mutant: String,
    pub outcome: MutantOutcome,
    pub what: String,
    /// The rules that fit it.
    pub rules: Vec<String>,
    /// Why no rule can be broken.
    pub equivalent: Option<String>,
    pub test: Option<String>,
    pub rule: Option<String>,
    pub title: Option<String>,
    pub seed: Option<Seed>,
    /// Seeds until it was caught, or all that were tried.
    pub seeds: Option<u64>,
    pub runs: u64,
    pub wall_ms: u64,
    pub seen: Vec<SeenAs>,
    /// Why it did not run.
    pub message: Option<String>,
}

/// Failures by a rule that does not fit: the first, and how many there were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenAs {
    pub rule: String,
    pub test: String,
    pub seed: Seed,
    pub runs: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MutantOutcome {
    /// By a rule that fits.
    Caught,
    /// By none, or by others only.
    Missed,
    /// It is called so, and nothing failed.
    Equivalent,
    /// It is called equivalent, and something failed.
    Refuted,
    /// It was only asked whether it does.
    Compiles,
    DoesNotApply,
    DoesNotCompile,
    /// Its worker says no hello.
    DoesNotRun,
}

impl MutantEvent {
    /// One of which nothing is known but what it says of itself.
    pub fn of(lab: &str, name: &str, mutant: Option<&Mutant>) -> Self {
        MutantEvent {
            lab: lab.to_owned(),
            mutant: name.to_owned(),
            outcome: MutantOutcome::DoesNotRun,
            what: mutant.map(|mutant| mutant.what.clone()).unwrap_or_default(),
            rules: mutant.map(|mutant| mutant.rules.clone()).unwrap_or_default(),
            equivalent: mutant.and_then(|mutant| mutant.equivalent.clone()),
            test: None,
            rule: None,
            title: None,
            seed: None,
            seeds: None,
            runs: 0,
            wall_ms: 0,
            seen: Vec::new(),
            message: None,
        }
    }
}

/// Why a command has no answer.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorEvent {
    pub message: String,
    pub nearest: Vec<String>,
    pub exit: u8,
}

impl From<&LabError> for ErrorEvent {
    fn from(error: &LabError) -> Self {
        let mut message = error.to_string();
        if !error.words().is_empty() {
            message = format!("{message}\n{}", error.words().trim_end());
        }
        ErrorEvent { message, nearest: error.nearest().to_vec(), exit: error.exit().code() }
    }
}

/// The last line of every command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub lab: Option<String>,
    pub tests: usize,
    pub runs: u64,
    /// Runs that were to be made; more than `runs` after an interruption.
    pub planned: u64,
    pub passed: usize,
    pub failed: usize,
    pub undecided: usize,
    /// Tests of which no run has ended.
    pub not_run: Vec<String>,
    pub seeds: u64,
    pub points: u32,
    pub max_points: u32,
    pub parts: Vec<PartSummary>,
    pub faults: BTreeMap<String, u64>,
    pub storms: u64,
    pub rough: BTreeMap<String, u64>,
    /// Faults whose event's number did not come in a run that passed, and in how many it did not.
    pub never_struck: BTreeMap<String, u64>,
    /// Places in the sources that reach the real machine, found by `--check`.
    pub hermeticity: usize,
    pub trace_hash: TraceHash,
    pub wall_ms: u64,
    pub cpu_ms: u64,
    pub sim_ms: u64,
    /// The most memory that any worker's process held, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_worker_bytes: Option<u64>,
    /// Of `power` alone.
    #[serde(flatten)]
    pub power: Option<PowerSummary>,
    /// Of `fly` alone.
    #[serde(flatten)]
    pub flight: Option<FlightSummary>,
    pub exit: u8,
}

/// How many mutants there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PowerSummary {
    pub mutants: usize,
    pub caught: usize,
    pub equivalent: usize,
    pub missed: usize,
    /// Called equivalent, and not.
    pub refuted: usize,
    /// Those that do not apply, compile or run.
    pub broken: usize,
    pub compiled: usize,
    /// Seeds until half of the caught ones were, and until all were.
    pub median_seeds: Option<u64>,
    pub most_seeds: Option<u64>,
    /// Of mutants that flew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flights: Option<u64>,
}

impl PowerSummary {
    /// Counts one.
    pub fn count(&mut self, outcome: MutantOutcome) {
        *match outcome {
            MutantOutcome::Caught => &mut self.caught,
            MutantOutcome::Missed => &mut self.missed,
            MutantOutcome::Equivalent => &mut self.equivalent,
            MutantOutcome::Refuted => &mut self.refuted,
            MutantOutcome::Compiles => &mut self.compiled,
            MutantOutcome::DoesNotApply | MutantOutcome::DoesNotCompile | MutantOutcome::DoesNotRun => &mut self.broken,
        } += 1;
    }
}

/// A part, over its tests that were chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartSummary {
    pub part: String,
    pub alias: Option<String>,
    pub tests: usize,
    pub passed: usize,
    pub failed: usize,
    pub undecided: usize,
    pub points: u32,
    pub max_points: u32,
}

/// Log lines and output of lab code, as rows among the others.
pub fn rows_of(result: &RunResult) -> Vec<Row> {
    let Some(failure) = &result.failure else { return Vec::new() };
    let row = |event, at_ns, node, kind, text| Row { event, at_ns, node, kind, text, peer: None, peer_text: None };
    let log = failure.log.iter().map(|log| {
        let text = format!("{} {}", level_name(log.level), log.message);
        row(log.event, log.at_ns, log.node, RowKind::Log, text)
    });
    let output = failure.output.iter();
    log.chain(output.map(|line| row(line.event, line.at_ns, line.node, RowKind::Output, format!("| {}", line.text))))
        .collect()
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}
