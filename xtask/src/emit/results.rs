//! The results of `cargo lab test` as one document: what docs/EVENTS.md calls `windtunnel-results-1`.

use crate::error::LabError;
use crate::event::{ErrorEvent, FailureEvent};
use crate::exit::Exit;
use lab_harness::protocol::{Hello, Verdict};
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
    /// Adds a test to its part, and its points to all sums.
    pub fn add(&mut self, hello: &Hello, part: &str, test: TestResults) {
        self.tests += 1;
        match test.verdict {
            None => self.not_run += 1,
            Some(Verdict::Passed) => self.passed += 1,
            Some(Verdict::Undecided) => self.undecided += 1,
            Some(Verdict::Failed | Verdict::Nondeterministic) => self.failed += 1,
        }
        self.points += test.points;
        self.max_points += test.max_points;
        let index = self.parts.iter().position(|known| known.part == part).unwrap_or_else(|| {
            let alias = hello.parts.iter().find(|known| known.name == part).and_then(|known| known.alias.clone());
            self.parts.push(PartResults { part: part.to_owned(), alias, points: 0, max_points: 0, tests: vec![] });
            self.parts.len() - 1
        });
        let part = &mut self.parts[index];
        part.points += test.points;
        part.max_points += test.max_points;
        part.tests.push(test);
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

impl From<&FailureEvent> for FailureResults {
    fn from(failure: &FailureEvent) -> Self {
        FailureResults {
            seed: failure.seed,
            verdict: failure.verdict,
            rule: failure.rule.clone(),
            title: failure.title.clone(),
            source: failure.source.clone(),
            hint: failure.hint.clone(),
            node: failure.node,
            at_ns: failure.at_ns,
            replay: failure.replay.clone(),
            again: failure.again.clone(),
        }
    }
}
