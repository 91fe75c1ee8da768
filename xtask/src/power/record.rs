//! What the flights of a mutant have shown so far, and what that makes of it.

use super::patch::Mutant;
use crate::event::{FlownMutantEvent, MutantOutcome, SeenInFlight};
use crate::exit::Exit;
use lab_harness::protocol::{FlightResult, FlightVerdict};
use std::collections::BTreeMap;

/// Of one mutant.
#[derive(Debug, Default)]
pub struct Record {
    /// A rule that was broken and fits, and its words.
    catch: Option<(String, String)>,
    /// What else ended a flight.
    seen: Vec<SeenInFlight>,
    pub flights: u64,
    /// Real time in flight: until the catch, if there is one.
    pub flown_ms: u64,
    operations: u64,
    pub faults: BTreeMap<String, u64>,
}

impl Record {
    /// Adds a flight that was not landed from outside.
    pub fn add(&mut self, mutant: &Mutant, result: &FlightResult) {
        self.flights += 1;
        self.operations += result.operations.unwrap_or_default();
        result.faults.iter().for_each(|(family, count)| *self.faults.entry(family.clone()).or_default() += count);
        let Some(broken) = &result.broken else {
            self.flown_ms += result.wall_ms;
            return;
        };
        let (rule, verdict, fits) = (&broken.rule, result.verdict, mutant.rules.contains(&broken.rule));
        if verdict == FlightVerdict::Violated && fits && mutant.equivalent.is_none() {
            self.flown_ms += broken.at_ms;
            self.catch = Some((rule.clone(), broken.title.clone()));
            return;
        }
        self.flown_ms += result.wall_ms;
        match self.seen.iter_mut().find(|seen| (&seen.rule, seen.verdict) == (rule, verdict)) {
            Some(seen) => seen.flights += 1,
            None => self.seen.push(SeenInFlight { rule: rule.clone(), verdict, fits, flights: 1 }),
        }
    }

    /// Whether more flights could say more.
    pub const fn is_caught(&self) -> bool {
        self.catch.is_some()
    }

    /// What became of the mutant. A miss is no fault of anybody: most of what a flight misses lies beyond it.
    pub fn verdict(self, mutant: &Mutant, event: FlownMutantEvent) -> (FlownMutantEvent, Exit) {
        let violated = self.seen.iter().any(|seen| seen.verdict == FlightVerdict::Violated);
        let (outcome, exit) = match (&mutant.equivalent, &self.catch) {
            (Some(_), _) if violated => (MutantOutcome::Refuted, Exit::Failed),
            (Some(_), _) => (MutantOutcome::Equivalent, Exit::Passed),
            (None, Some(_)) => (MutantOutcome::Caught, Exit::Passed),
            (None, None) => (MutantOutcome::Missed, Exit::Passed),
        };
        let (rule, title) = self.catch.unzip();
        let Record { seen, flights, flown_ms, operations, faults, .. } = Record { catch: None, ..self };
        (FlownMutantEvent { outcome, rule, title, flights, flown_ms, operations, faults, seen, ..event }, exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_harness::protocol::FlightBroken;

    fn mutant(head: &str) -> Mutant {
        Mutant::parse("wrong", &format!("{head}\n\n--- a/x\n+++ b/x\n")).unwrap()
    }

    fn flown(verdict: FlightVerdict, rule: Option<&str>) -> FlightResult {
        let broken = |rule: &str| FlightBroken {
            rule: rule.to_owned(),
            title: "Broken.".to_owned(),
            source: None,
            facts: Vec::new(),
            at_ms: 1_500,
        };
        FlightResult {
            verdict,
            broken: rule.map(broken),
            operations: Some(100),
            unknown: Some(0),
            ops_per_s: None,
            p50_us: None,
            p99_us: None,
            fsyncs: 0,
            fsyncs_per_1000: None,
            faults: BTreeMap::from([("kill-1".to_owned(), 2)]),
            skipped: Vec::new(),
            unclean: Vec::new(),
            stood_still_ms: 0,
            wall_ms: 4_000,
            history_error: None,
        }
    }

    fn judged(mutant: &Mutant, flights: &[(FlightVerdict, Option<&str>)]) -> (FlownMutantEvent, Exit) {
        let mut record = Record::default();
        flights.iter().for_each(|(verdict, rule)| record.add(mutant, &flown(*verdict, *rule)));
        let event = FlownMutantEvent::of("raft", "wrong", Some(mutant));
        record.verdict(mutant, event)
    }

    const FITTING: &str = "what: it forgets its vote\nrules: one-vote, no-leader";
    const EQUIVALENT: &str = "what: it counts from zero\nequivalent: nobody sees the number";

    #[test]
    fn a_rule_that_fits_is_a_catch_after_the_time_flown_until_then() {
        let flights = [(FlightVerdict::Violated, Some("panic")), (FlightVerdict::Violated, Some("one-vote"))];
        let (event, exit) = judged(&mutant(FITTING), &flights);
        assert_eq!(
            (event.outcome, exit, event.rule.as_deref()),
            (MutantOutcome::Caught, Exit::Passed, Some("one-vote"))
        );
        assert_eq!((event.flights, event.flown_ms, event.operations), (2, 4_000 + 1_500, 200));
        assert_eq!(event.faults["kill-1"], 4);
        let panic =
            SeenInFlight { rule: "panic".to_owned(), verdict: FlightVerdict::Violated, fits: false, flights: 1 };
        assert_eq!(event.seen, [panic], "what the mutant's own code does to itself is told, and is no catch");
    }

    #[test]
    fn a_bound_of_time_that_fits_is_no_catch_in_flight() {
        let (event, exit) = judged(&mutant(FITTING), &[(FlightVerdict::Undecided, Some("no-leader"))]);
        assert_eq!((event.outcome, exit), (MutantOutcome::Missed, Exit::Passed));
        assert!(event.seen[0].fits && event.rule.is_none(), "{event:?}");
    }

    #[test]
    fn what_is_called_equivalent_is_refuted_by_a_rule_and_not_by_a_bound() {
        let undecided = judged(&mutant(EQUIVALENT), &[(FlightVerdict::Undecided, Some("no-leader"))]);
        assert_eq!((undecided.0.outcome, undecided.1), (MutantOutcome::Equivalent, Exit::Passed));
        let violated = judged(&mutant(EQUIVALENT), &[(FlightVerdict::Violated, Some("one-vote"))]);
        assert_eq!((violated.0.outcome, violated.1), (MutantOutcome::Refuted, Exit::Failed));
    }

    #[test]
    fn flights_that_end_alike_are_told_once() {
        let flights = [(FlightVerdict::Safe, None), (FlightVerdict::Violated, Some("panic"))];
        let (event, _) = judged(&mutant(FITTING), &[flights, flights].concat());
        assert_eq!((event.seen.len(), event.seen[0].flights, event.flown_ms), (1, 2, 16_000));
    }
}
