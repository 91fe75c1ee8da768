//! Reads a scenario file, and says of a wrong one where and what is allowed there.
//!
//! serde loses places inside tagged and flattened types, so families and events are taken apart here.

use super::action::{self, NAMES as ACTIONS};
use super::check;
use super::complaint::{Complaint, ScenarioError};
use super::family::{Family, Kind};
use super::file::Scenario;
use super::place::{Place, Places};
use super::range::Drift;
use super::ruled_out::RuledOut;
use super::schedule::{Event, When};
use super::time::{Offset, Time};
use super::timing::Timing;
use super::weather::{DiskChange, LinkChange};
use crate::near::nearest;
use serde::Deserialize;
use std::borrow::Cow;
use std::fs;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A value with its place in the file.
type Value<'a> = Spanned<DeValue<'a>>;

/// What is wrong at a place, in bytes.
struct Wrong {
    span: Range<usize>,
    message: String,
    help: Vec<String>,
}

impl Wrong {
    fn complaint(self, file: &str, text: &str) -> ScenarioError {
        ScenarioError::Wrong(Box::new(Complaint::at(file, text, self.span, self.message, self.help)))
    }
}

/// What scenarios of a lab may name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vocabulary<'a> {
    /// What its nodes show: what a fault may wait for.
    pub observations: &'a [&'a str],
    /// What its nodes may be told.
    pub settings: &'a [&'a str],
    /// Whether it has nodes of clients.
    pub client_nodes: bool,
    /// Weather that its contract rules out, and why.
    pub ruled_out: &'a [(RuledOut, &'a str)],
}

impl Scenario {
    /// Reads and checks a scenario file.
    pub fn load(path: &Path) -> Result<Scenario, ScenarioError> {
        let file = path.display().to_string();
        let text =
            fs::read_to_string(path).map_err(|source| ScenarioError::Unreadable { file: file.clone(), source })?;
        Scenario::parse(&file, &text)
    }

    /// Reads and checks the text of a scenario file; `file` is its name in complaints.
    pub fn parse(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
        read(text).map_err(|wrong| wrong.complaint(file, text))
    }

    /// The same for a lab, whose nodes show what they show and are told what they know.
    pub fn parse_for(file: &str, text: &str, lab: Vocabulary<'_>) -> Result<Scenario, ScenarioError> {
        Scenario::parse(file, text)?.checked(file, text, lab)
    }

    /// This scenario, read from that text for that lab, on so many nodes.
    pub fn on_nodes(
        mut self,
        nodes: u32,
        file: &str,
        text: &str,
        lab: Vocabulary<'_>,
    ) -> Result<Scenario, ScenarioError> {
        self.nodes = nodes;
        self.checked(file, text, lab)
    }

    fn checked(self, file: &str, text: &str, lab: Vocabulary<'_>) -> Result<Scenario, ScenarioError> {
        let checked = check::check(&self).and_then(|()| check::check_for(&self, lab));
        checked.map_err(|impossible| impossible_at(text, impossible).complaint(file, text))?;
        Ok(self)
    }
}

fn read(text: &str) -> Result<Scenario, Wrong> {
    let mut root = DeTable::parse(text).map_err(|error| wrong(&error, 0..0, &[]))?.into_inner();
    let faults = list(&mut root, "fault")?;
    let events = list(&mut root, "event")?;
    let root = ValueDeserializer::from(Spanned::new(0..0, DeValue::Table(root)));
    let mut scenario = Scenario::deserialize(root).map_err(|error| wrong(&error, 0..0, &[]))?;
    scenario.fault = faults.into_iter().map(family).collect::<Result<_, _>>()?;
    scenario.event = events.into_iter().map(event).collect::<Result<_, _>>()?;
    check::check(&scenario).map_err(|impossible| impossible_at(text, impossible))?;
    Ok(scenario)
}

/// Finds the place of something impossible in a file that could be read.
fn impossible_at(text: &str, check::Impossible { path, message, help }: check::Impossible) -> Wrong {
    let root = DeTable::parse(text).map(Spanned::into_inner).unwrap_or_default();
    Wrong { span: place(&DeValue::Table(root), &path), message, help }
}

/// Takes a list of tables out of the root.
fn list<'a>(root: &mut DeTable<'a>, key: &str) -> Result<Vec<Value<'a>>, Wrong> {
    let Some(value) = root.remove(key) else { return Ok(Vec::new()) };
    let span = value.span();
    match value.into_inner() {
        DeValue::Array(items) => Ok(items.into_iter().collect()),
        _ => Err(Wrong { span, message: format!("`{key}` is a list: write [[{key}]]"), help: Vec::new() }),
    }
}

fn table<'a>(value: Value<'a>, key: &str) -> Result<(DeTable<'a>, Range<usize>), Wrong> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Ok((table, span)),
        _ => Err(Wrong { span, message: format!("a {key} is a table"), help: Vec::new() }),
    }
}

/// Moves the entries of those keys, with their places, into a table of their own.
fn take<'a>(table: &mut DeTable<'a>, keys: &[&str]) -> DeTable<'a> {
    keys.iter().filter_map(|key| table.remove_entry(*key)).collect()
}

fn deserializer<'a>(table: DeTable<'a>, span: &Range<usize>) -> ValueDeserializer<'a> {
    ValueDeserializer::from(Spanned::new(span.clone(), DeValue::Table(table)))
}

fn family(value: Value<'_>) -> Result<Family, Wrong> {
    let (mut settings, span) = table(value, "fault")?;
    let own_keys: Vec<Range<usize>> = settings.keys().map(Spanned::span).collect();
    let kind = named(&mut settings, "kind", "fault", Kind::NAMES, &span)?;
    let timing = take(&mut settings, &Timing::KEYS);
    let timing = Timing::deserialize(deserializer(timing, &span)).map_err(|error| wrong(&error, span.clone(), &[]))?;
    let kind = match Kind::read(kind.get_ref(), deserializer(settings, &span)) {
        Some(read) => read.map_err(|error| {
            // A table inside has no keys but its own.
            let is_own = error.span().is_some_and(|place| own_keys.contains(&place));
            wrong(&error, span, if is_own { &Timing::KEYS } else { &[] })
        })?,
        None => return Err(unknown("kind of fault", &kind, Kind::NAMES)),
    };
    Ok(Family { timing, kind })
}

const WHEN_KEYS: [&str; 2] = ["at", "at_event"];
const LABEL_KEYS: [&str; 2] = ["strike", "pick"];

fn event(value: Value<'_>) -> Result<Event, Wrong> {
    #[derive(Deserialize)]
    struct Label {
        strike: Option<String>,
        pick: Option<u32>,
    }
    let (mut action, span) = table(value, "event")?;
    let fail = |error: toml::de::Error| wrong(&error, span.clone(), &[]);
    let when = take(&mut action, &WHEN_KEYS);
    if when.len() != 1 {
        let message = "an event says when it happens by exactly one of `at` and `at_event`".to_owned();
        return Err(Wrong { span, message, help: Vec::new() });
    }
    let when = When::deserialize(deserializer(when, &span)).map_err(fail)?;
    let label = take(&mut action, &LABEL_KEYS);
    let Label { strike, pick } = Label::deserialize(deserializer(label, &span)).map_err(fail)?;
    let name = named(&mut action, "do", "event", ACTIONS, &span)?;
    if !ACTIONS.contains(&name.get_ref().as_str()) {
        return Err(unknown("action", &name, ACTIONS));
    }
    for (key, value) in action.iter() {
        check_entry(name.get_ref(), key, value)?;
    }
    let tag = (Spanned::new(0..0, "do".into()), Spanned::new(name.span(), DeValue::String(name.into_inner().into())));
    action.insert(tag.0, tag.1);
    let action = Deserialize::deserialize(deserializer(action, &span)).map_err(fail)?;
    Ok(Event { when, action, strike, pick })
}

/// Reads one entry of an action alone: the place inside a tagged table is lost to serde.
fn check_entry(action: &str, key: &Spanned<Cow<'_, str>>, value: &Value<'_>) -> Result<(), Wrong> {
    let keys = action::keys(action);
    if !keys.contains(&key.get_ref().as_ref()) {
        let known: Vec<&str> = keys.iter().chain(&WHEN_KEYS).chain(&LABEL_KEYS).copied().collect();
        let help = suggestions(key.get_ref(), &known);
        return Err(Wrong { span: key.span(), message: format!("there is no key `{}` here", key.get_ref()), help });
    }
    let read = ValueDeserializer::from(value.clone());
    let read = match (key.get_ref().as_ref(), action) {
        ("from" | "to", _) => Places::deserialize(read).map(drop),
        ("weather", "link-weather") => LinkChange::deserialize(read).map(drop),
        ("weather", _) => DiskChange::deserialize(read).map(drop),
        ("per_event", _) => Time::deserialize(read).map(drop),
        ("by", _) => Offset::deserialize(read).map(drop),
        ("drift_ppm", _) => Drift::deserialize(read).map(drop),
        _ => Place::deserialize(read).map(drop),
    };
    read.map_err(|error| {
        let mut wrong = wrong(&error, value.span(), &[]);
        // serde lists the words alone.
        let nodes = match key.get_ref().as_ref() {
            "node" => ", a node",
            "from" | "to" => ", a node, a list of nodes",
            _ => "",
        };
        wrong.help.iter_mut().filter(|help| help.starts_with("allowed")).for_each(|help| help.push_str(nodes));
        wrong
    })
}

/// Takes the key that says what a table is.
fn named(
    table: &mut DeTable<'_>,
    key: &str,
    what: &str,
    names: &[&str],
    span: &Range<usize>,
) -> Result<Spanned<String>, Wrong> {
    let Some(value) = table.remove(key) else {
        let message = format!("this {what} does not say what it is: `{key}` is missing");
        return Err(Wrong { span: span.clone(), message, help: vec![allowed(names)] });
    };
    let place = value.span();
    match value.into_inner() {
        DeValue::String(name) => Ok(Spanned::new(place, name.into_owned())),
        _ => Err(Wrong { span: place, message: format!("`{key}` is a name in quotes"), help: vec![allowed(names)] }),
    }
}

fn unknown(what: &str, written: &Spanned<String>, names: &[&str]) -> Wrong {
    let help = suggestions(written.get_ref(), names);
    Wrong { span: written.span(), message: format!("there is no {what} `{}`", written.get_ref()), help }
}

fn allowed(names: &[&str]) -> String {
    format!("allowed here: {}", names.join(", "))
}

fn suggestions(written: &str, names: &[&str]) -> Vec<String> {
    let near = nearest(written, names.iter().copied()).map(|name| format!("did you mean `{name}`?"));
    near.into_iter().chain([allowed(names)]).collect()
}

/// Puts an error of the TOML reader or of serde in our words. `more` are keys that are allowed besides those serde knows.
fn wrong(error: &toml::de::Error, fallback: Range<usize>, more: &[&str]) -> Wrong {
    let span = error.span().unwrap_or(fallback);
    let message = error.message();
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let (what, expected) = message.split_once(", ").unwrap_or((message, ""));
    let known = quoted(expected);
    let known: Vec<&str> = known.iter().map(String::as_str).chain(more.iter().copied()).collect();
    let written = quoted(what).into_iter().next().unwrap_or_default();
    let (message, help) = if what.starts_with("unknown field") {
        (format!("there is no key `{written}` here"), suggestions(&written, &known))
    } else if what.starts_with("unknown variant") {
        (format!("`{written}` is not allowed here"), suggestions(&written, &known))
    } else if what.starts_with("missing field") {
        (format!("the key `{written}` is missing"), Vec::new())
    } else {
        (expected_in_our_words(message), Vec::new())
    };
    Wrong { span, message, help }
}

/// serde names what it expects as Rust does.
fn expected_in_our_words(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let ours = match expected {
        "u32" | "u64" | "usize" | "i64" => "a whole number",
        "a boolean" => "true or false",
        "a string" => "text in quotes",
        "a sequence" => "a list",
        name if name.starts_with("struct ") => "a table",
        other => other,
    };
    format!("{found}, expected {ours}")
}

/// Where a path leads in the file, or the nearest table on the way there.
fn place(root: &DeValue<'_>, path: &[check::Step]) -> Range<usize> {
    let mut span = 0..0;
    let mut value = root;
    for step in path {
        let next = match step {
            check::Step::Key(key) => value.get(*key),
            check::Step::Item(index) => value.get(*index),
        };
        let Some(next) = next else { break };
        span = next.span();
        value = next.get_ref();
    }
    span
}
