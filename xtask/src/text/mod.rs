//! Events as a person reads them. [`failure`] and [`columns`] hold the one that matters most.

mod check;
mod columns;
mod failure;
mod flight;
mod flight_table;
mod flown;
mod job;
mod power;

use crate::event::{ErrorEvent, Event, PlanEvent, ReplayEvent, ReplayOutcome, Summary, TestResult};
use crate::exit::Exit;
use crate::shell::quoted;
use lab_harness::protocol::{Failure, FlightRow, Row, Verdict};
use lab_harness::wrap::{WIDTH, block, plain};
use std::collections::BTreeMap;

/// Whether there is colour.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub colour: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }
}

/// One event, with its line ends; nothing if a person need not see it.
pub fn event(event: &Event, style: Style) -> String {
    match event {
        Event::Lab { lab, submission, tests, points } => {
            format!("{lab}: {}, {points} points ({submission})\n", counted(*tests, "test"))
        }
        Event::Part { part, alias, points, .. } => {
            let alias = alias.as_deref().map(|alias| format!(" ({alias})")).unwrap_or_default();
            format!("\n  {part}{alias}, {points} points\n")
        }
        Event::Test(test) => {
            let tags: Vec<&str> = test.mit.iter().map(String::as_str).collect();
            let scenario = test.scenario.iter().map(String::as_str);
            let known_as = tags.into_iter().chain(scenario).collect::<Vec<_>>().join(", ");
            let head = in_columns(&test.test, test.points, &known_as);
            let flies = match (test.flies, &test.grounded) {
                (Some(true), _) => {
                    let without = test.skipped.as_ref().filter(|skipped| !skipped.is_empty());
                    let without = without.map(|skipped| format!(", without {}", skipped.join(", ")));
                    style.green(&block(&plain(&format!("flies{}", without.unwrap_or_default())), 10, 4))
                }
                (Some(false), reason) => {
                    let reason = reason.as_deref().unwrap_or("nobody says why");
                    block(&plain(&format!("does not fly: {reason}")), 10, 2)
                }
                (None, _) => String::new(),
            };
            format!("{head}{}{flies}", block(&plain(&test.about), 10, 2))
        }
        Event::Seed { seed, drawn } => format!("seed {seed}{}\n", if *drawn { " (drawn)" } else { "" }),
        Event::Plan(plan) => self::plan(plan),
        Event::Schedule { file, test, seed } => format!("schedule of {test}, seed {seed}: {file}\n"),
        Event::Hermeticity(finding) => format!(
            "{}  {}:{} names {}, which reaches the real machine\n          instead: {}\n",
            style.red("CHECK"),
            finding.file,
            finding.line,
            finding.found,
            finding.instead
        ),
        Event::RunResult(_) => String::new(),
        Event::Failure(failure) => failure::render(failure, style),
        Event::TestResult(result) => test_result(result, style),
        Event::Row { .. } => String::new(),
        Event::Replay(replay) => self::replay(replay, style),
        Event::Created { directory, test, lab, locked, .. } => {
            let lock = if *locked { "Cargo.lock names it from now on: commit both, or neither.\n" } else { "" };
            format!("{directory} is ready: fill in its src/, with labs/{lab}/README.md beside you.\n{lock}\n  {test}\n")
        }
        Event::FlightGrounded(test) => flight::grounded(test),
        Event::Flight(plan) => flight::plan(plan),
        Event::FlightSecond(row) => flight::second(row),
        Event::FlightResult(result) => flight::result(result, style),
        Event::Mutant(mutant) => power::row(mutant, style),
        Event::FlownMutant(mutant) => flown::row(mutant, style),
        Event::Job(job) => job::job(job, style),
        Event::Exported { directory, files } => {
            format!(
                "{directory}: {}, and no solution. Try it:\n\n  cd {} && cargo lab new raft\n",
                counted(*files, "file"),
                quoted(directory)
            )
        }
        Event::Check(check) => check::check(check, style),
        Event::Schema { schema } => format!("{}\n", serde_json::to_string_pretty(schema).unwrap_or_default()),
        Event::Error(error) => self::error(error),
        Event::Summary(summary) => self::summary(summary, style),
    }
}

/// A test's name, its points and what else it is called: in columns, and on as many lines as that takes.
fn in_columns(name: &str, points: u32, known_as: &str) -> String {
    const NAME: usize = 28;
    let name_alone = if name.len() > NAME { format!("    {name}\n") } else { String::new() };
    let beside = if name.len() > NAME { "" } else { name };
    let numbers = format!("    {beside:<NAME$} {points:>3}");
    if known_as.is_empty() {
        return format!("{name_alone}{numbers}\n");
    }
    let line = format!("{numbers}  {known_as}\n");
    if line.len() <= WIDTH + 1 {
        return name_alone + &line;
    }
    format!("{name_alone}{numbers}\n          {known_as}\n")
}

/// What went wrong, and what may have been meant.
pub fn error(error: &ErrorEvent) -> String {
    let mut text = format!("error: {}\n", error.message);
    if !error.nearest.is_empty() {
        text.push_str(&format!("  nearest: {}\n", error.nearest.join(", ")));
    }
    text
}

/// A second of a flight as a table, which began at `since_ms` of the flight.
pub fn flight_table(row: &FlightRow, since_ms: u64, style: Style) -> Vec<String> {
    flight_table::table(row, since_ms, style)
}

/// All rows of a run in columns, the last of them being where it broke.
pub fn rows(rows: &[Row]) -> String {
    columns::render(rows, WIDTH).iter().map(|line| format!("{line}\n")).collect()
}

fn plan(plan: &PlanEvent) -> String {
    let tests = counted(plan.tests.len(), "test");
    let seeds =
        if plan.seeds == 1 { String::new() } else { format!(" under {} seeds from {}", plan.seeds, plan.first_seed) };
    let weather = plan.scenario.as_ref().map(|scenario| format!(", weather of {scenario}")).unwrap_or_default();
    format!("{}: {tests} on {}{seeds}{weather}\n", plan.lab, plan.submission)
}

fn test_result(result: &TestResult, style: Style) -> String {
    let word = match result.verdict {
        Verdict::Passed => style.green("ok       "),
        Verdict::Undecided => style.yellow("undecided"),
        Verdict::Failed => style.red("FAILED   "),
        Verdict::Nondeterministic => style.red("DIFFERS  "),
    };
    let seed = result.failed_seed.map(|seed| format!("   seed {seed}")).unwrap_or_default();
    let points =
        if result.max_points == 0 { String::new() } else { format!("{:>3}/{}", result.points, result.max_points) };
    let stopped = if result.runs < result.planned {
        format!("   {} of {} seeds", result.runs, result.planned)
    } else {
        String::new()
    };
    let line = format!("{word}  {:<12} {:<34} {points:>7}{seed}{stopped}", result.part, result.test);
    let counted: Vec<String> = result.counted.iter().map(|(name, range)| in_range(name, *range)).collect();
    let counted = if counted.is_empty() { String::new() } else { format!("           {}\n", counted.join(", ")) };
    format!("{}\n{counted}", line.trim_end())
}

/// `turns 48`, or over many runs `turns 48 to 52`.
fn in_range(name: &str, [least, most]: [u64; 2]) -> String {
    if least == most { format!("{name} {least}") } else { format!("{name} {least} to {most}") }
}

fn replay(replay: &ReplayEvent, style: Style) -> String {
    let (saved, rule) = (&replay.saved_rule, replay.rule.as_deref().unwrap_or("nothing"));
    let changed = changed(&replay.changed);
    let words = match replay.outcome {
        ReplayOutcome::Same => style.red(&format!("The same run: it breaks `{rule}` again.")),
        ReplayOutcome::PassesNow => style.green(&format!("Passes now: `{saved}` holds.{changed}")),
        ReplayOutcome::StillFails => style.red(&format!("Still fails: `{rule}` breaks as before.{changed}")),
        ReplayOutcome::FailsOtherwise => {
            style.red(&format!("Fails otherwise: now `{rule}` breaks (it was `{saved}`).{changed}"))
        }
        ReplayOutcome::Diverged => style.red(&format!(
            "Another run although the sources are the same: saved {} `{saved}`,\nnow {} `{rule}`. Try `cargo lab test --check`.",
            replay.saved_trace_hash, replay.trace_hash
        )),
    };
    format!("\n{words}\n")
}

/// Which sources changed, on a line of its own where it would be long.
fn changed(files: &[String]) -> String {
    match files {
        [] => " The sources changed.".to_owned(),
        [one] => format!("\n{one} changed."),
        [first, rest @ ..] => format!("\n{first} and {} changed.", counted(rest.len(), "other")),
    }
}

fn summary(summary: &Summary, style: Style) -> String {
    let Some(_) = summary.lab else { return String::new() };
    if let Some(sums) = &summary.power {
        return power::sums(summary, sums, style);
    }
    if let Some(flights) = &summary.flight {
        return flight::sums(flights);
    }
    let interrupted = match summary.exit == Exit::Interrupted.code() && summary.planned > 0 {
        true => style.yellow(&format!("interrupted: {} of {} runs finished", summary.runs, summary.planned)),
        false => String::new(),
    };
    if summary.runs == 0 {
        return if interrupted.is_empty() { interrupted } else { format!("\n{interrupted}\n") };
    }
    let mut verdicts = vec![format!("{} passed", summary.passed)];
    if summary.failed > 0 {
        verdicts.push(style.red(&format!("{} failed", summary.failed)));
    }
    if summary.undecided > 0 {
        verdicts.push(style.yellow(&format!("{} undecided", summary.undecided)));
    }
    if !summary.not_run.is_empty() {
        verdicts.push(format!("{} not run", summary.not_run.len()));
    }
    let interrupted = if interrupted.is_empty() { interrupted } else { format!("{interrupted}\n") };
    let mut text = format!("\n{interrupted}{}: {}", counted(summary.tests, "test"), verdicts.join(", "));
    if summary.max_points > 0 {
        text.push_str(&format!("; {} of {} points", summary.points, summary.max_points));
    }
    text.push_str(&format!(
        "\n{}, {} simulated in {}, trace {}\n",
        counted(usize::try_from(summary.runs).unwrap_or(usize::MAX), "run"),
        seconds(summary.sim_ms),
        seconds(summary.wall_ms),
        summary.trace_hash
    ));
    if summary.hermeticity > 0 {
        let places = counted(summary.hermeticity, "place");
        text.push_str(&style.red(&format!("not hermetic: {places} in the sources, named above, so exit 6")));
        text.push('\n');
    }
    if !summary.faults.is_empty() {
        text.push_str(&block(&format!("faults: {}", faults(&summary.faults)), 0, 4));
    }
    if summary.storms > 1 {
        text.push_str(&block(&roughness(summary), 0, 4));
    }
    if !summary.never_struck.is_empty() {
        let runs = |count: &u64| counted(usize::try_from(*count).unwrap_or(usize::MAX), "run");
        let faults: Vec<String> =
            summary.never_struck.iter().map(|(fault, count)| format!("{fault} in {}", runs(count))).collect();
        text.push_str(&block(&format!("never struck: {}", faults.join(", ")), 0, 4));
    }
    text
}

/// `kill 2, pause 1`.
fn faults(struck: &BTreeMap<String, u64>) -> String {
    let each: Vec<String> = struck.iter().map(|(family, count)| format!("{family} {count}")).collect();
    each.join(", ")
}

/// Aloud, if faults were asked for and none came: what was done in calm weather proves nothing of a storm.
fn nothing_struck(struck: &BTreeMap<String, u64>) -> Option<&'static str> {
    let nothing = !struck.is_empty() && struck.values().all(|count| *count == 0);
    nothing.then_some(
        "None of the scenario's faults struck: all was over before their time came, or this seed draws none of them.",
    )
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10)
}

/// What broke, in words, below the table of a replay.
pub fn why(failure: &Failure) -> String {
    let parts = [Some(&failure.title), failure.source.as_ref(), failure.hint.as_ref()];
    let blocks = parts.into_iter().flatten().map(|part| block(&plain(part), 2, 6));
    format!("\n{}{}", blocks.collect::<String>(), failure::facts(&failure.facts))
}

/// In how many storms there was what a storm should have.
fn roughness(summary: &Summary) -> String {
    let percent = |mark: &str| summary.rough.get(mark).copied().unwrap_or_default() * 100 / summary.storms;
    format!(
        "{} storms: {} % saw another leader, {} % a power loss with unsynced data, {} % a cut one way, {} % a pause of a \
         second",
        summary.storms,
        percent("leader-change"),
        percent("unsynced-power-loss"),
        percent("one-way-cut"),
        percent("long-pause")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_stand_in_columns_whatever_they_are_called() {
        let long = "snapshots_crashes_partitions_many_keys";
        let mit = "TestSnapshotUnreliableRecoverConcurrentPartitionLinearizable4C";
        let points = |text: &str| {
            let line = text.lines().find(|line| line.contains('8')).expect("it has eight points");
            line.find('8').expect("there it is")
        };
        for text in ["short", long].into_iter().flat_map(|name| [in_columns(name, 8, ""), in_columns(name, 8, mit)]) {
            assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
            assert_eq!(points(&text), 35, "{text}");
        }
        assert_eq!(in_columns("basic", 10, "TestBasic4A"), format!("    {:<28}  10  TestBasic4A\n", "basic"));
    }
}
