//! Flights as a person reads them.

use super::{Style, counted, failure, faults, nothing_struck};
use crate::event::{FlightEvent, FlightPlanEvent, FlightSummary, GroundedEvent};
use lab_harness::protocol::{FlightNode, FlightRow, FlightSkipped, FlightVerdict};
use lab_harness::wrap::{block, plain};

/// Lines of what broke: a node's own words, with the path of a file in them, are the whole clue.
const TITLE_LINES: usize = 12;

/// What is about to fly.
pub fn plan(plan: &FlightPlanEvent) -> String {
    let nodes = plan.nodes.map(|nodes| format!(" on {nodes} nodes")).unwrap_or_default();
    format!("{}: {} flies {}{nodes}, seed {}\n", plan.lab, plan.submission, plan.course, plan.seed)
}

/// A second of it, in a line: each node's role and term, how much is committed, how fast, the weather so far.
pub fn second(row: &FlightRow) -> String {
    let nodes: Vec<String> = row.nodes.iter().map(node).collect();
    // A lab without a log has nothing to commit.
    let commit = row.nodes.iter().map(|node| node.commit).max().filter(|commit| *commit > 0);
    let commit = commit.map(|commit| format!("  commit {commit}")).unwrap_or_default();
    let p99 = row.p99_us.map(|p99| format!(" p99 {}", micros(p99))).unwrap_or_default();
    let faults: Vec<String> = row.faults.iter().map(|(family, count)| format!("{family} {count}")).collect();
    let weather = if faults.is_empty() { String::new() } else { format!("  {}", faults.join(" ")) };
    let seconds = row.at_ms / 1_000;
    let rate = row.operations.map(|operations| format!("  {operations}/s")).unwrap_or_default();
    format!("{seconds:>4} s  {}{commit}{rate}{p99}{weather}\n", nodes.join(" "))
}

/// `L2`: a leader of term 2.
fn node(node: &FlightNode) -> String {
    let role = match node.role.as_str() {
        "leader" => "L",
        "follower" => "f",
        "candidate" => "c",
        "down" => return "-".to_owned(),
        other => return other.to_owned(),
    };
    format!("{role}{}", node.term)
}

/// A test that stays on the ground.
pub fn grounded(test: &GroundedEvent) -> String {
    block(&plain(&format!("{} does not fly: {}", test.test, test.why)), 0, 4)
}

const fn word(verdict: FlightVerdict) -> &'static str {
    match verdict {
        FlightVerdict::Safe => "safe",
        FlightVerdict::Linearizable => "linearizable",
        FlightVerdict::Undecided => "undecided",
        FlightVerdict::Interrupted => "interrupted",
        FlightVerdict::Violated => "VIOLATED",
    }
}

/// What all flights of a command come to; of a single one all is said.
pub fn sums(sums: &FlightSummary) -> String {
    if sums.flights < 2 && sums.grounded == 0 {
        return String::new();
    }
    let verdicts: Vec<String> =
        sums.verdicts.iter().map(|(verdict, count)| format!("{count} {}", word(*verdict))).collect();
    let grounded = match sums.grounded {
        0 => String::new(),
        1 => "; 1 test does not fly".to_owned(),
        count => format!("; {count} tests do not fly"),
    };
    let (flights, verdicts) = (counted(sums.flights, "flight"), verdicts.join(", "));
    let operations = operations(sums.operations, sums.unknown).map(|text| format!("; {text}")).unwrap_or_default();
    block(&format!("{flights}: {verdicts}{operations}{grounded}"), 0, 4)
}

/// How many there were, where somebody counts them.
fn operations(answered: Option<u64>, unknown: Option<u64>) -> Option<String> {
    let (answered, unknown) = answered.zip(unknown)?;
    Some(format!("{answered} operations, {unknown} unknown"))
}

/// How it ended.
pub fn result(event: &FlightEvent, style: Style) -> String {
    let result = &event.result;
    let word = word(result.verdict);
    let word = match result.verdict {
        FlightVerdict::Safe | FlightVerdict::Linearizable => style.green(word),
        FlightVerdict::Undecided | FlightVerdict::Interrupted => style.yellow(word),
        FlightVerdict::Violated => style.red(word),
    };
    let mut text = format!("{word}  {}", event.course);
    if let Some(operations) = operations(result.operations, result.unknown) {
        text.push_str(&format!(": {operations}"));
    }
    if let (Some(ops), Some(p50), Some(p99)) = (result.ops_per_s, result.p50_us, result.p99_us) {
        text.push_str(&format!(", {ops}/s, p50 {}, p99 {}", micros(p50), micros(p99)));
    }
    if let Some(per_1000) = result.fsyncs_per_1000 {
        text.push_str(&format!(", {}.{:02} fsyncs each", per_1000 / 1_000, per_1000 % 1_000 / 10));
    }
    text.push('\n');
    if let Some(broken) = &result.broken {
        text.push_str(&block(&plain(&broken.title), 2, TITLE_LINES));
        if let Some(source) = &broken.source {
            text.push_str(&block(&plain(source), 2, 2));
        }
        text.push_str(&failure::facts(&broken.facts));
        text.push_str(if broken.facts.is_empty() { "" } else { "\n" });
    }
    if !result.faults.is_empty() {
        text.push_str(&block(&plain(&format!("faults: {}", faults(&result.faults))), 2, 4));
    }
    if let Some(aloud) = nothing_struck(&result.faults) {
        text.push_str(&block(aloud, 2, 2));
    }
    result.skipped.iter().for_each(|skipped| text.push_str(&self::skipped(skipped)));
    result.unclean.iter().for_each(|node| text.push_str(&unclean(node)));
    if let Some(error) = &result.history_error {
        text.push_str(&block(&plain(&format!("the history is not whole: {error}")), 2, 4));
    }
    if let Some(directory) = &event.directory {
        text.push_str(&format!("  files: {directory}\n"));
    }
    text
}

/// What was left out, and why.
pub(super) fn skipped(skipped: &FlightSkipped) -> String {
    let times = if skipped.count == 0 { String::new() } else { format!(" {} times", skipped.count) };
    block(&plain(&format!("skipped: {}{times}; {}", skipped.what, skipped.why)), 2, 4)
}

/// A node that did not end as asked.
pub(super) fn unclean(node: &str) -> String {
    block(&plain(&format!("did not end as asked: {node}")), 2, 4)
}

/// `850 us`, `12.34 ms`.
pub(super) fn micros(us: u64) -> String {
    if us < 1_000 { format!("{us} us") } else { format!("{}.{:02} ms", us / 1_000, us % 1_000 / 10) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_harness::protocol::{FlightBroken, FlightResult, FlightState};
    use std::collections::BTreeMap;
    use windtunnel::NodeId;

    fn undecided(broken: FlightBroken) -> FlightEvent {
        let result = FlightResult {
            verdict: FlightVerdict::Undecided,
            broken: Some(broken),
            operations: None,
            unknown: None,
            ops_per_s: None,
            p50_us: None,
            p99_us: None,
            fsyncs: 0,
            fsyncs_per_1000: None,
            faults: BTreeMap::from([("kill-1".to_owned(), 2)]),
            skipped: Vec::new(),
            unclean: Vec::new(),
            stood_still_ms: 0,
            wall_ms: 5_000,
            history_error: None,
        };
        FlightEvent { course: "rejoin".to_owned(), result, directory: None }
    }

    #[test]
    fn the_words_of_a_node_that_could_not_begin_are_told_to_their_end() {
        let directory = "a-directory-with-a-long-name/".repeat(6);
        let title =
            format!("Node 1 could not begin: {directory}identity.toml cannot be written: No space left on device.");
        let broken = FlightBroken { rule: "could-not-begin".to_owned(), title, source: None, facts: vec![], at_ms: 1 };
        let told = super::result(&undecided(broken), Style { colour: false });
        assert!(told.contains("No space left on device.\n"), "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    }

    #[test]
    fn what_broke_is_told_with_how_things_stood() {
        let broken = FlightBroken {
            rule: "no-agreement".to_owned(),
            title: "Node 1 took a command as entry 9; 3 servers should have applied it within 2 s, 2 did.".to_owned(),
            source: None,
            facts: vec!["        role, term  entry 9".to_owned(), "node 3  follower 2  lacks it".to_owned()],
            at_ms: 4_200,
        };
        let event = undecided(broken);
        let told = "undecided  rejoin
  Node 1 took a command as entry 9; 3 servers should have applied it within 2 s,
  2 did.

          role, term  entry 9
  node 3  follower 2  lacks it

  faults: kill-1 2
";
        assert_eq!(super::result(&event, Style { colour: false }), told);
    }

    #[test]
    fn several_flights_and_tests_on_the_ground_are_summed_up_and_a_single_flight_is_not() {
        let verdicts = BTreeMap::from([(FlightVerdict::Safe, 6), (FlightVerdict::Undecided, 1)]);
        let all = FlightSummary { flights: 7, verdicts, grounded: 3, ..Default::default() };
        assert_eq!(sums(&all), "7 flights: 6 safe, 1 undecided; 3 tests do not fly\n", "nobody has counted anything");
        let all = FlightSummary { operations: Some(90), unknown: Some(4), ..all };
        assert_eq!(sums(&all), "7 flights: 6 safe, 1 undecided; 90 operations, 4 unknown; 3 tests do not fly\n");
        let one = FlightSummary { flights: 1, verdicts: BTreeMap::from([(FlightVerdict::Safe, 1)]), ..all };
        assert_eq!(sums(&one), "1 flight: 1 safe; 90 operations, 4 unknown; 3 tests do not fly\n");
        assert_eq!(sums(&FlightSummary { grounded: 0, ..one }), "");
    }

    #[test]
    fn a_second_tells_who_leads_who_is_down_and_how_fast_it_goes() {
        let node = |number, role: &str| {
            let (role, state) = (role.to_owned(), FlightState::Up);
            FlightNode { node: NodeId(number), role, term: 4, commit: 12, applied: 12, state }
        };
        let row = FlightRow {
            at_ms: 3_004,
            nodes: vec![node(1, "follower"), node(2, "leader"), node(3, "down")],
            operations: Some(2_512),
            p99_us: Some(40_128),
            faults: BTreeMap::from([("kill-1".to_owned(), 2)]),
            cut: Vec::new(),
            late: Vec::new(),
        };
        assert_eq!(second(&row), "   3 s  f4 L4 -  commit 12  2512/s p99 40.12 ms  kill-1 2\n");
        let uncounted = FlightRow { operations: None, p99_us: None, ..row };
        assert_eq!(second(&uncounted), "   3 s  f4 L4 -  commit 12  kill-1 2\n");
    }
}
