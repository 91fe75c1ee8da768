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
use crate::observation::{
    ACQUIRED, ANSWERED, CALLED, Called, LAPSED, RELEASED, RETURNED, Returned, SHOWN, WANTED, Wanted,
};
use lab_harness::failed::Failed;
use lab_harness::history::LINEARIZABILITY;
use lab_harness::judge::{Interest, Judge, decoded};
use lab_harness::ledger::Ledger;
use lab_harness::operations::Asked;
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

    /// Answers that no order explains are the server's as well as the clients', and it has its column in the story.
    fn blamed(&self, failed: Failed) -> Failed {
        if failed.rule == LINEARIZABILITY { failed.on([SERVER]) } else { failed }
    }

    fn take(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed> {
        match kind {
            CALLED => {
                let Called { call, asked } = decoded(node, kind, body)?;
                self.operations.called(moment, node, call, asked)?;
            }
            ANSWERED => self.operations.answered(&decoded(node, kind, body)?),
            RETURNED => {
                let Returned { call, told } = decoded(node, kind, body)?;
                self.operations.returned(moment, node, call, &told).map_err(|failed| self.blamed(failed))?;
            }
            WANTED => {
                let Wanted { lock } = decoded(node, kind, body)?;
                self.turns.want(&lock, node);
            }
            ACQUIRED => self.turns.take(moment, node, &decoded(node, kind, body)?)?,
            LAPSED | RELEASED => self.turns.over(&decoded(node, kind, body)?),
            SHOWN => self.turns.shown(node, &decoded(node, kind, body)?)?,
            _ => return Ok(Interest::None),
        }
        Ok(if matches!(kind, CALLED | ANSWERED | WANTED) { Interest::None } else { Interest::Changed })
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
                self.operations.died(moment, node).map_err(|failed| self.blamed(failed))?;
                self.turns.died(node);
            }
            Lifecycle::Paused => self.turns.paused(node),
            Lifecycle::Started(_) | Lifecycle::Resumed => {}
        }
        Ok(Interest::Changed)
    }

    fn write_down(&mut self, ledger: Ledger) {
        self.operations.write_down(ledger);
    }

    fn over(&mut self) -> Result<(), Failed> {
        self.operations.over().map_err(|failed| self.blamed(failed))
    }

    fn has_history(&self) -> bool {
        !self.operations.is_empty()
    }

    fn asked(&self) -> Option<Asked> {
        self.operations.asked()
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
    use crate::contract::{GetError, PutError, Version, Versioned};
    use crate::observation::{Asked, Told};
    use serde::Serialize;
    use windtunnel::check::linearizability::Online;
    use windtunnel::check::models::Kv;
    use windtunnel::{EventNumber, Nanos};

    const MOMENT: Moment = Moment { at: Nanos(1), event: EventNumber(1) };

    fn told<T: Serialize>(judge: &mut KvJudge, node: NodeId, kind: &str, what: &T) -> Result<Interest, Failed> {
        let body = postcard::to_stdvec(what).expect("observations are plain data");
        judge.observed(MOMENT, node, kind, &body)
    }

    fn shows<T: Serialize>(judge: &mut KvJudge, node: NodeId, kind: &str, what: &T) {
        told(judge, node, kind, what).expect("nothing is settled yet");
    }

    #[test]
    fn a_wrong_answer_behind_a_call_that_never_ends_is_found() {
        let (writer, reader, key) = (NodeId(2), NodeId(3), || "k".to_owned());
        for (value, is_right) in [("a", true), ("b", false)] {
            let mut judge = KvJudge::default();
            let asked = Asked::Put { key: key(), value: "a".to_owned(), version: Version(0) };
            shows(&mut judge, writer, CALLED, &Called { call: 1, asked });
            shows(&mut judge, reader, CALLED, &Called { call: 1, asked: Asked::Get { key: key() } });
            let told = Told::Got(Ok(Versioned { value: value.to_owned(), version: Version(1) }));
            let answered = self::told(&mut judge, reader, RETURNED, &Returned { call: 1, told }).map(drop);
            let over = answered.and_then(|()| judge.over()).map_err(|failed| failed.rule);
            assert_eq!(over, if is_right { Ok(()) } else { Err(LINEARIZABILITY) });
        }
    }

    const WRITER: NodeId = NodeId(2);
    const READER: NodeId = NodeId(3);

    /// A put is called, and whoever reads meanwhile is told of a value that nobody put, after so much that not every answer is looked at when it comes.
    fn found_what_nobody_put() -> KvJudge {
        let (mut judge, key) = (KvJudge::default(), || "k".to_owned());
        let asked = Asked::Put { key: key(), value: "a".to_owned(), version: Version(0) };
        shows(&mut judge, WRITER, CALLED, &Called { call: 1, asked });
        let right = Online::<Kv>::LITTLE as u64 / 2 + 1;
        for call in 1..=right + 1 {
            let found = Versioned { value: "b".to_owned(), version: Version(1) };
            let told = Told::Got(if call > right { Ok(found) } else { Err(GetError::NoKey) });
            shows(&mut judge, READER, CALLED, &Called { call, asked: Asked::Get { key: key() } });
            shows(&mut judge, READER, RETURNED, &Returned { call, told });
        }
        judge
    }

    #[test]
    fn the_server_is_in_the_story_of_answers_that_no_order_explains_however_that_shows() {
        type End = fn(&mut KvJudge) -> Result<(), Failed>;
        let ends: [End; 3] = [
            |judge| told(judge, WRITER, RETURNED, &Returned { call: 1, told: Told::Put(Ok(())) }).map(drop),
            |judge| judge.lifecycle(MOMENT, WRITER, Lifecycle::Killed).map(drop),
            KvJudge::over,
        ];
        for end in ends {
            let failed = end(&mut found_what_nobody_put()).expect_err("nobody put it");
            assert_eq!((failed.rule, failed.nodes.contains(&SERVER)), (LINEARIZABILITY, true), "{failed:?}");
        }
    }

    #[test]
    fn the_server_is_not_in_the_story_of_what_a_clerk_alone_did() {
        let answers = [
            (Told::Put(Err(PutError::Maybe)), "needless-maybe"),
            (Told::Got(Err(GetError::NoKey)), "own-observations"),
        ];
        for (answer, rule) in answers {
            let mut judge = KvJudge::default();
            let asked = Asked::Put { key: "k".to_owned(), value: "a".to_owned(), version: Version(0) };
            shows(&mut judge, WRITER, CALLED, &Called { call: 1, asked });
            let failed = told(&mut judge, WRITER, RETURNED, &Returned { call: 1, told: answer });
            let failed = failed.expect_err("no server has answered it");
            assert_eq!((failed.rule, failed.nodes), (rule, vec![WRITER]));
        }
    }

    #[test]
    fn who_wants_a_lock_in_vain_counts_in_what_is_told_of_turns() {
        let mut judge = KvJudge::default();
        shows(&mut judge, READER, WANTED, &Wanted { lock: "l".to_owned() });
        assert_eq!(judge.counted().get("fewest of a client"), Some(&0));
    }
}
