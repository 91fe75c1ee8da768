//! Who watches a run: every operation of every client, and who holds which lock.
//!
//! - [`Operations`]: which client asked what and was told what, and whether any order explains all answers;
//! - [`Turns`]: who holds which lock, as what, and until when;
//! - `narrator`: the same in a few words, for stories.

mod narrator;
mod operations;
mod turns;

pub use operations::{Operations, Service};
pub use turns::Turns;

use crate::node::SERVER;
use crate::observation::{ACQUIRED, ANSWERED, Answered, CALLED, Called, LAPSED, RELEASED, RETURNED, Returned, SHOWN};
use lab_harness::failed::Failed;
use lab_harness::judge::{Interest, Judge, decoded};
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
            CALLED => {
                let Called { call, asked } = decoded(node, kind, body)?;
                self.operations.called(moment, node, call, asked)?;
            }
            ANSWERED => {
                let answered: Answered = decoded(node, kind, body)?;
                if answered.is_refusal() {
                    self.operations.refused(answered.from, &answered.key, answered.version.0);
                }
            }
            RETURNED => {
                let Returned { call, told } = decoded(node, kind, body)?;
                self.operations.returned(moment, node, call, &told).map_err(|failed| failed.on([SERVER]))?;
            }
            ACQUIRED => self.turns.take(moment, node, &decoded(node, kind, body)?)?,
            LAPSED | RELEASED => self.turns.over(&decoded(node, kind, body)?),
            SHOWN => self.turns.shown(node, &decoded(node, kind, body)?)?,
            _ => return Ok(Interest::None),
        }
        Ok(if matches!(kind, CALLED | ANSWERED) { Interest::None } else { Interest::Changed })
    }
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

    fn over(&mut self) -> Result<(), Failed> {
        self.operations.over()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Version, Versioned};
    use crate::observation::{Asked, Told};
    use lab_harness::history::LINEARIZABILITY;
    use serde::Serialize;
    use windtunnel::{EventNumber, Nanos};

    fn shows<T: Serialize>(judge: &mut KvJudge, node: NodeId, kind: &str, what: &T) {
        let body = postcard::to_stdvec(what).expect("observations are plain data");
        let moment = Moment { at: Nanos(1), event: EventNumber(1) };
        judge.observed(moment, node, kind, &body).expect("nothing is settled yet");
    }

    #[test]
    fn a_wrong_answer_behind_a_call_that_never_ends_is_found_when_the_run_is_over() {
        let (writer, reader, key) = (NodeId(2), NodeId(3), || "k".to_owned());
        for (value, is_right) in [("a", true), ("b", false)] {
            let mut judge = KvJudge::default();
            let asked = Asked::Put { key: key(), value: "a".to_owned(), version: Version(0) };
            shows(&mut judge, writer, CALLED, &Called { call: 1, asked });
            shows(&mut judge, reader, CALLED, &Called { call: 1, asked: Asked::Get { key: key() } });
            let told = Told::Got(Ok(Versioned { value: value.to_owned(), version: Version(1) }));
            shows(&mut judge, reader, RETURNED, &Returned { call: 1, told });
            let over = judge.over().map_err(|failed| failed.rule);
            assert_eq!(over, if is_right { Ok(()) } else { Err(LINEARIZABILITY) });
        }
    }
}
