//! Who watches a run: every operation of every client, and who holds which lock.
//!
//! - [`Operations`]: which client asked what and was told what, and whether any order explains all answers;
//! - [`Turns`]: who holds which lock, as what, and until when;
//! - `narrator`: the same in a few words, for stories.

mod narrator;
mod operations;
mod turns;

pub use operations::{Operations, Tally};
pub use turns::Turns;

use crate::node::SERVER;
use crate::observation::{ACQUIRED, ANSWERED, CALLED, LAPSED, RELEASED, RETURNED, SHOWN};
use lab_harness::failed::Failed;
use lab_harness::judge::{Interest, Judge};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use windtunnel::NodeId;
use windtunnel::world::{Lifecycle, Moment};

/// The judge of a run.
#[derive(Debug, Default)]
pub struct KvJudge {
    operations: Operations,
    turns: Turns,
}

impl KvJudge {
    /// All operations.
    #[must_use]
    pub const fn operations(&self) -> &Operations {
        &self.operations
    }

    /// All turns with locks.
    #[must_use]
    pub const fn turns(&self) -> &Turns {
        &self.turns
    }

    fn take(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed> {
        match kind {
            CALLED => self.operations.called(moment, node, decoded(node, kind, body)?)?,
            ANSWERED => self.operations.answered(&decoded(node, kind, body)?),
            RETURNED => self.operations.returned(moment, node, decoded(node, kind, body)?)?,
            ACQUIRED => self.turns.take(moment, node, &decoded(node, kind, body)?)?,
            LAPSED | RELEASED => self.turns.over(&decoded(node, kind, body)?),
            SHOWN => self.turns.shown(node, &decoded(node, kind, body)?)?,
            _ => return Ok(Interest::None),
        }
        Ok(if matches!(kind, CALLED | ANSWERED) { Interest::None } else { Interest::Changed })
    }
}

fn decoded<T: DeserializeOwned>(node: NodeId, kind: &str, body: &[u8]) -> Result<T, Failed> {
    let dishonest =
        || Failed::new("own-observations", format!("{node} shows a `{kind}` that is none of the lab's.")).on([node]);
    postcard::from_bytes(body).map_err(|_| dishonest())
}

impl Judge for KvJudge {
    fn new(_nodes: u32) -> Self {
        KvJudge::default()
    }

    fn observed(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed> {
        self.take(moment, node, kind, body)
    }

    fn lifecycle(&mut self, moment: Moment, node: NodeId, what: Lifecycle) -> Result<Interest, Failed> {
        match what {
            Lifecycle::Killed | Lifecycle::PowerLost | Lifecycle::Stopped => {
                self.operations.died(moment, node)?;
                self.turns.died(node);
            }
            Lifecycle::Paused => self.turns.paused(node),
            Lifecycle::Started(_) | Lifecycle::Resumed => {}
        }
        Ok(Interest::Changed)
    }

    fn counted(&self) -> BTreeMap<String, u64> {
        self.turns.counted()
    }

    /// The server: faults that strike the leader strike it, those that strike a follower strike a clerk.
    fn leader(&self) -> Option<NodeId> {
        Some(SERVER)
    }

    fn narrate(&mut self, node: NodeId, kind: &str, body: &[u8]) -> Option<String> {
        narrator::tell(node, kind, body)
    }
}
