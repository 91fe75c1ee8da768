//! All that the coordinator decides, without I/O: heartbeats and times in, news and orders out.
//!
//! - here: one job at a time, and the three steps of hearing a worker: [`Core::news`], [`Core::take`], [`Core::order`];
//! - `tasks`: what is done, where, and how often it failed;
//! - `workers`: who is there, and what they are at;
//! - `choice`: what an idle worker does next.
//!
//! What must survive a power loss changes in `take` alone, by news that are on the disk. All else can be lost: workers say it again.

mod choice;
mod tasks;
mod workers;

#[cfg(test)]
mod tests;

use crate::messages::{Heartbeat, LEASE, Order, Outcome, State, Trouble, WorkerId};
use lab_mapreduce::{AppFailure, Job, JobId, Progress, Refused, Report, Status, Task};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tasks::Tasks;
use workers::Workers;

/// What must not be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// A job was submitted.
    Submitted(Job),
    /// A task is done, by that worker.
    Done(Task, WorkerId, Outcome),
    /// An application has died of a record of a task, in that worker's attempt of that number.
    Died(Task, u64, WorkerId, u64),
    /// All outputs are in the store, or the job cannot be done.
    Ended(Result<Report, String>),
}

/// The coordinator's mind.
#[derive(Debug, Default)]
pub struct Core {
    job: Option<Current>,
    workers: Workers,
    /// Until then workers are heard and given nothing to do: they may have finished what a coordinator that was started again has never
    /// heard of. So one that dies more often than that gives out nothing; what workers finish counts all the same.
    quiet_until: Duration,
    stirred: bool,
}

/// The job at hand, or the last one.
#[derive(Debug)]
struct Current {
    job: Job,
    tasks: Tasks,
    end: Option<Result<Report, String>>,
}

impl Core {
    /// What news say that are on the disk.
    #[must_use]
    pub fn recover(news: Vec<News>) -> Self {
        let mut core = Core::default();
        news.iter().for_each(|news| core.take(Duration::ZERO, news));
        core.quiet_until = if core.running().is_some() { LEASE } else { Duration::ZERO };
        // Whoever has the output of a map task is given the time of a lease to be heard.
        let holders = core.job.iter().flat_map(|current| current.tasks.holders());
        holders.for_each(|worker| _ = core.workers.heard(Duration::ZERO, worker, 0));
        core
    }

    /// Whether a job is known already.
    ///
    /// # Errors
    /// If it cannot be taken.
    pub fn knows(&self, job: &Job) -> Result<bool, Refused> {
        match &self.job {
            Some(current) if current.job == *job => Ok(true),
            Some(current) if current.job.id == job.id => Err(Refused::OtherJob),
            Some(current) if current.end.is_none() => Err(Refused::Busy),
            _ if job.reduces == 0 => Err(Refused::NoReduces),
            _ => Ok(false),
        }
    }

    /// How the job is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        let Some(Current { job, tasks, end }) = &self.job else { return Status::Idle };
        let job = job.id;
        match end {
            None => {
                let [maps, reduces] = tasks.done();
                Status::Running { job, progress: Progress { maps, reduces } }
            }
            Some(Ok(report)) => Status::Done { job, report: report.clone() },
            Some(Err(why)) => Status::Failed { job, why: why.clone() },
        }
    }

    /// Whether there may be something to do for who was let wait; once.
    pub fn was_stirred(&mut self) -> bool {
        std::mem::take(&mut self.stirred)
    }

    /// What a worker's words change that must not be forgotten.
    #[must_use]
    pub fn news(&self, heartbeat: &Heartbeat) -> Vec<News> {
        match &heartbeat.state {
            State::Finished(job, task, outcome) => self.done(*job, *task, heartbeat.worker, *outcome),
            State::Failed(job, task, trouble) => self.trouble(*job, *task, heartbeat.worker, trouble),
            State::Idle | State::Busy(..) => Vec::new(),
        }
    }

    /// A task is finished: the first result counts, and all later ones are the same.
    fn done(&self, job: JobId, task: Task, by: WorkerId, outcome: Outcome) -> Vec<News> {
        let Some(current) = self.running_as(job).filter(|current| !current.tasks.is_done(task)) else {
            return Vec::new();
        };
        let done = News::Done(task, by, outcome);
        match current.tasks.report_after(task, outcome) {
            Some(report) => vec![done, News::Ended(Ok(report))],
            None => vec![done],
        }
    }

    fn trouble(&self, job: JobId, task: Task, of: WorkerId, trouble: &Trouble) -> Vec<News> {
        let Some(current) = self.running_as(job) else { return Vec::new() };
        let over = || vec![News::Ended(Err(format!("{task}: {trouble}")))];
        match trouble {
            // Whoever had no answer tells it again.
            Trouble::App(AppFailure::Died { attempt, .. }) if current.tasks.has_died(of, *attempt) => Vec::new(),
            Trouble::App(AppFailure::Died { attempt, record, .. }) => vec![News::Died(task, *record, of, *attempt)],
            Trouble::App(AppFailure::Combine(_)) => Vec::new(),
            Trouble::App(AppFailure::WrongPartition { .. }) | Trouble::Hopeless(_) => over(),
            Trouble::Disk(_) if current.tasks.fails_too_often(task) => over(),
            Trouble::Disk(_) | Trouble::Gone { .. } | Trouble::Unreachable { .. } => Vec::new(),
        }
    }

    /// Takes in news that are on the disk.
    pub fn take(&mut self, now: Duration, news: &News) {
        self.stirred = true;
        if let News::Submitted(job) = news {
            let tasks = Tasks::new(job.maps(), job.reduces);
            self.job = Some(Current { job: job.clone(), tasks, end: None });
            self.quiet_until = now;
            return;
        }
        let Some(current) = &mut self.job else { return };
        match news {
            News::Submitted(_) => {}
            News::Done(task, by, outcome) => current.tasks.finish(*task, *by, *outcome),
            News::Died(task, record, of, attempt) => current.tasks.died(*task, *record, *of, *attempt),
            News::Ended(end) => current.end = Some(end.clone()),
        }
    }

    /// What a worker is to do now, when all news are taken in.
    pub fn order(&mut self, now: Duration, heartbeat: &Heartbeat) -> Order {
        // First, so that nobody is given up at the very word that it is there.
        let is_latest = self.workers.heard(now, heartbeat.worker, heartbeat.number);
        self.expire(now);
        if !is_latest {
            return Order::GoOn;
        }
        match &heartbeat.state {
            State::Busy(job, task, taken) => self.go_on(now, heartbeat.worker, *job, *task, *taken),
            State::Failed(job, task, trouble) => {
                self.note(*job, *task, trouble, heartbeat.worker);
                self.next(now, heartbeat.worker)
            }
            State::Idle | State::Finished(..) => self.next(now, heartbeat.worker),
        }
    }

    /// Whoever was not heard for too long has failed, and what it had is gone with it.
    fn expire(&mut self, now: Duration) {
        let dead = self.workers.expire(now);
        if let (false, Some(current)) = (dead.is_empty(), &mut self.job) {
            dead.iter().for_each(|worker| current.tasks.lose_all_of(*worker));
            self.stirred = true;
        }
    }

    /// A worker is at a task, perhaps by order of a coordinator that has lost its power since.
    fn go_on(&mut self, now: Duration, worker: WorkerId, job: JobId, task: Task, taken: Duration) -> Order {
        if self.running_as(job).is_none_or(|current| current.tasks.is_done(task)) {
            self.workers.is_idle(worker);
            return Order::GiveUp;
        }
        self.workers.is_at(now, worker, task, taken);
        Order::GoOn
    }

    /// What can be lost of a failure: others try, and find the same.
    fn note(&mut self, job: JobId, task: Task, trouble: &Trouble, worker: WorkerId) {
        let Some(current) = self.job.as_mut().filter(|current| current.job.id == job) else { return };
        match trouble {
            Trouble::Disk(_) => current.tasks.failed(task, worker),
            Trouble::Gone { map, from } => current.tasks.lose(*map, *from),
            Trouble::Unreachable { map, from, number } => current.tasks.complain(*map, *from, worker, *number),
            Trouble::App(_) | Trouble::Hopeless(_) => {}
        }
        self.stirred = true;
    }

    fn running(&self) -> Option<&Current> {
        self.job.as_ref().filter(|current| current.end.is_none())
    }

    fn running_as(&self, job: JobId) -> Option<&Current> {
        self.running().filter(|current| current.job.id == job)
    }
}
