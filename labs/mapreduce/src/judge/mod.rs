//! Who watches a run: what comes into the store, which attempts are made, and when the coordinator calls a job done.
//!
//! - `outputs`: what is put is what it must be, and all is there at the end, and told as it was;
//! - `tasks`: no task is done again without need, and none after the end;
//! - `records`: what an application dies of is skipped, and nothing else;
//! - [`Attempts`]: who was at what, from when to when; [`Doubts`]: which workers may be given up;
//! - `narrator`: the same in a few words, for stories.

mod attempts;
mod doubts;
mod narrator;
mod outputs;
mod records;
mod tasks;

pub use attempts::{AttemptSeen, Attempts, End};
pub use doubts::{Doubts, Trust};
pub use records::Death;

use crate::contract::{Job, JobId, Status};
use crate::node::COORDINATOR;
use crate::observation::{
    BEGUN, Begun, DELETED, DIED, DOOMED, Deleted, Died, Ended, FINISHED, Finished, GIVEN_UP, REFUSED, STATUS, STORED,
    SUBMITTED, Stored,
};
use crate::sequential::{Impossible, Output};
use lab_harness::failed::Failed;
use lab_harness::judge::{Interest, Judge, decoded};
use outputs::Outputs;
use records::Records;
use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use tasks::Tasks;
use windtunnel::world::{Lifecycle, Moment};
use windtunnel::{Nanos, NodeId};

/// The judge of a run.
#[derive(Debug)]
pub struct MapReduceJudge {
    store: NodeId,
    /// What the coordinator was asked to do since it took the job at hand; it may refuse.
    asked: Vec<Job>,
    last_expected: RefCell<Option<Job>>,
    job: Option<Job>,
    status: Option<Status>,
    outputs: RefCell<Outputs>,
    attempts: Attempts,
    tasks: Tasks,
    records: Records,
    doubts: RefCell<Doubts>,
    doomed: RefCell<Vec<NodeId>>,
    scenes: Cell<Option<u64>>,
}

impl MapReduceJudge {
    /// The job at hand, or the last one.
    #[must_use]
    pub const fn job(&self) -> Option<&Job> {
        self.job.as_ref()
    }

    /// The last job of which [`expect`](MapReduceJudge::expect) was told, whether or not the coordinator has heard of it.
    #[must_use]
    pub fn last_expected(&self) -> Option<Job> {
        self.last_expected.borrow().clone()
    }

    /// What the coordinator said last, when it began or ended a job.
    #[must_use]
    pub const fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// All attempts.
    #[must_use]
    pub const fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// Says what a job, which is about to be submitted, must give.
    pub fn expect(&self, job: &Job, expected: Result<Output, Impossible>) {
        self.outputs.borrow_mut().expect(job.id, expected);
        self.last_expected.replace(Some(job.clone()));
    }

    /// How the application has died in the job at hand.
    #[must_use]
    pub fn deaths(&self) -> &[Death] {
        self.records.deaths()
    }

    /// Which of all parts are in the store.
    #[must_use]
    pub fn parts_stored(&self) -> usize {
        self.outputs.borrow().stored()
    }

    /// Which workers may be given up by now.
    #[must_use]
    pub fn doubts(&self) -> Ref<'_, Doubts> {
        self.doubts.borrow()
    }

    /// A worker is not to be reached, or its disk is not to be trusted: what it has done may be done again.
    pub fn doubt(&self, now: Nanos, node: NodeId) {
        self.doubts.borrow_mut().begin(now, node);
    }

    /// All is well with a node again. What it has finished meanwhile may be unknown to the coordinator all the same.
    pub fn trust(&self, now: Nanos, node: NodeId) {
        self.doubts.borrow_mut().end(now, node);
    }

    /// From now on everybody is in doubt: links are cut and messages lost, and nobody tells of it.
    pub fn doubt_everybody(&self, now: Nanos) {
        self.doubts.borrow_mut().begin_storm(now);
    }

    /// The storm is over, and whoever was given up in it is known again.
    pub fn trust_everybody(&self, now: Nanos) {
        self.doubts.borrow_mut().end_storm(now);
    }

    /// Nodes whose application takes their process with it, once.
    pub fn take_doomed(&self) -> Vec<NodeId> {
        self.doomed.take()
    }

    /// A test body has tried to strike in the midst of something, and says whether it did.
    pub fn note_scene(&self, came_about: bool) {
        self.scenes.set(Some(self.scenes.get().unwrap_or_default() + u64::from(came_about)));
    }

    fn take(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed> {
        self.is_from_its_node(node, kind)?;
        match kind {
            STORED => {
                let stored: Stored = decoded(node, kind, body)?;
                self.outputs.get_mut().stored_now(self.job.as_ref(), &stored)?;
            }
            REFUSED => {
                let refused: Stored = decoded(node, kind, body)?;
                self.outputs.get_mut().refused(self.job.as_ref(), &refused)?;
            }
            DELETED => {
                let deleted: Deleted = decoded(node, kind, body)?;
                self.outputs.get_mut().deleted(&deleted)?;
            }
            SUBMITTED => {
                let job: Job = decoded(node, kind, body)?;
                self.asked.retain(|asked| asked.id != job.id);
                self.asked.push(job);
            }
            STATUS => self.said(moment, node, decoded(node, kind, body)?)?,
            BEGUN => {
                let begun: Begun = decoded(node, kind, body)?;
                self.records.begun(node, &begun, self.doubts.get_mut())?;
                self.tasks.begun(moment, node, &begun, self.doubts.get_mut())?;
                self.attempts.begun(moment, node, &begun);
            }
            FINISHED => {
                let Finished { attempt, .. } = decoded(node, kind, body)?;
                if let Some(seen) = self.attempts.ended(moment, node, attempt, End::Finished) {
                    self.tasks.finished(moment, node, seen, self.doubts.get_mut());
                }
            }
            GIVEN_UP => {
                let Ended { attempt } = decoded(node, kind, body)?;
                self.attempts.ended(moment, node, attempt, End::GivenUp);
            }
            DIED => {
                let died: Died = decoded(node, kind, body)?;
                if let Some(seen) = self.attempts.running(node, died.attempt) {
                    self.records.died(moment, seen, died.record, self.doubts.get_mut());
                }
            }
            DOOMED => self.doomed.get_mut().push(node),
            _ => return Ok(Interest::None),
        }
        Ok(Interest::Changed)
    }

    /// What is in the store only the store can tell, and what becomes of a job only the coordinator: lab code can show anything.
    fn is_from_its_node(&self, node: NodeId, kind: &str) -> Result<(), Failed> {
        let only = match kind {
            STORED | REFUSED | DELETED => self.store,
            SUBMITTED | STATUS => COORDINATOR,
            _ => return Ok(()),
        };
        if node == only {
            return Ok(());
        }
        Err(Failed::new("own-observations", format!("{node} shows a `{kind}`, which only {only} may.")).on([node]))
    }

    /// The coordinator is at a job: if it is one that it was asked to do, and no later one was taken since, it has taken that.
    fn is_at(&mut self, moment: Moment, id: JobId) {
        let Some(place) = self.asked.iter().position(|asked| asked.id == id) else { return };
        let Some(job) = self.asked.drain(..=place).next_back() else { return };
        if self.job.as_ref().is_none_or(|known| known.id != id) {
            self.outputs.get_mut().begin(id);
            self.tasks.begin(moment, id);
            self.records.begin(id);
            self.job = Some(job);
        }
    }

    /// The coordinator says something of its job.
    fn said(&mut self, moment: Moment, node: NodeId, status: Status) -> Result<(), Failed> {
        if let Status::Running { job, .. } | Status::Done { job, .. } | Status::Failed { job, .. } = &status {
            self.is_at(moment, *job);
        }
        if let (Status::Done { job: done, report }, Some(job)) = (&status, &self.job)
            && *done == job.id
        {
            self.outputs.get_mut().all_there(node, job)?;
            self.outputs.get_mut().told(node, job, report)?;
        }
        if let Status::Done { job, .. } | Status::Failed { job, .. } = &status {
            self.tasks.ended(moment, *job, self.doubts.get_mut());
        }
        self.status = Some(status);
        Ok(())
    }
}

impl Judge for MapReduceJudge {
    fn new(nodes: u32) -> Self {
        MapReduceJudge {
            store: NodeId(nodes + 1),
            asked: Vec::new(),
            last_expected: RefCell::default(),
            job: None,
            status: None,
            outputs: RefCell::default(),
            attempts: Attempts::default(),
            tasks: Tasks::default(),
            records: Records::default(),
            doubts: RefCell::default(),
            doomed: RefCell::default(),
            scenes: Cell::new(None),
        }
    }

    fn observed(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed> {
        self.take(moment, node, kind, body)
    }

    fn lifecycle(&mut self, moment: Moment, node: NodeId, what: Lifecycle) -> Result<Interest, Failed> {
        // Who does not hear of anybody may give up everybody.
        let who_stands_still = if node == COORDINATOR { NodeId::TESTER } else { node };
        let doubts = self.doubts.get_mut();
        match what {
            Lifecycle::Killed | Lifecycle::PowerLost | Lifecycle::Stopped => {
                self.attempts.died(moment, node);
                doubts.begin(moment.at, node);
            }
            Lifecycle::Paused => doubts.begin(moment.at, who_stands_still),
            Lifecycle::Started(_) => doubts.end(moment.at, node),
            Lifecycle::Resumed => doubts.end(moment.at, who_stands_still),
        }
        if !matches!(what, Lifecycle::Paused | Lifecycle::Resumed) && node == COORDINATOR {
            self.status = None;
        }
        Ok(Interest::Changed)
    }

    fn counted(&self) -> BTreeMap<String, u64> {
        let finished = self.attempts.all().iter().filter(|seen| matches!(seen.end, Some((_, End::Finished))));
        let counts = [("attempts", self.attempts.all().len() as u64), ("attempts finished", finished.count() as u64)];
        let scenes = self.scenes.get().map(|scenes| ("scenes", scenes));
        counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .chain(scenes)
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    }

    /// The coordinator: faults that strike the leader strike it, those that strike a follower strike a worker.
    fn leader(&self) -> Option<NodeId> {
        Some(COORDINATOR)
    }

    fn narrate(&mut self, node: NodeId, kind: &str, body: &[u8]) -> Option<String> {
        narrator::tell(node, kind, body)
    }
}

#[cfg(test)]
mod tests;
