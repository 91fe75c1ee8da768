//! What an idle worker does next.

use super::{Core, Current};
use crate::messages::{Assignment, Order, Sources, WorkerId};
use lab_mapreduce::{Job, Task};
use std::cmp::Reverse;
use std::time::Duration;

/// Whoever takes so many percent of the time that others took is helped, when there is nothing else to do. (Section 3.6)
const TOO_LONG_PERCENT: u32 = 260;

/// And has taken so long at least.
const LONG: Duration = Duration::from_secs(1);

/// As long as no task of its kind is done, nobody knows what is long. A backup task costs a worker that has nothing to do, and no more; who is
/// waited for may hold up the job for ever. So it is what MIT's lab waits before it gives a task to another worker.
const LONG_AT_FIRST: Duration = Duration::from_secs(10);

impl Core {
    /// What an idle worker does next.
    pub(super) fn next(&mut self, now: Duration, worker: WorkerId) -> Order {
        self.workers.is_idle(worker);
        let Some(current) = self.running() else { return Order::Wait(None) };
        let job = current.job.id;
        let task = if now < self.quiet_until { None } else { self.choose(current, now, worker) };
        let Some((task, is_backup)) = task else { return Order::Wait(Some(job)) };
        self.workers.is_at(now, worker, task, Duration::ZERO);
        let current = self.job.as_mut().expect("it runs");
        let is_rerun = current.tasks.was_done(task);
        let given_out = &mut current.tasks.given_out;
        given_out.attempts += 1;
        given_out.backups += u64::from(is_backup);
        given_out.reruns += u64::from(is_rerun);
        Order::Run(Box::new(current.assignment(task)))
    }

    /// A task that nobody is at; else one that somebody is at for too long; and whether it is such a one.
    fn choose(&self, current: &Current, now: Duration, worker: WorkerId) -> Option<(Task, bool)> {
        let at_work = self.workers.at_work(now);
        let to_do = current.tasks.to_do();
        let free = to_do.iter().find(|task| !at_work.contains_key(task) && self.may_try(current, **task, worker));
        if let Some(task) = free {
            return Some((*task, false));
        }
        let takes_too_long = |task: &Task| {
            let Some((1, taken)) = at_work.get(task) else { return false };
            let usual = current.tasks.usual_time(*task);
            *taken > usual.map_or(LONG_AT_FIRST, |usual| LONG.max(usual.saturating_mul(TOO_LONG_PERCENT) / 100))
        };
        let slow = to_do.iter().filter(|task| takes_too_long(task) && self.may_try(current, **task, worker));
        slow.min_by_key(|task| Reverse(at_work.get(task).map(|(_, taken)| *taken))).map(|task| (*task, true))
    }

    /// Whether a worker may try a task: not if its disk has failed at it, as long as there are others.
    fn may_try(&self, current: &Current, task: Task, worker: WorkerId) -> bool {
        current.tasks.failed_at(task).is_none_or(|failed| !failed.contains(&worker) || !self.workers.has_others(failed))
    }
}

impl Current {
    fn assignment(&self, task: Task) -> Assignment {
        let (splits, sources) = match task {
            Task::Map(number) => (vec![self.job.splits[number as usize].clone()], Sources::default()),
            Task::Reduce(_) => (Vec::new(), self.tasks.sources()),
        };
        let Job { id, app, parameters, reduces, output, .. } = &self.job;
        let (app, parameters, output) = (app.clone(), parameters.clone(), output.clone());
        let job = Job { id: *id, app, parameters, splits, reduces: *reduces, output };
        Assignment { job, task, skip: self.tasks.skip(task), sources }
    }
}
