//! The table of mutants that flew: a line for what became of each, and what was seen of it below.

use super::power::{INDENT, doubt, laid_out, word};
use super::{Style, counted, faults, seconds};
use crate::event::{FlownMutantEvent, MutantOutcome, SeenInFlight, Summary};
use lab_harness::protocol::FlightVerdict;
use lab_harness::wrap::{block, plain};

/// One mutant.
pub fn row(mutant: &FlownMutantEvent, style: Style) -> String {
    let word = match mutant.outcome {
        MutantOutcome::Missed => style.yellow(&format!("{:<INDENT$}", "missed")),
        outcome => word(outcome, style),
    };
    let measured = match mutant.flights {
        0 => String::new(),
        1 => format!("{:>4} flight  {:>8}", 1, seconds(mutant.flown_ms)),
        flights => format!("{flights:>4} flights {:>8}", seconds(mutant.flown_ms)),
    };
    laid_out(&word, &mutant.mutant, &measured, &notes(mutant))
}

fn notes(mutant: &FlownMutantEvent) -> Vec<String> {
    let what = (mutant.outcome != MutantOutcome::Caught && !mutant.what.is_empty()).then(|| mutant.what.clone());
    let mut notes: Vec<String> = what.into_iter().chain(mutant.rule.clone()).collect();
    notes.extend(doubt(mutant.outcome, mutant.equivalent.as_deref(), &mutant.rules, mutant.message.as_deref()));
    notes.extend(mutant.seen.iter().map(|seen| self::seen(seen, mutant.outcome)));
    notes
}

fn seen(seen: &SeenInFlight, outcome: MutantOutcome) -> String {
    let often = if seen.flights == 1 { String::new() } else { format!(", {} times", seen.flights) };
    match (seen.verdict, seen.fits) {
        (FlightVerdict::Undecided, true) => {
            format!("undecided: {}{often}; it fits, and on a real machine proves nothing", seen.rule)
        }
        (FlightVerdict::Undecided, false) => format!("undecided: {}{often}", seen.rule),
        (_, _) if outcome == MutantOutcome::Refuted => format!("seen as: {}{often}", seen.rule),
        (_, _) => format!("seen as: {}{often}, does not fit", seen.rule),
    }
}

/// How many flights that were, below what became of all.
pub fn sums(summary: &Summary, flights: u64) -> String {
    let flights = counted(usize::try_from(flights).unwrap_or(usize::MAX), "flight");
    let mut text = format!("{flights} in {}\n", seconds(summary.wall_ms));
    if !summary.faults.is_empty() {
        text.push_str(&block(&plain(&format!("faults: {}", faults(&summary.faults))), 0, 4));
    }
    text
}
