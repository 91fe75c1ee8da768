//! What happened in a flight, one JSON object a line: what nodes showed, what was done to them, how they ended.

use crate::units::NodeId;
use crate::world::{Command, Lifecycle, Moment};
use serde::{Serialize, Serializer};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// One line.
#[derive(Debug, Serialize)]
struct Line<'a> {
    at_ns: u64,
    event: u64,
    #[serde(flatten)]
    what: What<'a>,
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(super) enum What<'a> {
    Observed {
        node: NodeId,
        incarnation: u32,
        step: u64,
        kind: &'a str,
        #[serde(serialize_with = "hexadecimal")]
        body: &'a [u8],
    },
    /// A fault that the tester made, or the end of one.
    Command {
        command: &'static str,
        node: NodeId,
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<NodeId>,
    },
    Control {
        id: u64,
        node: NodeId,
        #[serde(serialize_with = "hexadecimal")]
        body: &'a [u8],
    },
    ControlReply {
        id: u64,
        node: NodeId,
        #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_hexadecimal")]
        body: Option<&'a [u8]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
    },
    Skipped {
        skipped: &'static str,
    },
    Lifecycle {
        node: NodeId,
        lifecycle: String,
    },
    /// How a node ended that was not killed.
    Ended {
        node: NodeId,
        how: &'a str,
    },
    Over {
        outcome: &'a str,
    },
}

fn hexadecimal<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('?'));
        }
    }
    serializer.serialize_str(&text)
}

fn maybe_hexadecimal<S: Serializer>(bytes: &Option<&[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    hexadecimal(bytes.unwrap_or_default(), serializer)
}

impl<'a> What<'a> {
    /// The line of a command; none for what only plans.
    pub fn of_command(command: &'a Command) -> Option<Self> {
        if let Command::Control { id, node, body } = command {
            return Some(What::Control { id: id.0, node: *node, body });
        }
        let (command, (node, to)) = command.fault()?;
        Some(What::Command { command, node, to })
    }

    pub fn of_lifecycle(node: NodeId, what: Lifecycle) -> Self {
        let lifecycle = match what {
            Lifecycle::Started(incarnation) => format!("started for the {}. time", incarnation.0),
            Lifecycle::Killed => "killed".to_owned(),
            Lifecycle::PowerLost => "power lost".to_owned(),
            Lifecycle::Stopped => "stopped".to_owned(),
            Lifecycle::Paused => "paused".to_owned(),
            Lifecycle::Resumed => "resumed".to_owned(),
        };
        What::Lifecycle { node, lifecycle }
    }
}

/// What an earlier flight has recorded stays, under the first number that is free: it may be all that is left of a failure.
pub(super) fn set_aside(directory: &Path) -> io::Result<()> {
    let mut records = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".jsonl")).filter(|stem| !stem.contains('.'));
        records.extend(stem.map(str::to_owned));
    }
    let under = |stem: &str, number: u32| directory.join(format!("{stem}.{number}.jsonl"));
    let is_free = |number: &u32| records.iter().all(|stem| !under(stem, *number).exists());
    let number = (1..).find(is_free).unwrap_or(u32::MAX);
    for stem in &records {
        fs::rename(directory.join(format!("{stem}.jsonl")), under(stem, number))?;
    }
    Ok(())
}

/// The file. What cannot be written is not: a full disk is no verdict.
#[derive(Debug)]
pub(super) struct History {
    file: BufWriter<File>,
    error: Option<io::Error>,
}

impl History {
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(History { file: BufWriter::new(File::create(path)?), error: None })
    }

    pub fn note(&mut self, moment: Moment, what: What<'_>) {
        if self.error.is_some() {
            return;
        }
        let line = Line { at_ns: moment.at.0, event: moment.event.0, what };
        let mut write = || {
            serde_json::to_writer(&mut self.file, &line)?;
            self.file.write_all(b"\n")
        };
        self.error = write().err();
    }

    /// The last line. Says what went wrong with the file, if something did.
    pub fn finish(mut self, moment: Moment, outcome: &str) -> Option<io::Error> {
        self.note(moment, What::Over { outcome });
        self.error.take().or_else(|| self.file.flush().err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::scratch::Scratch;

    #[test]
    fn records_of_earlier_flights_stay_under_numbers() {
        let scratch = Scratch::new();
        let at = |name: &str| scratch.path().join(name);
        for (flight, name) in [("first", "history.jsonl"), ("second", "history.jsonl"), ("second", "operations.jsonl")]
        {
            if name == "history.jsonl" {
                set_aside(scratch.path()).unwrap();
            }
            fs::write(at(name), flight).unwrap();
        }
        set_aside(scratch.path()).unwrap();
        let read = |name: &str| fs::read_to_string(at(name)).unwrap();
        assert_eq!(["history.1.jsonl", "history.2.jsonl"].map(read), ["first", "second"]);
        assert_eq!(read("operations.2.jsonl"), "second", "what belongs together has one number");
        assert!(!at("history.jsonl").exists() && !at("operations.jsonl").exists());
    }
}
