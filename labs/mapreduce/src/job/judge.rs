//! Looks on while a job is done, and keeps no bytes: how far it is, and who has died of what.

use crate::contract::{JobId, Report, Status, Task};
use crate::node::COORDINATOR;
use crate::observation::{BEGUN, Begun, DIED, DOOMED, Died, Ended, FINISHED, GIVEN_UP, STATUS};
use lab_harness::failed::Failed;
use lab_harness::judge::{Interest, Judge, decoded};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::NodeId;
use windtunnel::world::{Lifecycle, Moment};

/// Who looks on.
#[derive(Debug, Default)]
pub struct Onlooker {
    /// What runs, by node and number.
    running: BTreeMap<(NodeId, u64), Task>,
    /// How far the job has come: this goes up when a task is finished that never was before, and when a record kills that never did.
    /// So there is an end to it, also in a submission that does the same again and again.
    steps: u64,
    finished: BTreeSet<Task>,
    deaths: BTreeMap<(Task, u64), String>,
    status: Option<Status>,
    doomed: RefCell<Vec<NodeId>>,
}

impl Onlooker {
    /// How far the job has come.
    pub const fn steps(&self) -> u64 {
        self.steps
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
                let Begun { attempt, task, .. } = decoded(node, kind, body)?;
                self.running.insert((node, attempt), task);
                Interest::None
            }
            FINISHED => {
                let Ended { attempt } = decoded(node, kind, body)?;
                let task = self.running.remove(&(node, attempt));
                let is_new = task.is_some_and(|task| self.finished.insert(task));
                self.step(is_new)
            }
            GIVEN_UP => {
                let Ended { attempt } = decoded(node, kind, body)?;
                self.running.remove(&(node, attempt));
                Interest::None
            }
            DIED => {
                let Died { attempt, record, why } = decoded(node, kind, body)?;
                let task = self.running.get(&(node, attempt)).copied();
                let is_new = task.is_some_and(|task| self.deaths.insert((task, record), why).is_none());
                self.step(is_new)
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
        if matches!(what, Lifecycle::Started(_)) {
            self.running.retain(|(of, _), _| *of != node);
        }
        Ok(Interest::None)
    }
}
