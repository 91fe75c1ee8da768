//! All operations of all clients: what was asked, what was told, and whether that can be.

use super::service::{Answer, Ask, Service, Text};
use crate::contract::{GetError, NotServed, PutError, Version, Versioned};
use crate::observation::{Answered, Asked, Called, Count, Returned, Told};
use lab_harness::failed::Failed;
use lab_harness::history::History;
use std::collections::BTreeMap;
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

const MAYBE: &str = "The contract, PutError::Maybe: the request was sent again, and was refused.";

/// What is known of all operations so far.
#[derive(Debug)]
pub struct Operations {
    history: History<Service, Open>,
    tally: BTreeMap<NodeId, Tally>,
}

/// How the operations of a node ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that returned.
    pub returned: u64,
    /// Puts that were done.
    pub done: u64,
    /// Puts of which nobody knows.
    pub maybe: u64,
}

/// An operation that has not returned.
#[derive(Debug)]
struct Open {
    asked: Asked,
    /// Whether a server has refused it, at least once.
    refused: bool,
}

impl Default for Operations {
    fn default() -> Self {
        Operations { history: History::new(&Service), tally: BTreeMap::new() }
    }
}

impl Operations {
    /// How the operations of a node ended.
    #[must_use]
    pub fn tally(&self, node: NodeId) -> Tally {
        self.tally.get(&node).copied().unwrap_or_default()
    }

    /// How many operations have returned.
    #[must_use]
    pub fn returned_in_all(&self) -> u64 {
        self.tally.values().map(|tally| tally.returned).sum()
    }

    /// The operation that was called first of those that have not returned, in words, and when.
    #[must_use]
    pub fn oldest_open(&self) -> Option<(String, Nanos)> {
        let (node, oldest) = self.history.oldest_open()?;
        Some((format!("{} of {node}", words(&oldest.about.asked)), oldest.called))
    }

    /// A client calls.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn called(&mut self, moment: Moment, node: NodeId, Called { call, asked }: Called) -> Result<(), Failed> {
        let input = match &asked {
            Asked::Get { key } => Ask::Get(key.as_str().into()),
            Asked::Put { key, value, version } => Ask::Put(key.as_str().into(), Text::new(value), version.0),
            Asked::Append { key, value } => Ask::Append(key.as_str().into(), Text::new(value)),
            Asked::Submit(Count::Increment) => Ask::Increment,
            Asked::Submit(Count::Nothing | Count::Spoil) | Asked::Read => Ask::Count,
        };
        self.history.called(moment, node, call, input, Open { asked, refused: false })
    }

    /// A server answers a put.
    pub fn answered(&mut self, answered: &Answered) {
        if !matches!(answered.answer, Ok(Err(_))) {
            return;
        }
        for (node, open) in self.history.all_open() {
            let Asked::Put { key, version, .. } = &open.asked else { continue };
            open.refused |= (node, key, *version) == (answered.from, &answered.key, answered.version);
        }
    }

    /// A node has died, and its clients with it: what they had asked may have happened, or may happen yet.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn died(&mut self, moment: Moment, node: NodeId) -> Result<(), Failed> {
        self.history.died(moment, node)
    }

    /// A client is answered.
    ///
    /// # Errors
    /// If that cannot be.
    pub fn returned(&mut self, moment: Moment, node: NodeId, Returned { call, told }: Returned) -> Result<(), Failed> {
        let Some(open) = self.history.open(node, call) else { return Ok(()) };
        let tally = self.tally.entry(node).or_default();
        tally.returned += 1;
        tally.done += u64::from(told == Told::Put(Ok(())));
        tally.maybe += u64::from(told == Told::Put(Err(PutError::Maybe)));
        if told == Told::Put(Err(PutError::Maybe)) && !open.refused {
            let title =
                format!("Maybe {} was done, says its clerk, and no server has ever refused it.", words(&open.asked));
            return Err(Failed::new("needless-maybe", title).from_source(MAYBE).on([node]));
        }
        if !answers(&open.asked, &told) {
            let title = format!("{node} shows an answer that is none to {}.", words(&open.asked));
            return Err(Failed::new("own-observations", title).on([node]));
        }
        self.history.returned(moment, node, call, output(told))
    }
}

fn answers(asked: &Asked, told: &Told) -> bool {
    matches!(
        (asked, told),
        (Asked::Get { .. }, Told::Got(_))
            | (Asked::Put { .. }, Told::Put(_))
            | (Asked::Append { .. }, Told::Appended)
            | (Asked::Submit(_) | Asked::Read, Told::Counter(_))
    )
}

/// What the model is told of an answer; nothing if it says nothing.
fn output(told: Told) -> Option<Answer> {
    Some(match told {
        Told::Put(Err(PutError::Maybe)) | Told::Counter(Err(NotServed::Lost)) => return None,
        Told::Got(Ok(Versioned { value, version })) => Answer::Found(Text::new(&value), version.0),
        Told::Got(Err(GetError::NoKey)) | Told::Put(Err(PutError::NoKey)) => Answer::NoKey,
        Told::Put(Ok(())) | Told::Appended => Answer::Done,
        Told::Put(Err(PutError::Version)) => Answer::OtherVersion,
        Told::Counter(Ok(value)) => Answer::Counter(value),
        Told::Counter(Err(NotServed::NotLeader { .. })) => Answer::NotBegun,
    })
}

/// An operation, in words.
fn words(asked: &Asked) -> String {
    match asked {
        Asked::Get { key } => format!("a get of {key:?}"),
        Asked::Put { key, version: Version(version), .. } => format!("a put of version {version} of {key:?}"),
        Asked::Append { key, .. } => format!("an append to {key:?}"),
        Asked::Submit(_) => "a submit".to_owned(),
        Asked::Read => "a read".to_owned(),
    }
}

#[cfg(test)]
mod tests;
