//! A run as a table: time goes down, a column for each node, messages are arrows between columns.
//! Where more nodes took part than columns fit, it is parted into tables, one below the other, each
//! with the nodes of its own rows.

use lab_harness::protocol::{Row, RowKind};
use lab_harness::wrap::{cut, plain, wrap};
use std::collections::BTreeSet;
use windtunnel::{Nanos, NodeId};

/// Width of the times on the left, and the gap behind them.
const TIMES: usize = 11;
/// A column narrower than that holds no sentence.
const NARROWEST: usize = 17;
/// Behind the row where it broke.
const HERE: &str = "   ← here";
/// Lines of a cell, at most, and of the one where it broke, which says what the run is shown for.
const LINES: usize = 2;
const LINES_HERE: usize = 4;

/// Lines of at most `width` characters; the first one is the head.
pub fn render(rows: &[Row], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = rows;
    while !rest.is_empty() {
        let (rows, nodes) = first_table(rest, (width - TIMES) / NARROWEST);
        rest = &rest[rows.len()..];
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let column = (width - TIMES) / nodes.len();
        lines.extend(Table { nodes, column, width }.render(rows));
    }
    lines
}

/// As many rows as at most so many columns can show, and the nodes of these columns.
fn first_table(rows: &[Row], columns: usize) -> (&[Row], Vec<NodeId>) {
    let mut nodes = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let mut wider = nodes.clone();
        wider.insert(row.node);
        wider.extend(receiver(row).map(|(peer, _)| peer));
        if wider.len() > columns && index > 0 {
            return (&rows[..index], nodes.into_iter().collect());
        }
        nodes = wider;
    }
    (rows, nodes.into_iter().collect())
}

/// Who stands at the head of the row's arrow and what it did, if there is an arrow.
fn receiver(row: &Row) -> Option<(NodeId, &str)> {
    row.peer.filter(|peer| *peer != row.node).zip(row.peer_text.as_deref())
}

struct Table {
    nodes: Vec<NodeId>,
    column: usize,
    width: usize,
}

impl Table {
    fn render(&self, rows: &[Row]) -> Vec<String> {
        let mut head = Line::new();
        head.put(5, "time");
        for node in &self.nodes {
            head.put(self.start(*node), &node.to_string());
        }
        let mut lines = vec![head.0];
        let mut last = None;
        for row in rows {
            let mut line = Line::new();
            if last != Some((row.event, row.at_ns)) {
                line.put(0, &format!("{:>9}", Nanos(row.at_ns).to_string()));
            }
            last = Some((row.event, row.at_ns));
            lines.extend(match receiver(row) {
                Some((peer, did)) => self.arrow(line, row, peer, did),
                None => self.cell(line, self.start(row.node), &alone(row), row.kind == RowKind::Violation),
            });
        }
        lines
    }

    fn start(&self, node: NodeId) -> usize {
        let index = self.nodes.iter().position(|known| *known == node).unwrap_or(0);
        TIMES + index * self.column
    }

    /// A text in its column, free to run on to the right and over some lines, the first of which is there already.
    fn cell(&self, first: Line, start: usize, text: &str, is_here: bool) -> Vec<String> {
        let room = self.width - start;
        let most = if is_here { LINES_HERE } else { LINES };
        let mut parts = wrap(text, room);
        if parts.len() > most {
            let rest = cut(&parts[most - 1..].join(" "), room);
            parts.truncate(most - 1);
            parts.push(rest);
        }
        if let (true, Some(last)) = (is_here, parts.last_mut()) {
            match last.chars().count() + HERE.chars().count() <= room {
                true => last.push_str(HERE),
                false => parts.push(HERE.trim_start().to_owned()),
            }
        }
        let mut first = Some(first);
        let lines = parts.iter().map(|part| {
            let mut line = first.take().unwrap_or_else(Line::new);
            line.put(start, part);
            line.0
        });
        lines.collect()
    }

    /// Sender and receiver with an arrow from one to the other.
    fn arrow(&self, mut line: Line, row: &Row, peer: NodeId, did: &str) -> Vec<String> {
        let is_here = row.kind == RowKind::Violation;
        let (from, to) = (self.start(row.node), self.start(peer));
        let (left, right) = (from.min(to), from.max(to));
        let (sent, did) = (text_of(row), plain(did));
        // Two characters of shaft and a head at least, and a blank on either side.
        let room = right - left - 5;
        if from < to {
            let sent = cut(&sent, room);
            let shaft = "─".repeat(right - left - sent.chars().count() - 3);
            line.put(left, &format!("{sent} {shaft}▶ "));
            return self.cell(line, right, &did, is_here);
        }
        // What does not fit before the arrow goes on below it.
        let mut parts = wrap(&did, room);
        let below = parts.split_off(1).join(" ");
        let shaft = "─".repeat(right - left - parts[0].chars().count() - 3);
        line.put(left, &format!("{} ◀{shaft} ", parts[0]));
        if below.is_empty() {
            return self.cell(line, right, &sent, is_here);
        }
        line.put(right, &cut(&sent, self.width - right));
        let below = if is_here { below } else { cut(&below, self.width - left) };
        let mut lines = vec![line.0];
        lines.extend(self.cell(Line::new(), left, &below, is_here));
        lines
    }
}

/// The text of a row that has no arrow: of a message it says to whom.
fn alone(row: &Row) -> String {
    match (row.kind, row.peer) {
        (RowKind::Message, Some(peer)) => format!("{} to {}", text_of(row), peer.0),
        _ => text_of(row),
    }
}

fn text_of(row: &Row) -> String {
    let text = plain(&row.text);
    if row.kind == RowKind::Fault { format!("✗ {text}") } else { text }
}

/// A line that is filled from left to right.
struct Line(String);

impl Line {
    fn new() -> Self {
        Line(String::new())
    }

    fn put(&mut self, start: usize, text: &str) {
        let length = self.0.chars().count();
        self.0.push_str(&" ".repeat(start.saturating_sub(length)));
        self.0.push_str(text);
    }
}

#[cfg(test)]
mod tests;
