//! The table of mutants: a line for what became of each, and what saw it below.

use super::{Style, counted, flown, seconds};
use crate::event::{MutantEvent, MutantOutcome, PowerSummary, SeenAs, Summary};
use crate::exit::Exit;
use lab_harness::wrap::{WIDTH, block, cut, plain, wrap};

/// Where names begin.
pub const INDENT: usize = 12;
/// Rules seen that do not fit, at most.
const SEEN: usize = 4;

/// One mutant.
pub fn row(mutant: &MutantEvent, style: Style) -> String {
    let word = word(mutant.outcome, style);
    let measured = match mutant.seeds {
        Some(1) => format!("{:>4} seed  {:>10}", 1, seconds(mutant.wall_ms)),
        Some(seeds) => format!("{seeds:>4} seeds {:>10}", seconds(mutant.wall_ms)),
        None => String::new(),
    };
    laid_out(&word, &mutant.mutant, &measured, &notes(mutant))
}

/// A line with the outcome, the name and what was measured; notes below it.
pub fn laid_out(word: &str, name: &str, measured: &str, notes: &[String]) -> String {
    let room = WIDTH - INDENT - 22;
    let mut text = format!("{word}{:<room$} {measured}", cut(&plain(name), room)).trim_end().to_owned();
    text.push('\n');
    for note in notes {
        let lines = wrap(&plain(note), WIDTH - INDENT);
        text.extend(lines.iter().map(|line| format!("{:INDENT$}{line}\n", "")));
    }
    text
}

/// What became of it, in a word as wide as all of them.
pub fn word(outcome: MutantOutcome, style: Style) -> String {
    let (word, paint): (&str, fn(Style, &str) -> String) = match outcome {
        MutantOutcome::Caught => ("caught", Style::green),
        MutantOutcome::Equivalent => ("equivalent", Style::yellow),
        MutantOutcome::Compiles => ("compiles", Style::green),
        MutantOutcome::Missed => ("MISSED", Style::red),
        MutantOutcome::Refuted => ("REFUTED", Style::red),
        MutantOutcome::DoesNotApply | MutantOutcome::DoesNotCompile | MutantOutcome::DoesNotRun => {
            ("BROKEN", Style::red)
        }
    };
    paint(style, &format!("{word:<INDENT$}"))
}

/// Why it was not caught, or never ran.
pub fn doubt(outcome: MutantOutcome, equivalent: Option<&str>, rules: &[String], message: Option<&str>) -> Vec<String> {
    let reason = match outcome {
        MutantOutcome::Equivalent => equivalent.map(str::to_owned),
        MutantOutcome::Refuted => Some("is called equivalent, and something failed".to_owned()),
        MutantOutcome::Missed => Some(format!("fitting: {}", rules.join(", "))),
        MutantOutcome::DoesNotApply => Some("does not apply:".to_owned()),
        MutantOutcome::DoesNotCompile => Some("does not compile:".to_owned()),
        MutantOutcome::Caught | MutantOutcome::Compiles | MutantOutcome::DoesNotRun => None,
    };
    // The first lines of a compiler's error say what and where; the rest is a drawing.
    let message = message.unwrap_or_default().lines().take(2).map(|line| line.trim().to_owned());
    reason.into_iter().chain(message).collect()
}

fn notes(mutant: &MutantEvent) -> Vec<String> {
    let caught = mutant.test.as_ref().zip(mutant.rule.as_ref()).map(|(test, rule)| format!("{rule} in {test}"));
    let fine = [MutantOutcome::Caught, MutantOutcome::Compiles].contains(&mutant.outcome);
    let what = (!fine && !mutant.what.is_empty()).then(|| mutant.what.clone());
    let mut notes: Vec<String> = what.into_iter().chain(caught).collect();
    notes.extend(doubt(mutant.outcome, mutant.equivalent.as_deref(), &mutant.rules, mutant.message.as_deref()));
    notes.extend(mutant.seen.iter().take(SEEN).map(|seen| self::seen(seen, mutant.outcome)));
    if let Some(more @ 1..) = mutant.seen.len().checked_sub(SEEN) {
        notes.push(format!("and as {more} others"));
    }
    notes
}

fn seen(seen: &SeenAs, outcome: MutantOutcome) -> String {
    let fit = if outcome == MutantOutcome::Refuted { "" } else { ", does not fit" };
    let often = if seen.runs == 1 { String::new() } else { format!(", {} times", seen.runs) };
    format!("seen as: {} in {} (seed {}{often}){fit}", seen.rule, seen.test, seen.seed)
}

/// What became of all.
pub fn sums(summary: &Summary, sums: &PowerSummary, style: Style) -> String {
    let mut counts = Vec::new();
    let mut count = |number: usize, word: &str, bad: bool| {
        let text = format!("{number} {word}");
        counts.extend((number > 0).then(|| if bad { style.red(&text) } else { text }));
    };
    count(sums.caught, "caught", false);
    count(sums.compiled, "compile", false);
    count(sums.equivalent, "equivalent", false);
    count(sums.missed, "missed", true);
    count(sums.refuted, "called equivalent and not", true);
    count(sums.broken, "broken", true);
    let told = sums.caught + sums.compiled + sums.equivalent + sums.missed + sums.refuted + sums.broken;
    count(sums.mutants - told, "not run", false);
    let counts = format!("{}: {}", counted(sums.mutants, "mutant"), counts.join(", "));
    let mut text = format!("\n{}", block(&counts, 0, 3));
    if summary.exit == Exit::Interrupted.code() {
        text.push_str(&style.yellow("interrupted\n"));
    }
    if let Some(flights) = sums.flights {
        text.push_str(&flown::sums(summary, flights));
        return text;
    }
    if let (Some(median), Some(most)) = (sums.median_seeds, sums.most_seeds) {
        let most = counted(usize::try_from(most).unwrap_or(usize::MAX), "seed");
        text.push_str(&format!("until caught: median {median}, at most {most}; "));
    }
    if summary.runs > 0 {
        text.push_str(&counted(usize::try_from(summary.runs).unwrap_or(usize::MAX), "run"));
        text.push(' ');
    }
    text.push_str(&format!("in {}\n", seconds(summary.wall_ms)));
    text
}
