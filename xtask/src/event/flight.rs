//! What the command line says of flights.

use lab_harness::protocol::{FlightResult, FlightSkipped, FlightVerdict, per_1000};
use serde::Serialize;
use std::collections::BTreeMap;
use windtunnel::Seed;

/// A test that was asked for and does not fly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroundedEvent {
    pub test: String,
    pub why: String,
}

/// What is about to fly.
#[derive(Clone, Debug, Serialize)]
pub struct FlightPlanEvent {
    pub lab: String,
    pub submission: String,
    pub course: String,
    /// How many, if the command line says so.
    pub nodes: Option<u32>,
    pub seed: Seed,
    pub directory: String,
}

/// A flight has ended.
#[derive(Clone, Debug, Serialize)]
pub struct FlightEvent {
    pub course: String,
    #[serde(flatten)]
    pub result: FlightResult,
    /// Where its files are, if they were left.
    pub directory: Option<String>,
}

/// All flights of one command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlightSummary {
    /// The worst.
    pub verdict: Option<FlightVerdict>,
    pub flights: usize,
    /// How many ended so.
    pub verdicts: BTreeMap<FlightVerdict, usize>,
    /// Tests that were asked for and do not fly.
    pub grounded: usize,
    /// Of the flights whose operations somebody counts; nothing if there is none.
    pub operations: Option<u64>,
    pub unknown: Option<u64>,
    /// Of the one flight; nothing of several, or without a load.
    pub ops_per_s: Option<u64>,
    pub p50_us: Option<u64>,
    pub p99_us: Option<u64>,
    pub fsyncs: u64,
    /// Those of flights whose operations were counted.
    #[serde(skip)]
    pub fsyncs_of_operations: u64,
    pub fsyncs_per_1000: Option<u64>,
    pub skipped: Vec<FlightSkipped>,
}

impl FlightSummary {
    /// Adds one.
    pub fn add(&mut self, result: &FlightResult) {
        self.flights += 1;
        self.verdict = self.verdict.max(Some(result.verdict));
        *self.verdicts.entry(result.verdict).or_default() += 1;
        self.fsyncs += result.fsyncs;
        if let Some((operations, unknown)) = result.operations.zip(result.unknown) {
            *self.operations.get_or_insert_default() += operations;
            *self.unknown.get_or_insert_default() += unknown;
            self.fsyncs_of_operations += result.fsyncs;
        }
        self.fsyncs_per_1000 = self.operations.and_then(|operations| per_1000(self.fsyncs_of_operations, operations));
        let alone = |number: Option<u64>| number.filter(|_| self.flights == 1);
        (self.ops_per_s, self.p50_us, self.p99_us) =
            (alone(result.ops_per_s), alone(result.p50_us), alone(result.p99_us));
        for skipped in &result.skipped {
            match self.skipped.iter_mut().find(|known| (&known.what, &known.why) == (&skipped.what, &skipped.why)) {
                Some(known) => known.count += skipped.count,
                None => self.skipped.push(skipped.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flown(operations: Option<u64>, fsyncs: u64) -> FlightResult {
        FlightResult {
            verdict: FlightVerdict::Safe,
            broken: None,
            operations,
            unknown: operations.map(|_| 1),
            ops_per_s: None,
            p50_us: None,
            p99_us: None,
            fsyncs,
            fsyncs_per_1000: None,
            faults: BTreeMap::new(),
            skipped: Vec::new(),
            unclean: Vec::new(),
            stood_still_ms: 0,
            wall_ms: 1_000,
            history_error: None,
        }
    }

    #[test]
    fn fsyncs_are_told_for_operations_that_were_counted_and_of_no_others() {
        let mut sums = FlightSummary::default();
        sums.add(&flown(None, 500));
        assert_eq!((sums.operations, sums.unknown, sums.fsyncs_per_1000), (None, None, None));
        sums.add(&flown(Some(100), 300));
        sums.add(&flown(Some(100), 100));
        assert_eq!((sums.operations, sums.unknown), (Some(200), Some(2)));
        assert_eq!((sums.fsyncs, sums.fsyncs_per_1000), (900, Some(2_000)));
    }
}
