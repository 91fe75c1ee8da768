//! Counts results in order: tests, points, faults, and the hash over all runs.

use crate::event::{PartSummary, Summary, TestResult};
use crate::pool::is_failure;
use lab_harness::protocol::{Hello, RunResult, SCENARIO_TEST, TestInfo, Verdict};
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
    never_struck: BTreeMap<String, u64>,
    storms: u64,
    rough: BTreeMap<String, u64>,
    sim_ns: u64,
    trace: Fold,
}

#[derive(Clone, Debug, Default)]
struct Tested {
    /// Runs that it has if none fails.
    seeds: u64,
    runs: u64,
    worst: Option<Verdict>,
    failed_seed: Option<Seed>,
    /// The least and the most of each count.
    counted: BTreeMap<String, [u64; 2]>,
}

impl Tested {
    /// The runs that it was to make: none behind its first failing seed.
    fn planned(&self) -> u64 {
        if self.failed_seed.is_some() { self.runs } else { self.seeds }
    }
}

impl<'a> Tally<'a> {
    /// Nothing has run yet of so many seeds in all, and so many runs of each test.
    pub fn new(tests: &'a [TestInfo], seeds: u64, runs: &[u64]) -> Self {
        let tested = runs.iter().map(|seeds| Tested { seeds: *seeds, ..Tested::default() }).collect();
        Tally {
            tests,
            seeds,
            tested,
            runs: 0,
            faults: BTreeMap::new(),
            never_struck: BTreeMap::new(),
            storms: 0,
            rough: BTreeMap::new(),
            sim_ns: 0,
            trace: Fold::default(),
        }
    }

    /// Counts one run; results come in the order of tests and seeds.
    pub fn count(&mut self, test: usize, result: &RunResult) {
        let tested = &mut self.tested[test];
        tested.runs += 1;
        tested.worst = tested.worst.max(Some(result.verdict));
        if is_failure(result.verdict) {
            tested.failed_seed = Some(result.seed);
        }
        for (name, count) in &result.counted {
            let [least, most] = tested.counted.entry(name.clone()).or_insert([*count; 2]);
            (*least, *most) = ((*least).min(*count), (*most).max(*count));
        }
        self.runs += 1;
        self.sim_ns = self.sim_ns.saturating_add(result.sim_ns);
        self.trace.word(result.trace_hash.0);
        for (family, count) in &result.faults {
            *self.faults.entry(family.clone()).or_default() += count;
        }
        let by_weather = result.test == SCENARIO_TEST || self.tests[test].storm.is_some();
        self.storms += u64::from(by_weather);
        for mark in &result.rough {
            *self.rough.entry(mark.clone()).or_default() += 1;
        }
        for fault in &result.never_struck {
            *self.never_struck.entry(fault.clone()).or_default() += 1;
        }
    }

    /// Whether all that a test has to run has run.
    pub fn is_complete(&self, test: usize) -> bool {
        let tested = &self.tested[test];
        tested.runs == tested.seeds || tested.failed_seed.is_some()
    }

    /// How a test has ended, by the runs that did; nothing if none has. Points are for all seeds alone.
    pub fn result(&self, test: usize) -> Option<TestResult> {
        let (info, tested) = (&self.tests[test], &self.tested[test]);
        let verdict = tested.worst?;
        let earned = verdict == Verdict::Passed && self.is_complete(test);
        Some(TestResult {
            test: info.name.clone(),
            part: info.part.clone(),
            verdict,
            runs: tested.runs,
            planned: tested.planned(),
            points: if earned { info.points } else { 0 },
            max_points: info.points,
            failed_seed: tested.failed_seed,
            counted: tested.counted.clone(),
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
            planned: self.tested.iter().fold(0, |sum, tested| sum.saturating_add(tested.planned())),
            seeds: self.seeds,
            faults: self.faults.clone(),
            never_struck: self.never_struck.clone(),
            storms: self.storms,
            rough: self.rough.clone(),
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
            if result.is_none() {
                summary.not_run.push(info.name.clone());
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use lab_harness::protocol::{PartInfo, TraceHash};

    fn result(test: &str, seed: u64, verdict: Verdict) -> RunResult {
        RunResult {
            test: test.into(),
            seed: Seed(seed),
            verdict,
            trace_hash: TraceHash(seed),
            hash_at: None,
            events: 1,
            sim_ns: 1_000_000,
            faults: BTreeMap::new(),
            rough: Vec::new(),
            never_struck: Vec::new(),
            counted: BTreeMap::new(),
            messages: 0,
            bytes: 0,
            peak_heap_bytes: 0,
            failure: None,
        }
    }

    #[test]
    fn what_was_stopped_counts_by_the_runs_that_ended_and_earns_nothing() {
        let test = |name: &str| TestInfo {
            grounded: None,
            skipped: Vec::new(),
            name: name.into(),
            mit: None,
            part: "log".into(),
            tags: vec![],
            points: 5,
            about: String::new(),
            storm: None,
        };
        let tests = [test("whole"), test("halved"), test("broken"), test("untouched")];
        let mut tally = Tally::new(&tests, 2, &[2; 4]);
        let runs = [(0, 0, Verdict::Passed), (0, 1, Verdict::Passed), (1, 0, Verdict::Passed), (2, 0, Verdict::Failed)];
        for (test, seed, verdict) in runs {
            tally.count(test, &result(&tests[test].name, seed, verdict));
        }
        let parts = vec![PartInfo { name: "log".into(), alias: None, points: 20 }];
        let hello = Hello { protocol: 1, weather_version: 1, lab: "raft".into(), parts, tests: tests.to_vec() };
        let mut summary = Summary::default();
        tally.summarise(&hello, &mut summary);
        assert_eq!((summary.passed, summary.failed, summary.undecided), (2, 1, 0));
        assert_eq!(summary.not_run, ["untouched"]);
        assert_eq!((summary.runs, summary.planned), (4, 2 + 2 + 1 + 2), "none behind a failing seed");
        assert_eq!((summary.points, summary.max_points), (5, 20));
    }
}
