//! Which rows a failure shows.

use super::run::Run;
use super::{DISK_DONE, FIRST_START};
use crate::judge::Judge;
use crate::protocol::{Row, RowKind};
use crate::watch::Broken;
use std::collections::BTreeMap;
use windtunnel::{Nanos, NodeId};

/// How many rows a failure shows at most.
const STORY_ROWS: usize = 22;
/// Columns that stand beside each other on 80 characters.
const COLUMNS: u32 = 4;
/// How long before the break a lost message may have had its share in it: some election timeouts.
const NEAR: Nanos = Nanos::from_secs(1);

/// The rows that show how a rule came to be broken: the last ones that matter, up to the break
/// itself. Where not all nodes have room, those of the nodes that took part.
pub(crate) fn of_failure<J: Judge>(rows: &[Row], broken: &Broken, nodes: u32) -> Vec<Row> {
    let room_for_all = nodes <= COLUMNS || broken.failed.nodes.is_empty();
    let is_set_off = is_set_off(rows, broken);
    let choice = Choice { broken, room_for_all };
    let before = rows.iter().filter(|row| row.event <= broken.moment.event.0);
    let chosen = before.filter_map(|row| match is_set_off && sets_off(row, broken) {
        true => Some(delivered(row.clone())),
        false => choice.matters(row).then(|| row.clone()),
    });
    let mut story = fold::<J>(chosen);
    story.drain(..story.len().saturating_sub(STORY_ROWS));
    if story.last().is_none_or(|last| last.kind != RowKind::Violation) {
        story.push(violation(broken));
    }
    story
}

/// Whether the node shows nothing that breaks the rule: it ends itself, or panics. Then what set it off is the point.
fn is_set_off(rows: &[Row], broken: &Broken) -> bool {
    let added = |row: &Row| row.kind == RowKind::Violation && row.text == broken.failed.rule;
    broken.node != NodeId::TESTER && rows.iter().any(|row| row.event == broken.moment.event.0 && added(row))
}

/// Whether a row says what came in at the event at which it broke: a message, a timer, a question, a disk's answer.
fn sets_off(row: &Row, broken: &Broken) -> bool {
    let came = match row.kind {
        RowKind::Message => row.peer == Some(broken.node) && row.node != broken.node,
        RowKind::Timer | RowKind::Control => row.node == broken.node,
        RowKind::Disk => row.node == broken.node && row.text.starts_with(DISK_DONE),
        _ => false,
    };
    came && row.event == broken.moment.event.0
}

/// A message that set it off has an arrow, though its receiver shows nothing else.
fn delivered(mut row: Row) -> Row {
    if row.kind == RowKind::Message && row.peer_text.is_none() {
        row.peer_text = Some("takes it".to_owned());
    }
    row
}

struct Choice<'a> {
    broken: &'a Broken,
    room_for_all: bool,
}

impl Choice<'_> {
    fn matters(&self, row: &Row) -> bool {
        match row.kind {
            // That all nodes begin goes without saying.
            RowKind::Start => row.text != FIRST_START && self.took_part(row.node),
            RowKind::Connection if row.peer.is_some() => self.is_loss_that_matters(row),
            RowKind::Observation | RowKind::Fault | RowKind::Connection | RowKind::Violation => {
                self.took_part(row.node)
            }
            RowKind::Message => row.peer_text.is_some() && row.peer.is_some_and(|peer| self.took_part(peer)),
            _ => false,
        }
    }

    fn took_part(&self, node: NodeId) -> bool {
        self.room_for_all || self.is_of_the_rule(node)
    }

    fn is_of_the_rule(&self, node: NodeId) -> bool {
        self.broken.failed.nodes.contains(&node) || node == self.broken.node
    }

    /// Messages are lost all the time: shown are those between nodes of the rule, near the break.
    fn is_loss_that_matters(&self, row: &Row) -> bool {
        let is_near = row.at_ns + NEAR.0 >= self.broken.moment.at.0;
        is_near && self.is_of_the_rule(row.node) && row.peer.is_some_and(|peer| self.is_of_the_rule(peer))
    }
}

/// Tells rows that go on from each other as one, in the place of the last, so that a long log does not
/// push the cause out of the story. What a node shows besides ends its runs.
fn fold<J: Judge>(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut story: Vec<Option<Row>> = Vec::new();
    let mut open: BTreeMap<NodeId, Vec<Open>> = BTreeMap::new();
    for mut row in rows {
        let kind = row.kind;
        let (node, text) = shown(&mut row);
        let open = open.entry(node).or_default();
        match Open::of::<J>(text, story.len(), kind) {
            Some(mut next) => {
                if let Some(before) = open.iter_mut().find(|before| before.words == next.words) {
                    if let Some(joined) = before.join(&next) {
                        story[before.row] = None;
                        next = joined;
                        *shown(&mut row).1 = next.to_text();
                    }
                    *before = next;
                } else {
                    open.push(next);
                }
            }
            None => open.clear(),
        }
        story.push(Some(row));
    }
    story.into_iter().flatten().collect()
}

/// Who shows something in a row, and what.
fn shown(row: &mut Row) -> (NodeId, &mut String) {
    match (row.peer, &mut row.peer_text) {
        (Some(peer), Some(text)) => (peer, text),
        _ => (row.node, &mut row.text),
    }
}

/// A row of the story that a later one may go on from.
struct Open {
    row: usize,
    /// What the two must have in common.
    words: String,
    /// The numbers that go on; without them it is the same row again.
    run: Option<Run>,
    times: u32,
}

impl Open {
    fn of<J: Judge>(text: &str, row: usize, kind: RowKind) -> Option<Open> {
        match kind {
            RowKind::Observation | RowKind::Message => {
                let run = J::run(text)?;
                Some(Open { row, words: format!("{}…{}", run.before, run.after), run: Some(run), times: 1 })
            }
            RowKind::Connection => Some(Open { row, words: text.to_owned(), run: None, times: 1 }),
            _ => None,
        }
    }

    fn join(&self, next: &Open) -> Option<Open> {
        let run = match (&self.run, &next.run) {
            (Some(run), Some(next)) => Some(run.join(next)?),
            _ => None,
        };
        Some(Open { row: next.row, words: self.words.clone(), run, times: self.times + 1 })
    }

    fn to_text(&self) -> String {
        match (&self.run, self.times) {
            (Some(run), _) => run.to_text(),
            (None, 1) => self.words.clone(),
            (None, times) => format!("{} ×{times}", self.words),
        }
    }
}

/// Marks the row in which the node shows what breaks the rule; adds one if no row does.
pub(crate) fn mark(rows: &mut Vec<Row>, broken: &Broken) {
    let shows = |row: &&mut Row| {
        let here = row.event == broken.moment.event.0;
        here && match row.kind {
            RowKind::Observation => row.node == broken.node,
            RowKind::Message => row.peer == Some(broken.node) && row.peer_text.is_some(),
            _ => false,
        }
    };
    match rows.iter_mut().rev().find(shows) {
        Some(row) => row.kind = RowKind::Violation,
        None => {
            let behind = rows.iter().rposition(|row| row.event <= broken.moment.event.0).map_or(0, |last| last + 1);
            rows.insert(behind, violation(broken));
        }
    }
}

fn violation(broken: &Broken) -> Row {
    Row {
        event: broken.moment.event.0,
        at_ns: broken.moment.at.0,
        node: broken.node,
        kind: RowKind::Violation,
        text: broken.failed.rule.to_owned(),
        peer: None,
        peer_text: None,
    }
}
