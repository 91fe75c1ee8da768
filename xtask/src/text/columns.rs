//! A run as a table: time goes down, a column for each node, messages are arrows between columns.
//! With more nodes than columns fit, the node is named in each line instead.

use super::wrap::{cut, plain, wrap};
use lab_harness::protocol::{Row, RowKind};
use windtunnel::{Nanos, NodeId};

/// Width of the times on the left, and the gap behind them.
const TIMES: usize = 11;
/// A column narrower than that holds no sentence.
const NARROWEST: usize = 17;
/// Behind the row where it broke.
const HERE: &str = "   ← here";

/// Lines of at most `width` characters; the first one is the head.
pub fn render(rows: &[Row], width: usize) -> Vec<String> {
    let mut nodes: Vec<NodeId> = rows.iter().flat_map(|row| [Some(row.node), row.peer]).flatten().collect();
    nodes.sort_unstable();
    nodes.dedup();
    if nodes.is_empty() {
        return Vec::new();
    }
    let column = (width - TIMES) / nodes.len();
    let table = Table { nodes, column, width };
    if column < NARROWEST { table.list(rows) } else { table.columns(rows) }
}

struct Table {
    nodes: Vec<NodeId>,
    column: usize,
    width: usize,
}

impl Table {
    fn columns(&self, rows: &[Row]) -> Vec<String> {
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
            match (row.peer, &row.peer_text) {
                (Some(peer), Some(peer_text)) if peer != row.node => lines.push(self.arrow(line, row, peer, peer_text)),
                _ => lines.extend(self.cell(line, row)),
            }
        }
        lines
    }

    fn start(&self, node: NodeId) -> usize {
        let index = self.nodes.iter().position(|known| *known == node).unwrap_or(0);
        TIMES + index * self.column
    }

    /// A text in its column, free to run on to the right, on two lines at most.
    fn cell(&self, first: Line, row: &Row) -> Vec<String> {
        let start = self.start(row.node);
        let here = if row.kind == RowKind::Violation { HERE } else { "" };
        let room = self.width - start - here.chars().count();
        let mut parts = wrap(&text_of(row), room);
        if parts.len() > 2 {
            parts = vec![parts[0].clone(), cut(&parts[1..].join(" "), room)];
        }
        let mut lines: Vec<Line> = vec![first];
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                lines.push(Line::new());
            }
            let end = if index + 1 == parts.len() { here } else { "" };
            lines[index].put(start, &format!("{part}{end}"));
        }
        lines.into_iter().map(|line| line.0).collect()
    }

    /// Sender and receiver with an arrow from one to the other.
    fn arrow(&self, mut line: Line, row: &Row, peer: NodeId, peer_text: &str) -> String {
        let (from, to) = (self.start(row.node), self.start(peer));
        let (left, right) = (from.min(to), from.max(to));
        let (sent, did) = (text_of(row), plain(peer_text));
        let (left_text, right_text) = if from < to { (sent, did) } else { (did, sent) };
        // Two characters of shaft and a head at least, and a blank on either side.
        let left_text = cut(&left_text, right - left - 5);
        let here = if row.kind == RowKind::Violation { HERE } else { "" };
        let right_text = cut(&right_text, self.width - right - here.chars().count());
        let gap = right - left - left_text.chars().count() - 2;
        let arrow =
            if from < to { format!("{}▶", "─".repeat(gap - 1)) } else { format!("◀{}", "─".repeat(gap - 1)) };
        line.put(left, &format!("{left_text} {arrow} {right_text}{here}"));
        line.0
    }

    fn list(&self, rows: &[Row]) -> Vec<String> {
        let mut lines = vec!["     time  node".to_owned()];
        for row in rows {
            let here = if row.kind == RowKind::Violation { HERE } else { "" };
            let peer = match (row.peer, &row.peer_text) {
                (Some(peer), Some(text)) => format!(" ──▶ {peer}: {}", plain(text)),
                _ => String::new(),
            };
            let text = format!("{:<8} {}{peer}", row.node.to_string(), text_of(row));
            let room = self.width - TIMES - here.chars().count();
            lines.push(format!("{:>9}  {}{here}", Nanos(row.at_ns).to_string(), cut(&text, room)));
        }
        lines
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
