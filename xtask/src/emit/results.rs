//! The results of `cargo lab test` as one document: what docs/EVENTS.md calls `windtunnel-results-1`.

use crate::error::LabError;
use crate::event::{ErrorEvent, FailureEvent, PartSummary, Summary};
use crate::exit::Exit;
use lab_harness::protocol::Verdict;
use serde::Serialize;
use std::io;
use windtunnel::{NodeId, Seed};

/// Everything that is known at the end, whatever the end was.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    pub format: &'static str,
    pub lab: Option<String>,
    pub submission: Option<String>,
    pub weather_version: Option<u32>,
    pub scenario: Option<String>,
    pub first_seed: Option<Seed>,
    pub seeds: u64,
    pub tests: usize,
    pub passed: usize,
    pub failed: usize,
    pub undecided: usize,
    pub not_run: usize,
    pub points: u32,
    pub max_points: u32,
    pub parts: Vec<PartResults>,
    /// Places in the sources that reach the real machine.
    pub hermeticity: usize,
    /// What kept the tests from running, or from going on.
    pub error: Option<ErrorResults>,
    pub exit: u8,
}

/// A part, over its tests that were chosen.
#[derive(Clone, Debug, Serialize)]
pub struct PartResults {
    pub part: String,
    pub alias: Option<String>,
    pub points: u32,
    pub max_points: u32,
    pub tests: Vec<TestResults>,
}

/// A test, over its seeds.
#[derive(Clone, Debug, Serialize)]
pub struct TestResults {
    pub test: String,
    pub mit: Option<String>,
    /// Nothing if no run of it has ended.
    pub verdict: Option<Verdict>,
    pub runs: u64,
    pub planned: u64,
    pub points: u32,
    pub max_points: u32,
    /// Wall time of its runs.
    pub time_ms: u64,
    pub failure: Option<FailureResults>,
}

/// The worst that happened to a test, told without its events.
#[derive(Clone, Debug, Serialize)]
pub struct FailureResults {
    pub seed: Seed,
    pub verdict: Verdict,
    pub rule: String,
    pub title: String,
    pub source: Option<String>,
    pub hint: Option<String>,
    pub facts: Vec<String>,
    pub node: Option<NodeId>,
    pub at_ns: u64,
    pub replay: Option<String>,
    pub again: String,
}

/// Why there are no results, or not all.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorResults {
    pub message: String,
    pub exit: u8,
}

impl Default for Results {
    fn default() -> Self {
        Results {
            format: "windtunnel-results-1",
            lab: None,
            submission: None,
            weather_version: None,
            scenario: None,
            first_seed: None,
            seeds: 0,
            tests: 0,
            passed: 0,
            failed: 0,
            undecided: 0,
            not_run: 0,
            points: 0,
            max_points: 0,
            parts: Vec::new(),
            hermeticity: 0,
            error: None,
            exit: 0,
        }
    }
}

impl Results {
    /// Takes the sums that the summary has, and puts each test into its part.
    pub fn fill(&mut self, summary: &Summary, tests: impl IntoIterator<Item = (String, TestResults)>) {
        let Summary { tests: number, passed, failed, undecided, points, max_points, .. } = *summary;
        (self.tests, self.passed, self.failed, self.undecided) = (number, passed, failed, undecided);
        (self.not_run, self.points, self.max_points) = (summary.not_run.len(), points, max_points);
        self.parts = summary.parts.iter().map(PartResults::from).collect();
        for (part, test) in tests {
            if let Some(part) = self.parts.iter_mut().find(|known| known.part == part) {
                part.tests.push(test);
            }
        }
    }

    /// How the command ended.
    pub fn end(&mut self, ended: &Result<Exit, LabError>) {
        match ended {
            Ok(exit) => self.exit = exit.code(),
            Err(error) => {
                let ErrorEvent { message, exit, .. } = ErrorEvent::from(error);
                self.exit = exit;
                self.error = Some(ErrorResults { message, exit });
            }
        }
    }

    /// The document, a field a line.
    pub fn to_json(&self) -> io::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl From<&PartSummary> for PartResults {
    fn from(part: &PartSummary) -> Self {
        let PartSummary { part, alias, points, max_points, .. } = part.clone();
        PartResults { part, alias, points, max_points, tests: Vec::new() }
    }
}

impl From<&FailureEvent> for FailureResults {
    fn from(failure: &FailureEvent) -> Self {
        FailureResults {
            seed: failure.seed,
            verdict: failure.verdict,
            rule: failure.rule.clone(),
            title: failure.title.clone(),
            source: failure.source.clone(),
            hint: failure.hint.clone(),
            facts: failure.facts.clone(),
            node: failure.node,
            at_ns: failure.at_ns,
            replay: failure.replay.clone(),
            again: failure.again.clone(),
        }
    }
}
