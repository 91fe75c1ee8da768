//! Who is there, and what they are at. All of this can be lost: workers say it again.

use crate::messages::{LEASE, WorkerId};
use lab_mapreduce::Task;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// All workers that were heard of late.
#[derive(Debug, Default)]
pub struct Workers(BTreeMap<WorkerId, Standing>);

/// How a worker stands.
#[derive(Clone, Copy, Debug)]
struct Standing {
    heard: Duration,
    /// The number of what it said last.
    said: u64,
    at: Option<AtTask>,
}

/// What a worker is at.
#[derive(Clone, Copy, Debug)]
struct AtTask {
    task: Task,
    /// When that was known first, and for how long it had been at it by then: it may be more than this coordinator is old.
    known: Duration,
    before: Duration,
}

impl Workers {
    /// A worker is there, and says something of that number; whether it has said nothing later.
    pub fn heard(&mut self, now: Duration, worker: WorkerId, said: u64) -> bool {
        let standing = self.0.entry(worker).or_insert(Standing { heard: now, said, at: None });
        standing.heard = now;
        let is_latest = standing.said <= said;
        standing.said = said.max(standing.said);
        is_latest
    }

    /// A worker is at a task, and has been for so long.
    pub fn is_at(&mut self, now: Duration, worker: WorkerId, task: Task, before: Duration) {
        if let Some(standing) = self.0.get_mut(&worker)
            && standing.at.is_none_or(|at| at.task != task)
        {
            standing.at = Some(AtTask { task, known: now, before });
        }
    }

    /// A worker is at nothing.
    pub fn is_idle(&mut self, worker: WorkerId) {
        if let Some(standing) = self.0.get_mut(&worker) {
            standing.at = None;
        }
    }

    /// What is being done: by how many, and for how long.
    #[must_use]
    pub fn at_work(&self, now: Duration) -> BTreeMap<Task, (u32, Duration)> {
        let mut tasks = BTreeMap::new();
        for AtTask { task, known, before } in self.0.values().filter_map(|standing| standing.at) {
            let (count, longest) = tasks.entry(task).or_insert((0, Duration::ZERO));
            *count += 1;
            *longest = (now - known + before).max(*longest);
        }
        tasks
    }

    /// Whether somebody is there who is none of these.
    #[must_use]
    pub fn has_others(&self, than: &BTreeSet<WorkerId>) -> bool {
        self.0.keys().any(|worker| !than.contains(worker))
    }

    /// Forgets whoever was not heard for the time of a lease.
    pub fn expire(&mut self, now: Duration) -> Vec<WorkerId> {
        let is_dead = |standing: &Standing| standing.heard + LEASE < now;
        let dead: Vec<WorkerId> = self.0.iter().filter(|(_, at)| is_dead(at)).map(|(worker, _)| *worker).collect();
        dead.iter().for_each(|worker| _ = self.0.remove(worker));
        dead
    }
}
