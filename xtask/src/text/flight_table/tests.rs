//! Tables as a person sees them.

use super::*;

fn node(number: u32, role: &str, state: FlightState) -> FlightNode {
    FlightNode { node: NodeId(number), role: role.to_owned(), term: 4, commit: 12_034, applied: 12_030, state }
}

fn link(from: u32, to: u32, up_to_us: u64) -> FlightLink {
    FlightLink { from: NodeId(from), to: NodeId(to), up_to_us }
}

fn rough() -> FlightRow {
    FlightRow {
        at_ms: 12_500,
        nodes: vec![
            node(1, "follower", FlightState::Up),
            node(2, "leader", FlightState::Up),
            node(3, "down", FlightState::Down),
            node(4, "candidate", FlightState::Paused),
        ],
        operations: Some(2_512),
        p99_us: Some(40_128),
        faults: BTreeMap::from([("kill-1".to_owned(), 2), ("partition".to_owned(), 1)]),
        cut: [[1, 2], [2, 1], [3, 1]].map(|link| link.map(NodeId)).into(),
        late: vec![link(1, 4, 40_000), link(2, 4, 40_000), link(4, 2, 40_000), link(1, 2, 900)],
    }
}

fn calm() -> FlightRow {
    let nodes = (1..=3).map(|number| node(number, "follower", FlightState::Up)).collect();
    FlightRow {
        at_ms: 1_002,
        nodes,
        operations: Some(0),
        p99_us: None,
        faults: BTreeMap::new(),
        cut: vec![],
        late: vec![],
    }
}

fn drawn(row: &FlightRow, colour: bool) -> String {
    table(row, 11_500, Style { colour }).join("\n").replace('\u{1b}', "ESC")
}

/// Without the codes of colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("ESC[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').expect("a code ends").1)
}

#[test]
fn a_table_tells_who_leads_who_is_down_how_fast_it_goes_and_what_is_cut() {
    insta::assert_snapshot!(drawn(&rough(), false));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let (colour, without) = (drawn(&rough(), true), drawn(&rough(), false));
    assert!(colour.contains("ESC[1;31mdownESC[0m") && colour.contains("ESC[32mleader    ESC[0m"), "{colour}");
    assert_eq!(plain(&colour), without);
    assert!(!without.contains("ESC"));
}

#[test]
fn a_calm_table_has_as_many_lines_and_says_that_there_is_nothing() {
    insta::assert_snapshot!(drawn(&calm(), false));
    let (calm, rough) = (table(&calm(), 0, Style { colour: false }), table(&rough(), 0, Style { colour: false }));
    assert_eq!(calm.len() + 1, rough.len(), "one node less");
}

#[test]
fn the_rate_is_that_of_the_time_since_the_last_row_however_long_it_was() {
    let row = FlightRow { at_ms: 3_500, operations: Some(3_000), ..calm() };
    assert!(table(&row, 2_000, Style { colour: false })[0].contains(" 2000 ops/s "), "in one second and a half");
    assert!(table(&row, 3_500, Style { colour: false })[0].contains("ops/s"), "no time at all");
}

#[test]
fn links_that_are_late_everywhere_are_not_listed() {
    let pairs = || (1..=3).flat_map(|from| (1..=3).filter(move |to| *to != from).map(move |to| (from, to)));
    let mut row = FlightRow { late: pairs().map(|(from, to)| link(from, to, 3_000)).collect(), ..calm() };
    assert_eq!(late(&row), ["everywhere 3.00 ms"]);
    row.late[0].up_to_us = 90_000;
    assert_eq!(late(&row), ["1→2 90.00 ms", "elsewhere 3.00 ms"]);
    row.late.pop();
    assert_eq!(late(&row), ["1→2 90.00 ms", "1↔3 2→1 2→3 3.00 ms"], "one link is as fast as the loopback");
}

#[test]
fn no_line_is_wider_than_80_columns_however_bad_the_weather() {
    let numbers = || 1..=9;
    let pairs = || numbers().flat_map(|from| numbers().filter(move |to| *to != from).map(move |to| (from, to)));
    let row = FlightRow {
        nodes: numbers().map(|number| node(number, "candidate", FlightState::Paused)).collect(),
        cut: pairs().map(|(from, to)| [NodeId(from), NodeId(to)]).collect(),
        late: pairs().enumerate().map(|(number, (from, to))| link(from, to, 1_000 * number as u64)).collect(),
        faults: numbers().map(|number| (format!("leaders-without-links-{number}"), 77)).collect(),
        ..rough()
    };
    let lines = table(&row, 0, Style { colour: false });
    let too_wide: Vec<&String> = lines.iter().filter(|line| line.chars().count() > 80).collect();
    assert!(too_wide.is_empty(), "{too_wide:?}");
    assert!(lines[11].ends_with(" more") && lines[12].ends_with(" more") && lines[13].ends_with(" more"), "{lines:#?}");
}
