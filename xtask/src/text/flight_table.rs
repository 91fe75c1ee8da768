//! A second of a flight as a table: a line a node, how fast it goes, and the weather that is on.
//!
//! From what is known to lines, and nothing else; `live` draws them. At most 80 columns, and for one flight always as
//! many lines, so that nothing jumps.

use super::flight::micros;
use super::{Style, WIDTH};
use lab_harness::protocol::{FlightLink, FlightNode, FlightRow, FlightState};
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::NodeId;

/// What comes before a list of links or faults.
const LABEL: usize = 10;
/// What stands behind a list that is cut short: `  and 999 more`.
const MORE: usize = 14;

/// The table of a second, which began at `since_ms` of the flight.
pub fn table(row: &FlightRow, since_ms: u64, style: Style) -> Vec<String> {
    let mut lines = vec![speed(row, since_ms), "  node  role          term     commit    applied  process".to_owned()];
    lines.extend(row.nodes.iter().map(|node| self::node(node, style)));
    let cut: Vec<(NodeId, NodeId)> = row.cut.iter().map(|[from, to]| (*from, *to)).collect();
    lines.push(labelled("cut", &links(&cut), |list| style.red(list)));
    lines.push(labelled("late", &late(row), |list| style.yellow(list)));
    let struck: Vec<String> = row.faults.iter().map(|(family, count)| format!("{family} {count}")).collect();
    lines.push(labelled("struck", &struck, str::to_owned));
    lines
}

fn speed(row: &FlightRow, since_ms: u64) -> String {
    let span_ms = row.at_ms.saturating_sub(since_ms).max(1);
    let rate = row.operations.map_or_else(|| "-".to_owned(), |operations| (operations * 1_000 / span_ms).to_string());
    let p99 = row.p99_us.map_or_else(|| "-".to_owned(), micros);
    format!("{:>4} s  {rate} ops/s  p99 {p99}", row.at_ms / 1_000)
}

fn node(node: &FlightNode, style: Style) -> String {
    let state = match node.state {
        FlightState::Up => "up".to_owned(),
        FlightState::Paused => style.yellow("paused"),
        FlightState::Down => style.red("down"),
    };
    if node.state == FlightState::Down {
        return format!("{:>6}  {:<10}{:>8} {:>10} {:>10}  {state}", node.node.0, "-", "-", "-", "-");
    }
    let role = format!("{:<10}", node.role);
    let role = if node.role == "leader" { style.green(&role) } else { role };
    format!("{:>6}  {role}{:>8} {:>10} {:>10}  {state}", node.node.0, node.term, node.commit, node.applied)
}

/// A list behind its name, as much of it as there is room for.
fn labelled(label: &str, list: &[String], paint: impl Fn(&str) -> String) -> String {
    let label = format!("  {label:<width$}", width = LABEL - 2);
    if list.is_empty() {
        return format!("{label}none");
    }
    let (all, mut shown, mut count) = (list.join("  "), String::new(), 0);
    if LABEL + width(&all) <= WIDTH {
        return format!("{label}{}", paint(&all));
    }
    for item in list {
        let gap = if count == 0 { "" } else { "  " };
        if LABEL + width(&shown) + gap.len() + width(item) + MORE > WIDTH {
            break;
        }
        shown.push_str(gap);
        shown.push_str(item);
        count += 1;
    }
    format!("{label}{}  and {} more", paint(&shown), list.len() - count)
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// `1→2` for one direction, `1↔2` for both.
fn links(links: &[(NodeId, NodeId)]) -> Vec<String> {
    let all: BTreeSet<(NodeId, NodeId)> = links.iter().copied().collect();
    let is_second = |from, to| from > to && all.contains(&(to, from));
    let arrow = |from, to| if all.contains(&(to, from)) { '↔' } else { '→' };
    let shown = all.iter().filter(|(from, to)| !is_second(*from, *to));
    shown.map(|(from, to)| format!("{}{}{}", from.0, arrow(*from, *to), to.0)).collect()
}

/// Links by what they take, the latest first; those that are alike everywhere else are not listed.
fn late(row: &FlightRow) -> Vec<String> {
    let mut alike: BTreeMap<u64, Vec<(NodeId, NodeId)>> = BTreeMap::new();
    for FlightLink { from, to, up_to_us } in &row.late {
        alike.entry(*up_to_us).or_default().push((*from, *to));
    }
    let nodes = row.nodes.len();
    let all_are_late = row.late.len() == nodes * nodes.saturating_sub(1);
    let least = alike.keys().next().copied();
    let group = |(us, of): (&u64, &Vec<(NodeId, NodeId)>)| {
        let which = match all_are_late && Some(*us) == least {
            true if alike.len() == 1 => "everywhere".to_owned(),
            true => "elsewhere".to_owned(),
            false => links(of).join(" "),
        };
        format!("{which} {}", micros(*us))
    };
    alike.iter().rev().map(group).collect()
}

#[cfg(test)]
mod tests;
