//! Who watches a run for a lab: sees what nodes show, and checks the lab's rules while it goes on.

use crate::failed::Failed;
use crate::ledger::Ledger;
use crate::operations::Asked;
pub use crate::story::Run;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use windtunnel::NodeId;
use windtunnel::world::{Lifecycle, Moment};

/// Whether what was seen may be what a test body waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// No test body waits for such a thing.
    None,
    /// Something changed: whoever waits looks again.
    Changed,
}

/// How a node stands, in a lab whose nodes agree on a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `leader`, `follower`, `down`, ….
    pub role: String,
    /// Its term.
    pub term: u64,
    /// How much of its log is committed.
    pub commit: u64,
    /// How much of it its state machine has.
    pub applied: u64,
}

/// What an observation of that kind says.
///
/// # Errors
/// `own-observations` if it is none of the lab's: lab code has shown it in the lab's name.
pub fn decoded<T: DeserializeOwned>(node: NodeId, kind: &str, body: &[u8]) -> Result<T, Failed> {
    let dishonest =
        || Failed::new("own-observations", format!("{node} shows a `{kind}` that is none of the lab's.")).on([node]);
    postcard::from_bytes(body).map_err(|_| dishonest())
}

/// What a lab knows of a run while it goes on. There is one for each run, shared with the test body.
pub trait Judge: 'static {
    /// A judge for a run of so many nodes, those of clients not counted.
    fn new(nodes: u32) -> Self;

    /// A node showed something.
    ///
    /// # Errors
    /// With the rule that it breaks. The run ends at this event.
    fn observed(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed>;

    /// A node is about to look at a request or an answer of another one's. What it says is the submission's own.
    fn delivered(&mut self, from: NodeId, to: NodeId) {
        let _ = (from, to);
    }

    /// The run is one in which nobody says what is delivered: a flight.
    fn hears_of_no_deliveries(&mut self) {}

    /// Something happened to a node from outside.
    ///
    /// # Errors
    /// With the rule that it breaks.
    fn lifecycle(&mut self, moment: Moment, node: NodeId, what: Lifecycle) -> Result<Interest, Failed> {
        let _ = (moment, node, what);
        Ok(Interest::None)
    }

    /// The run is over, and nothing that was seen broke a rule: the last word, on what could not be judged before. It is asked
    /// for whether the test passed or not. It counts if the test passed; in flight also if that only missed a bound.
    ///
    /// # Errors
    /// With the rule that was broken.
    fn over(&mut self) -> Result<(), Failed> {
        Ok(())
    }

    /// Whether clients' operations were judged by their order, and there were some: who passes is linearizable then.
    fn has_history(&self) -> bool {
        false
    }

    /// How many operations clients have asked for so far, where they are judged so; nothing if there were none.
    fn asked(&self) -> Option<Asked> {
        None
    }

    /// Clients' operations are to be written down there, in a lab that has some.
    fn write_down(&mut self, ledger: Ledger) {
        drop(ledger);
    }

    /// The node that leads, for faults that strike the leader.
    fn leader(&self) -> Option<NodeId> {
        None
    }

    /// What is worth telling of a run that passes too, by name: how many turns everybody had, say.
    fn counted(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }

    /// How often another node has come to lead than the one before.
    fn changes_of_leader(&self) -> u64 {
        0
    }

    /// What is known of a node, for who looks on: its role, its term, and how much of its log is committed and applied.
    fn standing(&self, node: NodeId) -> Option<Standing> {
        let _ = node;
        None
    }

    /// What an observation says, in a few words for the column of its node; `None` to leave it out
    /// of stories. Called in order, on a judge of its own, when a story is told.
    fn narrate(&mut self, node: NodeId, kind: &str, body: &[u8]) -> Option<String> {
        let _ = (node, kind, body);
        None
    }

    /// The numbers in a narrated text that the next text of its kind goes on from, so that stories tell
    /// both as one: `log 4 of term 1`, `log 5 of term 1`. `None` where each text counts.
    #[must_use]
    fn run(text: &str) -> Option<Run>
    where
        Self: Sized,
    {
        let _ = text;
        None
    }
}
