//! What happened in a flight, one JSON object a line: what nodes showed, what was done to them, how they ended.

use crate::units::NodeId;
use crate::world::{Command, Lifecycle, Moment};
use serde::{Serialize, Serializer};
use std::fs::File;
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
