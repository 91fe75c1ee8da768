//! Goes through a recording once and makes its rows: what each event and its effects look like.

use super::weather::Weathers;
use super::{DISK_DONE, FIRST_START, disk};
use crate::judge::Judge;
use crate::protocol::{Row, RowKind};
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::slice::Iter;
use windtunnel::line::{CallId, Effect, Event, Method};
use windtunnel::world::{LostMessage, PowerLoss, Record, Recording, WhyLost};
use windtunnel::{EventNumber, Nanos, NodeId};

/// All rows of a recording, in order. Takes time in proportion to its length.
pub(crate) fn rows<J: Judge>(recording: &Recording, nodes: u32) -> Vec<Row> {
    let mut teller = Teller::<J> {
        judge: J::new(nodes),
        rows: Vec::new(),
        last: BTreeMap::new(),
        controls: BTreeMap::new(),
        calls: BTreeMap::new(),
        asked: BTreeMap::new(),
        weathers: Weathers::default(),
        power_losses: recording.power_losses.iter().peekable(),
    };
    let mut interventions = recording.interventions.iter().peekable();
    let mut lost = recording.lost.iter().peekable();
    let mut between = |teller: &mut Teller<'_, J>, until: EventNumber| {
        while let Some(next) = lost.next_if(|next| next.after < until) {
            teller.lost(next);
        }
        while let Some(next) = interventions.next_if(|next| next.after < until) {
            teller.commands(When { event: next.after, at: next.at }, [&next.command]);
        }
    };
    for record in &recording.records {
        between(&mut teller, record.event);
        teller.record(record);
    }
    between(&mut teller, EventNumber(u64::MAX));
    teller.rows
}

pub(super) struct Teller<'a, J: Judge> {
    judge: J,
    rows: Vec<Row>,
    /// The last row that has to do with each node.
    last: BTreeMap<NodeId, usize>,
    /// The last row of each node that says what the tester did, what it said, and how often that stands for.
    controls: BTreeMap<NodeId, Control>,
    /// Whom each call went to, and with what: a reply does not say whose it is.
    calls: BTreeMap<(NodeId, CallId), (NodeId, Method)>,
    /// What each node was asked last, and by whom.
    asked: BTreeMap<NodeId, (NodeId, Method)>,
    pub(super) weathers: Weathers,
    pub(super) power_losses: Peekable<Iter<'a, PowerLoss>>,
}

struct Control {
    row: usize,
    text: &'static str,
    times: u32,
}

/// When something happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    pub event: EventNumber,
    pub at: Nanos,
}

impl When {
    fn of(record: &Record) -> When {
        When { event: record.event, at: record.at }
    }
}

impl<J: Judge> Teller<'_, J> {
    fn record(&mut self, record: &Record) {
        let when = When::of(record);
        let stops = record.effects.iter().any(|effect| matches!(effect, Effect::Stopped { .. }));
        let said = match &record.what {
            Event::Start(_) if record.node == NodeId::TESTER => None,
            Event::Start(start) if start.incarnation.0 > 1 => Some((RowKind::Start, "starts again".to_owned())),
            Event::Start(_) => Some((RowKind::Start, FIRST_START.to_owned())),
            Event::Timer(_) => Some((RowKind::Timer, "timer goes off".to_owned())),
            Event::Refused { .. } => Some((RowKind::Connection, "call refused".to_owned())),
            Event::Reset { peer, .. } => Some((RowKind::Connection, format!("reset by {peer}"))),
            Event::Disk { result: Err(error), .. } => Some(disk::error(*error)),
            Event::Disk { .. } if stops => Some((RowKind::Disk, self.disk_is_done(record.node))),
            _ => None,
        };
        if let Some((kind, text)) = said {
            self.push(when, record.node, kind, text);
        }
        let shown = self.shown(record);
        match &record.what {
            Event::Request { from, method, .. } => {
                self.asked.insert(record.node, (*from, method.clone()));
                self.message(record, *from, method, shown);
            }
            Event::Reply { call, .. } => match self.calls.remove(&(record.node, *call)) {
                Some((from, method)) if stops || !shown.is_empty() => {
                    self.message(record, from, &format!("answers {method}"), shown);
                }
                _ => self.observations(record, shown),
            },
            Event::Control { .. } => {
                if stops {
                    self.controls.remove(&record.node); // this question is not one of many
                }
                self.control(when, record.node, "asked by the test");
                self.observations(record, shown);
            }
            _ => self.observations(record, shown),
        }
        for effect in &record.effects {
            self.effect(record, effect);
        }
        let commands = record.effects.iter().filter_map(|effect| match effect {
            Effect::Command(command) => Some(&**command),
            _ => None,
        });
        self.commands(when, commands);
    }

    /// An answer of the disk does not say what the operation was for: most are for the last request.
    fn disk_is_done(&self, node: NodeId) -> String {
        let asked = self.asked.get(&node).map(|(from, method)| format!(", after {method} of {from}"));
        format!("{DISK_DONE}{}", asked.unwrap_or_default())
    }

    /// What the node showed in this event, in the judge's words.
    fn shown(&mut self, record: &Record) -> Vec<String> {
        let observed = record.effects.iter().filter_map(|effect| match effect {
            Effect::Observe { kind, body } => Some((kind, body)),
            _ => None,
        });
        observed.filter_map(|(kind, body)| self.judge.narrate(record.node, kind, body)).collect()
    }

    fn observations(&mut self, record: &Record, shown: impl IntoIterator<Item = String>) {
        for text in shown {
            self.push(When::of(record), record.node, RowKind::Observation, text);
        }
    }

    /// What a message made its receiver show stands at the head of the arrow.
    fn message(&mut self, record: &Record, from: NodeId, what: &str, shown: Vec<String>) {
        let mut shown = shown.into_iter();
        let row = row(When::of(record), from, RowKind::Message, what.to_owned());
        self.push_row(Row { peer: Some(record.node), peer_text: shown.next(), ..row });
        self.observations(record, shown);
    }

    /// A message that never arrived, on the side of its sender.
    fn lost(&mut self, lost: &LostMessage) {
        let what = lost.request.as_deref().unwrap_or("reply");
        let why = match lost.why {
            WhyLost::Cut => ": cut",
            WhyLost::Weather => "",
            WhyLost::NoPower => ": no power",
            WhyLost::NobodyWaits => ": nobody waits",
            WhyLost::NoSuchNode => ": no such node",
        };
        let to = if lost.to == NodeId::TESTER { lost.to.to_string() } else { lost.to.0.to_string() };
        let when = When { event: lost.after, at: lost.at };
        let row = row(when, lost.from, RowKind::Connection, format!("{what} to {to} lost{why}"));
        self.push_row(Row { peer: Some(lost.to), ..row });
    }

    fn effect(&mut self, record: &Record, effect: &Effect) {
        match effect {
            Effect::Send { to, call, method, .. } => {
                self.calls.insert((record.node, *call), (*to, method.clone()));
                let row = row(When::of(record), record.node, RowKind::Message, method.to_string());
                self.push_row(Row { peer: Some(*to), ..row });
            }
            Effect::Disk { request, .. } => {
                self.push(When::of(record), record.node, RowKind::Disk, disk::request(request));
            }
            Effect::Stopped { reason } => {
                self.push(When::of(record), record.node, RowKind::Fault, format!("stops: {reason}"));
            }
            _ => {}
        }
    }

    /// The same again, with nothing of the node in between, is the same row with a count.
    pub(super) fn control(&mut self, when: When, node: NodeId, text: &'static str) {
        let last = self.last.get(&node).copied();
        if let Some(control) = self.controls.get_mut(&node)
            && (Some(control.row), control.text) == (last, text)
        {
            control.times += 1;
            self.rows[control.row].text = format!("{text} ×{}", control.times);
            return;
        }
        self.controls.insert(node, Control { row: self.rows.len(), text, times: 1 });
        self.push(when, node, RowKind::Control, text.to_owned());
    }

    pub(super) fn push(&mut self, when: When, node: NodeId, kind: RowKind, text: String) {
        self.push_row(row(when, node, kind, text));
    }

    fn push_row(&mut self, row: Row) {
        for node in [Some(row.node), row.peer].into_iter().flatten() {
            self.last.insert(node, self.rows.len());
        }
        self.rows.push(row);
    }
}

fn row(when: When, node: NodeId, kind: RowKind, text: String) -> Row {
    Row { event: when.event.0, at_ns: when.at.0, node, kind, text, peer: None, peer_text: None }
}
