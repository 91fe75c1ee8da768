//! All operations of all clients: what was asked, what was told, and whether that can be.

use crate::contract::{GetError, PutError, PutRefused, Version, Versioned};
use crate::node::SERVER;
use crate::observation::{Answered, Asked, Called, Returned, Told};
use lab_harness::failed::Failed;
use lab_harness::history::{History, name_of};
use std::collections::BTreeMap;
use windtunnel::check::models::{Kv, KvAnswer, KvAsk};
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

const MAYBE: &str = "The contract, PutError::Maybe: the request was sent again, and was refused for its version.";

/// What is known of all operations so far.
#[derive(Debug)]
pub struct Operations {
    history: History<Kv, Open>,
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
    /// Whether the server has refused it for its version, at least once.
    refused: bool,
}

impl Default for Operations {
    fn default() -> Self {
        Operations { history: History::new(&Kv), tally: BTreeMap::new() }
    }
}

impl Operations {
    /// How the operations of a node ended.
    #[must_use]
    pub fn tally(&self, node: NodeId) -> Tally {
        self.tally.get(&node).copied().unwrap_or_default()
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
            Asked::Get { key } => KvAsk::Get(key.as_str().into()),
            Asked::Put { key, value, version } => KvAsk::Put(key.as_str().into(), name_of(value).into(), version.0),
        };
        self.history.called(moment, node, call, input, Open { asked, refused: false })
    }

    /// The server answers a put.
    pub fn answered(&mut self, answered: &Answered) {
        if answered.answer != Err(PutRefused::Version) {
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

    /// A clerk has answered.
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
                format!("Maybe {} was done, says its clerk, and the server has never refused it.", words(&open.asked));
            return Err(Failed::new("needless-maybe", title).from_source(MAYBE).on([node]));
        }
        if matches!((&open.asked, &told), (Asked::Get { .. }, Told::Put(_)) | (Asked::Put { .. }, Told::Got(_))) {
            let title = format!("{node} shows an answer that is none to {}.", words(&open.asked));
            return Err(Failed::new("own-observations", title).on([node]));
        }
        self.history.returned(moment, node, call, output(&told)).map_err(|mut failed| {
            failed.nodes.insert(0, SERVER); // beside whose operations contradict one another
            failed
        })
    }
}

/// What the model is told of an answer; nothing if it says nothing.
fn output(told: &Told) -> Option<KvAnswer> {
    Some(match told {
        Told::Put(Err(PutError::Maybe)) => return None,
        Told::Got(Ok(Versioned { value, version })) => KvAnswer::Found(name_of(value).into(), version.0),
        Told::Got(Err(GetError::NoKey)) | Told::Put(Err(PutError::NoKey)) => KvAnswer::NoKey,
        Told::Put(Ok(())) => KvAnswer::Done,
        Told::Put(Err(PutError::Version)) => KvAnswer::OtherVersion,
    })
}

/// An operation, in words.
fn words(asked: &Asked) -> String {
    match asked {
        Asked::Get { key } => format!("a get of {key:?}"),
        Asked::Put { key, version: Version(version), .. } => format!("a put of version {version} of {key:?}"),
    }
}

#[cfg(test)]
mod tests;
