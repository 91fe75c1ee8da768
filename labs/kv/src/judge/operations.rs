//! All operations of all clients: what was asked, what was told, and whether that can be.

use super::linearizable::Linearizable;
use crate::contract::{PutError, PutRefused, Version};
use crate::observation::{Answered, Asked, Called, Returned, Told};
use lab_harness::failed::Failed;
use std::collections::BTreeMap;
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

const MAYBE: &str = "The contract, PutError::Maybe: the request was sent again, and was refused for its version.";

/// What is known of all operations so far.
#[derive(Debug, Default)]
pub struct Operations {
    calls: u64,
    open: BTreeMap<(NodeId, u64), Open>,
    tally: BTreeMap<NodeId, Tally>,
    check: Linearizable,
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
    number: u64,
    asked: Asked,
    called: Nanos,
    /// Whether the server has refused it for its version, at least once.
    refused: bool,
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
        let ((node, _), oldest) = self.open.iter().min_by_key(|(_, open)| open.number)?;
        Some((format!("{} of {node}", words(&oldest.asked)), oldest.called))
    }

    /// A client calls.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn called(&mut self, moment: Moment, node: NodeId, Called { call, asked }: Called) -> Result<(), Failed> {
        self.calls += 1;
        self.check.called(self.calls, node, &asked, moment.at)?;
        self.open.insert((node, call), Open { number: self.calls, asked, called: moment.at, refused: false });
        Ok(())
    }

    /// The server answers a put.
    pub fn answered(&mut self, answered: &Answered) {
        if answered.answer != Err(PutRefused::Version) {
            return;
        }
        for ((node, _), open) in &mut self.open {
            let Asked::Put { key, version, .. } = &open.asked else { continue };
            open.refused |= (*node, key, *version) == (answered.from, &answered.key, answered.version);
        }
    }

    /// A node has died, and its clients with it: what they had asked may have happened, or may happen yet.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn died(&mut self, moment: Moment, node: NodeId) -> Result<(), Failed> {
        let lost: Vec<u64> = self.open.range((node, 0)..=(node, u64::MAX)).map(|(_, open)| open.number).collect();
        self.open.retain(|(of, _), _| *of != node);
        lost.into_iter().try_for_each(|number| self.check.unknown(number, moment.at))
    }

    /// A clerk has answered.
    ///
    /// # Errors
    /// If that cannot be.
    pub fn returned(&mut self, moment: Moment, node: NodeId, Returned { call, told }: Returned) -> Result<(), Failed> {
        let Some(open) = self.open.remove(&(node, call)) else { return Ok(()) };
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
        self.check.returned(open.number, &told, moment.at)
    }
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
