//! Tells a recorded run in rows: who did what, in columns by node.

use crate::judge::Judge;
use crate::protocol::{Row, RowKind};
use crate::watch::Broken;
use std::collections::BTreeMap;
use windtunnel::NodeId;
use windtunnel::line::{DiskError, DiskRequest, Effect, Event};
use windtunnel::world::{Command, Intervention, Record, Recording};

/// How many rows a failure shows at most.
const STORY_ROWS: usize = 22;

/// What the first start of a node says.
const FIRST_START: &str = "starts";

/// All rows of a recording, in order.
pub(crate) fn rows<J: Judge>(recording: &Recording, nodes: u32) -> Vec<Row> {
    let mut teller = Teller { judge: J::new(nodes), rows: Vec::new(), controls: BTreeMap::new() };
    let mut interventions = recording.interventions.iter().peekable();
    for record in &recording.records {
        while let Some(next) = interventions.next_if(|next| next.after < record.event) {
            teller.intervention(next);
        }
        teller.record(record);
    }
    interventions.for_each(|rest| teller.intervention(rest));
    teller.rows
}

/// Columns that stand beside each other on 80 characters.
const COLUMNS: u32 = 4;

/// The rows that show how a rule came to be broken: the last ones that matter, up to the break
/// itself. Where not all nodes have room, those of the nodes that took part.
pub(crate) fn of_failure(rows: &[Row], broken: &Broken, nodes: u32) -> Vec<Row> {
    let named = &broken.failed.nodes;
    let room_for_all = nodes <= COLUMNS || named.is_empty();
    let took_part = |node: NodeId| room_for_all || named.contains(&node) || node == broken.node;
    let matters = |row: &&Row| match row.kind {
        // That all nodes begin goes without saying.
        RowKind::Start => row.text != FIRST_START && took_part(row.node),
        RowKind::Observation | RowKind::Fault | RowKind::Connection | RowKind::Violation => took_part(row.node),
        RowKind::Message => row.peer_text.is_some() && row.peer.is_some_and(took_part),
        _ => false,
    };
    let before = rows.iter().filter(|row| row.event <= broken.moment.event.0);
    let mut story: Vec<Row> = before.rev().filter(matters).take(STORY_ROWS).cloned().collect();
    story.reverse();
    if story.last().is_none_or(|last| last.kind != RowKind::Violation) {
        story.push(violation(broken));
    }
    story
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

struct Teller<J: Judge> {
    judge: J,
    rows: Vec<Row>,
    /// The last row of each node that says what the tester did, what it said, and how often that stands for.
    controls: BTreeMap<NodeId, Control>,
}

struct Control {
    row: usize,
    text: &'static str,
    times: u32,
}

impl<J: Judge> Teller<J> {
    fn record(&mut self, record: &Record) {
        let shown = self.shown(record);
        match &record.what {
            Event::Start(_) if record.node == NodeId::TESTER => {}
            Event::Start(start) => {
                let again = if start.incarnation.0 > 1 { "starts again" } else { FIRST_START };
                self.push(record, RowKind::Start, again.to_owned());
                self.observations(record, shown);
            }
            // What a message made its receiver show stands at the head of the arrow.
            Event::Request { from, method, .. } => self.message(record, *from, method.to_string(), shown),
            Event::Timer(_) => {
                self.push(record, RowKind::Timer, "timer goes off".to_owned());
                self.observations(record, shown);
            }
            Event::Refused { .. } => {
                self.push(record, RowKind::Connection, "call refused".to_owned());
                self.observations(record, shown);
            }
            Event::Reset { peer, .. } => {
                self.push(record, RowKind::Connection, format!("reset by {peer}"));
                self.observations(record, shown);
            }
            Event::Disk { result, .. } => {
                if let Err(error) = result {
                    let (kind, text) = disk_error(*error);
                    self.push(record, kind, text);
                }
                self.observations(record, shown);
            }
            Event::Control { .. } => {
                self.control(record, record.node, "asked by the test");
                self.observations(record, shown);
            }
            Event::Reply { .. } | Event::ControlReply { .. } | Event::Changed => self.observations(record, shown),
        }
        for effect in &record.effects {
            self.effect(record, effect);
        }
        self.commands(record);
    }

    /// What the node showed in this event, in the judge's words.
    fn shown(&mut self, record: &Record) -> Vec<String> {
        let observed = record.effects.iter().filter_map(|effect| match effect {
            Effect::Observe { kind, body } => Some((kind, body)),
            _ => None,
        });
        observed.filter_map(|(kind, body)| self.judge.narrate(record.node, kind, body)).collect()
    }

    fn observations(&mut self, record: &Record, shown: Vec<String>) {
        for text in shown {
            self.push(record, RowKind::Observation, text);
        }
    }

    fn message(&mut self, record: &Record, from: NodeId, method: String, shown: Vec<String>) {
        let mut shown = shown.into_iter();
        self.rows.push(Row {
            event: record.event.0,
            at_ns: record.at.0,
            node: from,
            kind: RowKind::Message,
            text: method,
            peer: Some(record.node),
            peer_text: shown.next(),
        });
        self.observations(record, shown.collect());
    }

    fn effect(&mut self, record: &Record, effect: &Effect) {
        let text = match effect {
            Effect::Send { to, method, .. } => {
                self.rows.push(Row {
                    event: record.event.0,
                    at_ns: record.at.0,
                    node: record.node,
                    kind: RowKind::Message,
                    text: method.to_string(),
                    peer: Some(*to),
                    peer_text: None,
                });
                return;
            }
            Effect::Disk { request, .. } => disk_words(request),
            _ => return,
        };
        self.push(record, RowKind::Disk, text);
    }

    /// What the tester did to the world: one row for each node, however many links are meant.
    fn commands(&mut self, record: &Record) {
        let mut cuts: Vec<(NodeId, Vec<u32>)> = Vec::new();
        let mut mended = false;
        for effect in &record.effects {
            let Effect::Command(command) = effect else { continue };
            match command.as_ref() {
                Command::Cut { from, to } => match cuts.iter_mut().find(|(node, _)| node == from) {
                    Some((_, ends)) if ends.contains(&to.0) => {}
                    Some((_, ends)) => ends.push(to.0),
                    None => cuts.push((*from, vec![to.0])),
                },
                Command::Mend { .. } => mended = true,
                other => self.strike(record.event.0, record.at.0, other),
            }
        }
        for (from, ends) in cuts {
            let ends: Vec<String> = ends.iter().map(u32::to_string).collect();
            self.push_at(record.event.0, record.at.0, from, RowKind::Fault, format!("cut to {}", ends.join(" ")));
        }
        if mended {
            self.control(record, NodeId::TESTER, "mends links");
        }
    }

    fn intervention(&mut self, intervention: &Intervention) {
        self.strike(intervention.after.0, intervention.at.0, &intervention.command);
    }

    fn strike(&mut self, event: u64, at_ns: u64, command: &Command) {
        let (node, text) = match command {
            Command::Kill(node) => (node, "killed".to_owned()),
            Command::PowerLoss(node) => (node, "power loss".to_owned()),
            Command::Pause(node) => (node, "paused".to_owned()),
            Command::Resume(node) => {
                return self.push_at(event, at_ns, *node, RowKind::Observation, "resumed".to_owned());
            }
            Command::Slow { node, per_event } if per_event.0 > 0 => (node, "slow".to_owned()),
            Command::ClockJump { node, by_ns } => (node, format!("clock {:+} ms", by_ns / 1_000_000)),
            Command::ClockDrift { node, ppm } if *ppm != 0 => (node, format!("drift {ppm:+} ppm")),
            _ => return,
        };
        self.push_at(event, at_ns, *node, RowKind::Fault, text);
    }

    /// The same again, with nothing of the node in between, is the same row with a count.
    fn control(&mut self, record: &Record, node: NodeId, text: &'static str) {
        let last = self.rows.iter().rposition(|row| row.node == node || row.peer == Some(node));
        if let Some(control) = self.controls.get_mut(&node)
            && (Some(control.row), control.text) == (last, text)
        {
            control.times += 1;
            self.rows[control.row].text = format!("{text} ×{}", control.times);
            return;
        }
        self.controls.insert(node, Control { row: self.rows.len(), text, times: 1 });
        self.push_at(record.event.0, record.at.0, node, RowKind::Control, text.to_owned());
    }

    fn push(&mut self, record: &Record, kind: RowKind, text: String) {
        self.push_at(record.event.0, record.at.0, record.node, kind, text);
    }

    fn push_at(&mut self, event: u64, at_ns: u64, node: NodeId, kind: RowKind, text: String) {
        self.rows.push(Row { event, at_ns, node, kind, text, peer: None, peer_text: None });
    }
}

/// A disk that fails is weather; a file that is not there is an answer like others.
fn disk_error(error: DiskError) -> (RowKind, String) {
    match error {
        DiskError::Device => (RowKind::Fault, "disk error (EIO)".to_owned()),
        DiskError::StorageFull => (RowKind::Fault, "disk full".to_owned()),
        other => (RowKind::Disk, std::io::Error::from(other).to_string()),
    }
}

fn disk_words(request: &DiskRequest) -> String {
    match request {
        DiskRequest::Write { data, .. } => format!("writes {} bytes", data.len()),
        DiskRequest::Sync { .. } => "fsync begins".to_owned(),
        DiskRequest::SyncDirectory { .. } => "directory fsync".to_owned(),
        DiskRequest::Rename { to, .. } => format!("renames to {to}"),
        DiskRequest::Open { path, .. } => format!("opens {path}"),
        DiskRequest::Read { .. } => "reads".to_owned(),
        DiskRequest::SetLength { length, .. } => format!("cuts file to {length}"),
        DiskRequest::RemoveFile { path } => format!("removes {path}"),
        _ => "disk operation".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failed::Failed;
    use crate::judge::Interest;
    use windtunnel::line::{ControlId, TimerId};
    use windtunnel::world::Moment;
    use windtunnel::{EventNumber, Nanos};

    struct Nobody;

    impl Judge for Nobody {
        fn new(_: u32) -> Self {
            Nobody
        }

        fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Result<Interest, Failed> {
            Ok(Interest::None)
        }
    }

    fn record(event: u64, node: u32, what: Event) -> Record {
        let (event, at) = (EventNumber(event), Nanos(event * 1_000));
        Record { event, at, node: NodeId(node), what, effects: Vec::new(), hash: 0 }
    }

    #[test]
    fn questions_in_a_row_are_one_row_with_a_count_and_what_happened_in_between_parts_them() {
        let asked = |event, node| record(event, node, Event::Control { id: ControlId(event), body: Vec::new() });
        let records = vec![
            asked(1, 1),
            asked(2, 2),
            asked(3, 1),
            asked(4, 1),
            asked(5, 2),
            record(6, 2, Event::Timer(TimerId { slot: 1, generation: 1 })),
            asked(7, 2),
            asked(8, 1),
        ];
        let recording = Recording { records, ..Recording::default() };
        let rows = rows::<Nobody>(&recording, 2);
        let told: Vec<(u64, u32, &str)> = rows.iter().map(|row| (row.event, row.node.0, row.text.as_str())).collect();
        let asked = "asked by the test";
        assert_eq!(
            told,
            [(1, 1, "asked by the test ×4"), (2, 2, "asked by the test ×2"), (6, 2, "timer goes off"), (7, 2, asked)]
        );
    }
}
