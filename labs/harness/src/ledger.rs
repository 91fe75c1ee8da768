//! What clients ask and are told, written down for people and for `cargo lab check`: JSON lines as docs/HISTORIES.md has them.

use serde::Serialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
#[cfg(feature = "flight")]
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use windtunnel::NodeId;
use windtunnel::world::Moment;

/// The file's name, in the directory of a flight.
pub const FILE_NAME: &str = "operations.jsonl";

/// What a client asks a key/value service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "call", rename_all = "kebab-case")]
pub enum Call<'a> {
    /// The value of a key.
    Get {
        /// The key.
        key: &'a str,
    },
    /// A new value for a key that has that version.
    Put {
        /// The key.
        key: &'a str,
        /// The value.
        value: &'a str,
        /// The version.
        version: u64,
    },
    /// More behind the value of a key.
    Append {
        /// The key.
        key: &'a str,
        /// What comes behind it.
        value: &'a str,
    },
}

/// What it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "return", rename_all = "kebab-case")]
pub enum Answer<'a> {
    /// What a get finds.
    Found {
        /// The value.
        value: &'a str,
        /// Its version.
        version: u64,
    },
    /// It is done.
    Done,
    /// There is no such key.
    NoKey,
    /// The key has another version.
    OtherVersion,
}

/// Where what clients were told can be looked at, in a line that is shown whole; nothing if it was not written down there.
#[cfg(feature = "flight")]
pub(crate) fn told_of(directory: &Path) -> Option<String> {
    let file = File::open(directory.join(FILE_NAME)).ok()?;
    let mut lines = BufReader::new(file).lines().map_while(Result::ok);
    // No model of `cargo lab check` has versions and appends.
    Some(match lines.any(|line| line.contains(r#""call":"append""#)) {
        false => format!("Judge it anywhere: cargo lab check {FILE_NAME} --model kv"),
        true => format!("What clients asked and were told is in {FILE_NAME}."),
    })
}

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    client: u64,
    at: u64,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    Asked(Call<'a>),
    Told(Answer<'a>),
    Unknown { unknown: bool },
}

/// The file, made with its first line. What cannot be written is not: a full disk is no verdict. Clones are the same file.
#[derive(Clone)]
pub struct Ledger(Rc<RefCell<Inner>>);

struct Inner {
    path: PathBuf,
    /// An error once there was one.
    file: Option<io::Result<BufWriter<File>>>,
    /// Who has asked what has no answer yet.
    open: BTreeMap<(NodeId, u64), u64>,
    /// Of each node the clients that wait for nothing, and how many there are.
    idle: BTreeMap<NodeId, (BTreeSet<u64>, u64)>,
}

/// A node has fewer clients that ask at once.
const CLIENTS_OF_A_NODE: u64 = 100_000;

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}

impl Ledger {
    /// One in that directory, which need not be there before the first line is.
    #[must_use]
    pub fn below(directory: &Path) -> Self {
        let (path, open, idle) = (directory.join(FILE_NAME), BTreeMap::new(), BTreeMap::new());
        Ledger(Rc::new(RefCell::new(Inner { path, file: None, open, idle })))
    }

    /// A node asks under that number of its own. A client of the file waits for one answer at a time; who of a node it is says nothing.
    pub fn called(&self, moment: Moment, node: NodeId, number: u64, call: Call<'_>) {
        self.0.borrow_mut().called(moment, node, number, call);
    }

    /// It is told something; nothing if nobody knows what became of what it asked.
    pub fn returned(&self, moment: Moment, node: NodeId, number: u64, answer: Option<Answer<'_>>) {
        self.0.borrow_mut().returned(moment, node, number, answer);
    }

    /// A node has died, with all its clients.
    pub fn died(&self, moment: Moment, node: NodeId) {
        let mut inner = self.0.borrow_mut();
        let open: Vec<u64> = inner.open.range((node, 0)..=(node, u64::MAX)).map(|((_, number), _)| *number).collect();
        open.into_iter().for_each(|number| inner.returned(moment, node, number, None));
    }

    /// All of it is in the file, though somebody may hold it still.
    pub fn flush(&self) {
        if let Some(Ok(file)) = &mut self.0.borrow_mut().file {
            let _ = file.flush();
        }
    }
}

impl Inner {
    fn called(&mut self, moment: Moment, node: NodeId, number: u64, call: Call<'_>) {
        let (idle, count) = self.idle.entry(node).or_default();
        let of_node = idle.pop_first().unwrap_or_else(|| {
            *count += 1;
            *count
        });
        let client = u64::from(node.0) * CLIENTS_OF_A_NODE + of_node;
        self.open.insert((node, number), of_node);
        self.write(&Line { client, at: moment.at.0, what: What::Asked(call) });
    }

    fn returned(&mut self, moment: Moment, node: NodeId, number: u64, answer: Option<Answer<'_>>) {
        let Some(of_node) = self.open.remove(&(node, number)) else { return };
        self.idle.entry(node).or_default().0.insert(of_node);
        let client = u64::from(node.0) * CLIENTS_OF_A_NODE + of_node;
        let what = answer.map_or(What::Unknown { unknown: true }, What::Told);
        self.write(&Line { client, at: moment.at.0, what });
    }

    fn write(&mut self, line: &Line<'_>) {
        let file = self.file.get_or_insert_with(|| File::create(&self.path).map(BufWriter::new));
        let Ok(whole) = file else { return };
        let mut write = || {
            serde_json::to_writer(&mut *whole, line)?;
            whole.write_all(b"\n")
        };
        if let Err(error) = write() {
            *file = Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::{EventNumber, Nanos};

    #[test]
    fn a_client_of_the_file_waits_for_one_answer_at_a_time_and_the_dead_for_none() {
        let directory = std::env::temp_dir().join(format!("windtunnel-ledger-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let ledger = Ledger::below(&directory);
        let at = |now| Moment { at: Nanos(now), event: EventNumber(now) };
        ledger.called(at(1), NodeId(2), 1, Call::Put { key: "k", value: "a \"b\"", version: 0 });
        ledger.called(at(2), NodeId(2), 2, Call::Get { key: "k" });
        ledger.returned(at(3), NodeId(2), 1, Some(Answer::Done));
        ledger.called(at(4), NodeId(2), 3, Call::Append { key: "k", value: "c" });
        ledger.returned(at(5), NodeId(2), 2, Some(Answer::Found { value: "a \"b\"", version: 1 }));
        ledger.died(at(6), NodeId(2));
        ledger.returned(at(7), NodeId(2), 3, Some(Answer::NoKey));
        ledger.flush();
        let text = std::fs::read_to_string(directory.join(FILE_NAME)).expect("it is there");
        #[cfg(feature = "flight")]
        for (text, command) in [(text.clone(), false), (text.replace("append", "get"), true)] {
            std::fs::write(directory.join(FILE_NAME), text).expect("it can be written");
            let told = told_of(&directory).expect("the file is there");
            assert_eq!(told.contains("cargo lab check"), command, "a model has no appends: {told}");
        }
        std::fs::remove_dir_all(&directory).expect("it can be removed");
        let expected = [
            r#"{"client":200001,"at":1,"call":"put","key":"k","value":"a \"b\"","version":0}"#,
            r#"{"client":200002,"at":2,"call":"get","key":"k"}"#,
            r#"{"client":200001,"at":3,"return":"done"}"#,
            r#"{"client":200001,"at":4,"call":"append","key":"k","value":"c"}"#,
            r#"{"client":200002,"at":5,"return":"found","value":"a \"b\"","version":1}"#,
            r#"{"client":200001,"at":6,"unknown":true}"#,
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
