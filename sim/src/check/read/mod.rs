//! Histories from anywhere: our JSON lines, Porcupine's and Jepsen's, read line by line and judged.
//!
//! `words` is what the formats have in common, `json_lines`, `edn` and `jepsen` read a line each, `decode` gives a model its input, `judge` does all of it.

mod decode;
mod edn;
mod jepsen;
mod json_lines;
mod judge;
mod words;

pub use decode::Decode;
pub use judge::{Judged, ModelName, NamedOperation, ReadOptions, judge};
pub use words::{Said, Word};

use crate::check::history::{ClientId, History, HistoryError, Operation, OperationId};
use std::collections::BTreeMap;
use std::io::BufRead;
use words::{About, Happened, Told};

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read on.
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A line that says nothing that is understood.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A line that does not fit to those before.
    #[error("line {line}: {problem}")]
    History {
        /// Its number, from 1.
        line: usize,
        /// What does not fit.
        #[source]
        problem: HistoryError,
    },
    /// A history that would take more memory than it may.
    #[error(
        "line {line}: the history takes more than {mebibytes} MiB: split it by key or by time, or raise the budget of its memory"
    )]
    TooLarge {
        /// Up to which line, from 1.
        line: usize,
        /// How many are allowed.
        mebibytes: u64,
    },
    /// Nothing in it.
    #[error("there is no operation in it: {0}")]
    Empty(&'static str),
}

/// How the lines of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, ours.
    JsonLines,
    /// One EDN map a line: Porcupine's, Jepsen's history.edn.
    Edn,
    /// A log of Jepsen's.
    JepsenLog,
}

impl Format {
    /// The format that a line is in.
    fn of(line: &str) -> Option<Format> {
        match line.trim_start() {
            line if line.starts_with("#jepsen") => Some(Format::Edn),
            line if line.starts_with('{') => {
                let first = line[1..].trim_start_matches(|letter: char| letter.is_whitespace() || letter == ',');
                Some(if first.starts_with(':') { Format::Edn } else { Format::JsonLines })
            }
            line if line.contains(jepsen::MARK) => Some(Format::JepsenLog),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::JsonLines => "json-lines",
            Format::Edn => "edn",
            Format::JepsenLog => "jepsen-log",
        }
    }

    fn line(self, line: &str, fields: Option<&[&str]>) -> Result<Option<Told>, String> {
        match self {
            Format::JsonLines => json_lines::line(line, fields).map(Some),
            Format::Edn => edn::line(line),
            Format::JepsenLog => jepsen::line(line),
        }
    }
}

/// A longer line is no operation but a mistake.
const LONGEST_LINE: u64 = 16 << 20;

/// A history and where in its file each operation stands.
pub(super) struct Reading<M: Decode> {
    pub history: History<M::Input, M::Output>,
    /// Of the call, and of the answer if there is one.
    pub lines: Vec<(usize, Option<usize>)>,
    pub format: Format,
    /// What the calls that are open are about.
    about: BTreeMap<ClientId, About>,
}

/// Reads a history of at most so many operations, in any of the formats.
///
/// # Errors
/// If it cannot be read, is none, or does not fit the model.
pub fn read_history<M: Decode>(
    text: impl BufRead,
    operations: usize,
) -> Result<History<M::Input, M::Output>, ReadError> {
    read::<M>(text, operations, ReadOptions::HISTORY_BYTES).map(|reading| reading.history)
}

/// Reads a history. A line without a time happens at its number.
fn read<M: Decode>(mut text: impl BufRead, operations: usize, history_bytes: u64) -> Result<Reading<M>, ReadError> {
    let history = History::with_limit(operations);
    let mut reading = Reading { history, lines: Vec::new(), format: Format::JsonLines, about: BTreeMap::new() };
    let (mut format, mut noise, mut have_times) = (None, None, None);
    let (mut bytes, mut line, mut held) = (Vec::new(), 0, 0);
    loop {
        bytes.clear();
        line += 1;
        if std::io::Read::take(&mut text, LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let bad = |problem: String| ReadError::Line { line, problem };
        if bytes.len() as u64 == LONGEST_LINE {
            return Err(bad(format!("it is longer than {} MiB", LONGEST_LINE >> 20)));
        }
        let words = std::str::from_utf8(&bytes).map_err(|_| bad("it is not UTF-8".to_owned()))?;
        let words = words.trim_start_matches('\u{feff}').trim(); // some editors begin a file with this mark
        if words.is_empty() {
            continue;
        }
        let Some(known) = format.or_else(|| Format::of(words)) else {
            noise = noise.or(Some(line));
            continue;
        };
        (format, reading.format) = (Some(known), known);
        // Before its first operation a log may say anything, other files nothing.
        if let Some(unread) = noise.filter(|_| known != Format::JepsenLog) {
            let problem = format!("it is no operation, and those from line {line} on are {}", known.name());
            return Err(ReadError::Line { line: unread, problem });
        }
        if let Some(told) = known.line(words, M::FIELDS).map_err(bad)? {
            if *have_times.get_or_insert(told.at.is_some()) != told.at.is_some() {
                return Err(bad("some lines say when they happened and some do not: all do or none does".to_owned()));
            }
            held += bytes_of::<M>(bytes.len());
            if held > history_bytes {
                return Err(ReadError::TooLarge { line, mebibytes: history_bytes >> 20 });
            }
            let stray = told.stray.clone();
            reading.take(told, line)?;
            // Said last: a line of another model has other fields since it is one.
            if let Some((stray, known)) = stray.zip(M::FIELDS) {
                return Err(bad(format!("`{stray}` is no field of this model, which has `{}`", known.join("`, `"))));
            }
        }
    }
    if reading.lines.is_empty() {
        let known = "neither JSON lines (docs/HISTORIES.md), nor maps as {:process 1, :type :invoke ...}, nor a log with `jepsen.util - ` lines";
        return Err(ReadError::Empty(known));
    }
    Ok(reading)
}

/// What a line of a history takes, roughly: half an operation, since there is a line for its answer, and no longer texts than there are in it.
fn bytes_of<M: Decode>(line: usize) -> u64 {
    let operation = size_of::<Operation<M::Input, M::Output>>() + size_of::<(usize, Option<usize>)>();
    (operation / 2 + line) as u64
}

impl<M: Decode> Reading<M> {
    fn take(&mut self, mut told: Told, line: usize) -> Result<(), ReadError> {
        let (client, at) = (ClientId(told.client), told.at.unwrap_or(line as u64));
        let bad = |problem: String| ReadError::Line { line, problem };
        let misfit = |problem: HistoryError| ReadError::History { line, problem };
        if self.format != Format::JsonLines {
            told.take_out_key(self.about.get(&client)).map_err(bad)?;
        }
        if !matches!(told.happened, Happened::Called(_)) {
            let asked = self.about.remove(&client).unwrap_or_default();
            let contradiction = || match &told.happened {
                Happened::Returned(said) => asked.contradiction(said),
                _ => None,
            };
            if let Some(problem) = asked.misfit(&told.about).or_else(contradiction) {
                return Err(bad(problem));
            }
        }
        let ended = match told.happened {
            Happened::Called(said) => {
                let operation = self.history.called(client, M::asked(&said).map_err(bad)?, at).map_err(misfit)?;
                self.lines.push((line, None));
                self.about.insert(client, About { fields: said.fields, ..told.about });
                Some(operation)
            }
            Happened::Returned(said) => {
                let asked = self.open(client).map_err(misfit)?;
                match M::answered(&self.history.operations()[asked.0].input, &said, told.at).map_err(bad)? {
                    Some(output) => Some(self.history.returned(client, output, at).map_err(misfit)?),
                    None => Some(self.history.unknown(client, at).map_err(misfit)?),
                }
            }
            Happened::Failed(_) => {
                let asked = self.open(client).map_err(misfit)?;
                match M::failed(&self.history.operations()[asked.0].input) {
                    Some(output) => Some(self.history.returned(client, output, at).map_err(misfit)?),
                    None => Some(self.history.never(client, at).map_err(misfit)?),
                }
            }
            Happened::Never => Some(self.history.never(client, at).map_err(misfit)?),
            Happened::Unknown => Some(self.history.unknown(client, at).map_err(misfit)?),
        };
        if let Some(operation) = ended {
            if self.lines[operation.0].0 != line {
                self.lines[operation.0].1 = Some(line);
            }
            if let Some(hint) = told.hint {
                self.history.hint(operation, hint);
            }
        }
        Ok(())
    }

    fn open(&self, client: ClientId) -> Result<OperationId, HistoryError> {
        self.history.open(client).ok_or(HistoryError::NotOpen { client })
    }
}
