//! Counts results in order: tests, points, faults, and the hash over all runs.

use crate::event::{PartSummary, Summary, TestResult};
use crate::pool::is_failure;
use lab_harness::protocol::{Hello, RunResult, TestInfo, Verdict};
use std::collections::BTreeMap;
use windtunnel::Seed;
use windtunnel::fold::Fold;

/// What is known so far.
#[derive(Debug)]
pub struct Tally<'a> {
    tests: &'a [TestInfo],
    seeds: u64,
    tested: Vec<Tested>,
    runs: u64,
    faults: BTreeMap<String, u64>,
    sim_ns: u64,
    trace: Fold,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tested {
    runs: u64,
    worst: Option<Verdict>,
    failed_seed: Option<Seed>,
}

impl<'a> Tally<'a> {
    /// Nothing has run yet.
    pub fn new(tests: &'a [TestInfo], seeds: u64) -> Self {
        let tested = vec![Tested::default(); tests.len()];
        Tally { tests, seeds, tested, runs: 0, faults: BTreeMap::new(), sim_ns: 0, trace: Fold::default() }
    }

    /// Counts one run; results come in the order of tests and seeds.
    pub fn count(&mut self, test: usize, result: &RunResult) {
        let tested = &mut self.tested[test];
        tested.runs += 1;
        tested.worst = tested.worst.max(Some(result.verdict));
        if is_failure(result.verdict) {
            tested.failed_seed = Some(result.seed);
        }
        self.runs += 1;
        self.sim_ns = self.sim_ns.saturating_add(result.sim_ns);
        self.trace.word(result.trace_hash.0);
        for (family, count) in &result.faults {
            *self.faults.entry(family.clone()).or_default() += count;
        }
    }

    /// Whether all that a test has to run has run.
    pub fn is_complete(&self, test: usize) -> bool {
        self.tested[test].runs == self.seeds || self.tested[test].failed_seed.is_some()
    }

    /// How a test has ended; nothing if it did not run at all.
    pub fn result(&self, test: usize) -> Option<TestResult> {
        let (info, tested) = (&self.tests[test], self.tested[test]);
        // A test that passed on some of its seeds has not passed: it was interrupted.
        let verdict = match tested.worst? {
            Verdict::Passed if !self.is_complete(test) => Verdict::Undecided,
            verdict => verdict,
        };
        Some(TestResult {
            test: info.name.clone(),
            part: info.part.clone(),
            verdict,
            runs: tested.runs,
            points: if verdict == Verdict::Passed { info.points } else { 0 },
            max_points: info.points,
            failed_seed: tested.failed_seed,
        })
    }

    /// The worst of all verdicts.
    pub fn worst(&self) -> Verdict {
        self.tested.iter().filter_map(|tested| tested.worst).max().unwrap_or(Verdict::Passed)
    }

    /// Fills in everything but times and the exit code.
    pub fn summarise(&self, hello: &Hello, summary: &mut Summary) {
        *summary = Summary {
            lab: Some(hello.lab.clone()),
            tests: self.tests.len(),
            runs: self.runs,
            seeds: self.seeds,
            faults: self.faults.clone(),
            trace_hash: lab_harness::protocol::TraceHash(self.trace.value()),
            sim_ms: self.sim_ns / 1_000_000,
            ..Summary::default()
        };
        for part in &hello.parts {
            let row = PartSummary { part: part.name.clone(), alias: part.alias.clone(), ..PartSummary::default() };
            summary.parts.push(row);
        }
        for (index, info) in self.tests.iter().enumerate() {
            let result = self.result(index);
            let points = result.as_ref().map_or(0, |result| result.points);
            let verdict = result.map(|result| result.verdict);
            let passed = usize::from(verdict == Some(Verdict::Passed));
            let failed = usize::from(verdict.is_some_and(is_failure));
            let undecided = usize::from(verdict == Some(Verdict::Undecided));
            summary.passed += passed;
            summary.failed += failed;
            summary.undecided += undecided;
            summary.points += points;
            summary.max_points += info.points;
            if let Some(part) = summary.parts.iter_mut().find(|part| part.part == info.part) {
                part.tests += 1;
                part.passed += passed;
                part.failed += failed;
                part.undecided += undecided;
                part.points += points;
                part.max_points += info.points;
            }
        }
        summary.parts.retain(|part| part.tests > 0);
    }
}
