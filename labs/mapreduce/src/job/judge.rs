//! Looks on while a job is done, and keeps no bytes: how far it is, what can be counted, and who has died of what.

use super::tally::Tally;
use crate::contract::{JobId, Report, Status, Task};
use crate::node::COORDINATOR;
use crate::observation::{
    BEGUN, Begun, DIED, DOOMED, Died, Ended, FINISHED, Finished, GIVEN_UP, STATUS, UNCOMBINED, Uncombined,
};
use lab_harness::failed::Failed;
use lab_harness::judge::{Interest, Judge, decoded};
use std::cell::RefCell;
use std::collections::BTreeMap;
use windtunnel::NodeId;
use windtunnel::world::{Lifecycle, Moment};

/// Who looks on.
#[derive(Debug, Default)]
pub struct Onlooker {
    tally: Tally,
    /// How far the job has come: this goes up when a task is finished that never was before, and when a record kills that never did.
    /// So there is an end to it, also in a submission that does the same again and again.
    steps: u64,
    deaths: BTreeMap<(Task, u64), String>,
    uncombined: Option<String>,
    status: Option<Status>,
    doomed: RefCell<Vec<NodeId>>,
}

impl Onlooker {
    /// How far the job has come.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// What was counted.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How a job has ended, if it has.
    pub fn end(&self, job: JobId) -> Option<Result<Report, String>> {
        match &self.status {
            Some(Status::Done { job: ended, report }) if *ended == job => Some(Ok(report.clone())),
            Some(Status::Failed { job: ended, why }) if *ended == job => Some(Err(why.clone())),
            _ => None,
        }
    }

    /// The application's last words.
    pub fn last_words(&self, task: Task, record: u64) -> Option<String> {
        self.deaths.get(&(task, record)).cloned()
    }

    /// What the application said first when it died while it combined.
    pub fn uncombined(&self) -> Option<String> {
        self.uncombined.clone()
    }

    /// Nodes whose application takes their process with it, once.
    pub fn take_doomed(&self) -> Vec<NodeId> {
        self.doomed.take()
    }

    fn step(&mut self, is_new: bool) -> Interest {
        self.steps += u64::from(is_new);
        if is_new { Interest::Changed } else { Interest::None }
    }
}

impl Judge for Onlooker {
    fn new(_: u32) -> Self {
        Onlooker::default()
    }

    fn observed(&mut self, _: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed> {
        Ok(match kind {
            BEGUN => {
                let begun: Begun = decoded(node, kind, body)?;
                self.tally.begun(node, &begun);
                Interest::None
            }
            FINISHED => {
                let is_new = self.tally.finished(node, decoded::<Finished>(node, kind, body)?);
                self.step(is_new)
            }
            GIVEN_UP => {
                let Ended { attempt } = decoded(node, kind, body)?;
                self.tally.given_up(node, attempt);
                Interest::None
            }
            DIED => {
                let Died { attempt, record, why } = decoded(node, kind, body)?;
                let task = self.tally.task(node, attempt);
                let is_new = task.is_some_and(|task| self.deaths.insert((task, record), why).is_none());
                self.step(is_new)
            }
            UNCOMBINED => {
                let Uncombined { why, .. } = decoded(node, kind, body)?;
                self.uncombined.get_or_insert(why);
                Interest::None
            }
            DOOMED => {
                self.doomed.get_mut().push(node);
                Interest::Changed
            }
            STATUS => {
                self.status = Some(decoded(node, kind, body)?);
                Interest::Changed
            }
            _ => Interest::None,
        })
    }

    fn leader(&self) -> Option<NodeId> {
        Some(COORDINATOR)
    }

    fn lifecycle(&mut self, _: Moment, node: NodeId, what: Lifecycle) -> Result<Interest, Failed> {
        if !matches!(what, Lifecycle::Paused | Lifecycle::Resumed) {
            self.tally.gone(node);
        }
        Ok(Interest::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Counters, Skipped};
    use serde::Serialize;
    use windtunnel::{EventNumber, Nanos};

    const MAP: Task = Task::Map(0);
    const WORKERS: [NodeId; 2] = [NodeId(2), NodeId(3)];

    fn see(looks_on: &mut Onlooker, node: NodeId, kind: &str, what: &impl Serialize) {
        let moment = Moment { at: Nanos::ZERO, event: EventNumber(1) };
        let body = postcard::to_stdvec(what).expect("it is plain data");
        assert!(looks_on.observed(moment, node, kind, &body).is_ok(), "{kind}");
    }

    fn begins(looks_on: &mut Onlooker, node: NodeId, attempt: u64, task: Task) {
        see(looks_on, node, BEGUN, &Begun { attempt, job: JobId(1), task, skip: vec![7] });
    }

    fn finishes(looks_on: &mut Onlooker, node: NodeId, attempt: u64) {
        see(looks_on, node, FINISHED, &Finished { attempt, calls: 3, pairs: 5, skipped: vec![7] });
    }

    fn happens(looks_on: &mut Onlooker, node: NodeId, what: Lifecycle) {
        let moment = Moment { at: Nanos::ZERO, event: EventNumber(1) };
        assert!(looks_on.lifecycle(moment, node, what).is_ok());
    }

    /// Two workers at one task, one of which finishes it; who has its result dies, and it is done again.
    fn seen() -> Onlooker {
        let mut looks_on = Onlooker::default();
        let [one, other] = WORKERS;
        begins(&mut looks_on, one, 1, MAP);
        begins(&mut looks_on, other, 1, MAP);
        finishes(&mut looks_on, one, 1);
        see(&mut looks_on, other, GIVEN_UP, &Ended { attempt: 1 });
        happens(&mut looks_on, one, Lifecycle::Killed);
        begins(&mut looks_on, other, 2, MAP);
        finishes(&mut looks_on, other, 2);
        looks_on
    }

    fn counts(looks_on: &Onlooker) -> [u64; 5] {
        let tally = looks_on.tally();
        [tally.attempts, tally.reruns, tally.backups, tally.records(), tally.pairs()]
    }

    #[test]
    fn what_is_done_again_counts_again_and_its_result_once() {
        assert_eq!(counts(&seen()), [3, 1, 1, 3, 5]);
        assert_eq!(seen().tally().skipped(), [Skipped { task: MAP, record: 7 }]);
    }

    #[test]
    fn a_coordinator_that_starts_again_or_lies_moves_no_count() {
        let mut looks_on = seen();
        happens(&mut looks_on, COORDINATOR, Lifecycle::PowerLost);
        let counters =
            Counters { records: 99, pairs: 99, attempts: 99, reruns: 99, backups: 99, ..Counters::default() };
        let report = Report { counters, skipped: Vec::new() };
        see(&mut looks_on, COORDINATOR, STATUS, &Status::Done { job: JobId(1), report });
        assert!(looks_on.end(JobId(1)).is_some_and(|end| end.is_ok()));
        assert_eq!(counts(&looks_on), [3, 1, 1, 3, 5]);
        assert_eq!(looks_on.tally().skipped().len(), 1);
    }

    #[test]
    fn what_a_dead_worker_was_at_is_no_rerun_and_nobody_is_beside_it() {
        let mut looks_on = Onlooker::default();
        let [one, other] = WORKERS;
        begins(&mut looks_on, one, 1, MAP);
        happens(&mut looks_on, one, Lifecycle::PowerLost);
        begins(&mut looks_on, other, 1, MAP);
        assert_eq!(counts(&looks_on)[..3], [2, 0, 0]);
    }
}
