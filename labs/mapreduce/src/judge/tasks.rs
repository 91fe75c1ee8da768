//! No task is done again without need, and none after the end.

use super::attempts::AttemptSeen;
use super::doubts::{Doubts, Trust};
use crate::contract::{JobId, Task};
use crate::node::COORDINATOR;
use crate::observation::Begun;
use lab_harness::failed::Failed;
use std::collections::BTreeMap;
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

const RERUN: &str = "MapReduce, section 3.3: map tasks run again when the machine that has their output has failed, \
     completed reduce tasks never.";
const END: &str = "The contract, Coordinator::status: when a job is done, no task is begun any more.";

/// Whatever was on its way when a task was finished, or the job at its end, has arrived by then.
const ON_ITS_WAY: Nanos = Nanos::from_secs(1);

/// The tasks of the job at hand.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    job: JobId,
    finished: BTreeMap<Task, Vec<Finished>>,
    /// Attempts that run: how many had finished the task when they began, if all of these had come into doubt since.
    begun: BTreeMap<(NodeId, u64), Option<usize>>,
    /// When the job was at its end, and who was in doubt.
    ended: Option<(Nanos, Doubts)>,
    /// When the jobs before it were.
    before: BTreeMap<JobId, Nanos>,
}

/// A finished attempt.
#[derive(Clone, Copy, Debug)]
struct Finished {
    node: NodeId,
    at: Nanos,
    /// Whether nobody else had finished the task, so that this is the result that counts.
    counts: bool,
    /// How its worker stood.
    trust: Trust,
}

impl Tasks {
    /// Another job is submitted.
    pub fn begin(&mut self, moment: Moment, job: JobId) {
        let mut before = std::mem::take(&mut self.before);
        before.insert(self.job, self.ended.as_ref().map_or(moment.at, |(at, _)| *at));
        *self = Tasks { job, before, ..Tasks::default() };
    }

    /// The job is at its end.
    pub fn ended(&mut self, moment: Moment, job: JobId, doubts: &Doubts) {
        if job == self.job {
            self.ended.get_or_insert_with(|| (moment.at, doubts.clone()));
        }
    }

    pub fn begun(&mut self, moment: Moment, node: NodeId, begun: &Begun, doubts: &Doubts) -> Result<(), Failed> {
        let late = |since: Nanos| moment.at > since + ON_ITS_WAY;
        let Begun { job, task, .. } = begun;
        if self.before.get(job).is_some_and(|ended| !late(*ended)) {
            return Ok(());
        }
        let is_over = self.ended.as_ref().filter(|(at, _)| late(*at));
        if *job != self.job || is_over.is_some() {
            // Who stood still, or was cut off, knows nothing of an end.
            let may_not_know = match is_over {
                Some((_, then)) if *job == self.job => !doubts.holds(node, then.trust(node)),
                _ => doubts.any(node),
            };
            if may_not_know {
                return Ok(());
            }
            let title = format!("{node} begins {task} of {job}, which is over.");
            return Err(Failed::new("task-after-the-end", title).from_source(END).on([node]));
        }
        let known = self.finished.get(task).map_or(&[][..], Vec::as_slice);
        let there = |finished: &&Finished| doubts.holds(finished.node, finished.trust);
        let needed = known.iter().find(there).is_none().then_some(known.len());
        self.begun.insert((node, begun.attempt), needed);
        let counts_and_is_there = |finished: &Finished| {
            // Of two that were finished at almost the same time the coordinator may have heard of the later one first; and of one whose
            // worker could not be reached at any time.
            let untold = |other: &Finished| doubts.any_between(other.node, other.at, other.at + ON_ITS_WAY);
            let rivals = |other: &&Finished| {
                let is_later = finished.at <= other.at;
                if is_later { other.at <= finished.at + ON_ITS_WAY } else { untold(other) }
            };
            finished.counts && known.iter().filter(rivals).all(|rival| there(&rival))
        };
        let is_kept = |finished: &Finished| match task {
            Task::Map(_) => counts_and_is_there(finished),
            Task::Reduce(_) => counts_and_is_there(finished) || is_told(finished, node, moment, doubts),
        };
        let Some(known) = known.iter().find(|known| late(known.at) && is_kept(known)) else { return Ok(()) };
        let title =
            format!("{node} begins {task}, which {} finished at {}; the result is still there.", known.node, known.at);
        Err(Failed::new("needless-rerun", title).from_source(RERUN).on([node, known.node]))
    }

    pub fn finished(&mut self, moment: Moment, node: NodeId, seen: AttemptSeen, doubts: &Doubts) {
        let needed = self.begun.remove(&(node, seen.number));
        if seen.job == self.job {
            let known = self.finished.entry(seen.task).or_default();
            let counts = needed.flatten() == Some(known.len());
            known.push(Finished { node, at: moment.at, counts, trust: doubts.trust(node) });
        }
    }
}

/// Whether the coordinator has heard of a finished task, and whoever begins it now could hear of that. What a reduce task has put stays,
/// whatever becomes of its worker.
fn is_told(finished: &Finished, node: NodeId, now: Moment, doubts: &Doubts) -> bool {
    let then = finished.at;
    let both = [finished.node, COORDINATOR];
    both.iter().all(|of| !doubts.any_between(*of, then, then + ON_ITS_WAY)) && !doubts.any_between(node, then, now.at)
}
