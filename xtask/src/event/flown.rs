//! What the command line says of known-wrong solutions that flew.

use super::MutantOutcome;
use crate::power::Mutant;
use lab_harness::protocol::FlightVerdict;
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of a deliberate mistake in flight.
#[derive(Clone, Debug, Serialize)]
pub struct FlownMutantEvent {
    pub lab: String,
    pub mutant: String,
    pub outcome: MutantOutcome,
    pub what: String,
    /// The rules that fit it.
    pub rules: Vec<String>,
    /// Why no rule can be broken.
    pub equivalent: Option<String>,
    /// What caught it.
    pub rule: Option<String>,
    pub title: Option<String>,
    pub flights: u64,
    /// Real time in flight, until it was caught if it was.
    pub flown_ms: u64,
    pub operations: u64,
    pub faults: BTreeMap<String, u64>,
    pub seen: Vec<SeenInFlight>,
    /// Why it did not fly.
    pub message: Option<String>,
}

/// What ended flights without being a catch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenInFlight {
    pub rule: String,
    pub verdict: FlightVerdict,
    /// Whether it is one of the mistake's rules. A bound of time that fits proves nothing on a real machine.
    pub fits: bool,
    pub flights: u64,
}

impl FlownMutantEvent {
    /// One of which nothing is known but what it says of itself.
    pub fn of(lab: &str, name: &str, mutant: Option<&Mutant>) -> Self {
        FlownMutantEvent {
            lab: lab.to_owned(),
            mutant: name.to_owned(),
            outcome: MutantOutcome::DoesNotRun,
            what: mutant.map(|mutant| mutant.what.clone()).unwrap_or_default(),
            rules: mutant.map(|mutant| mutant.rules.clone()).unwrap_or_default(),
            equivalent: mutant.and_then(|mutant| mutant.equivalent.clone()),
            rule: None,
            title: None,
            flights: 0,
            flown_ms: 0,
            operations: 0,
            faults: BTreeMap::new(),
            seen: Vec::new(),
            message: None,
        }
    }
}
