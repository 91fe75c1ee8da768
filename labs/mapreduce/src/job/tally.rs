//! What the onlooker counts of a job by itself, from what workers are at: a coordinator that starts again, or lies, moves none of it.

use crate::contract::{Skipped, Task};
use crate::observation::{Begun, Finished};
use std::collections::BTreeMap;
use windtunnel::NodeId;

/// Counts of a job.
#[derive(Debug, Default)]
pub struct Tally {
    /// What runs, by node and number.
    running: BTreeMap<(NodeId, u64), Task>,
    /// How each task that is finished was finished last: all attempts at a task give the same.
    finished: BTreeMap<Task, Finished>,
    /// Attempts that were begun.
    pub attempts: u64,
    /// Of these, those at a task that had been finished before, and that nobody was at.
    pub reruns: u64,
    /// Of these, those at a task that somebody was at.
    pub backups: u64,
}

impl Tally {
    /// A worker begins an attempt.
    pub fn begun(&mut self, node: NodeId, begun: &Begun) {
        let is_beside = self.running.values().any(|task| *task == begun.task);
        let is_again = !is_beside && self.finished.contains_key(&begun.task);
        self.attempts += 1;
        self.backups += u64::from(is_beside);
        self.reruns += u64::from(is_again);
        self.running.insert((node, begun.attempt), begun.task);
    }

    /// The task of an attempt, if it runs.
    pub fn task(&self, node: NodeId, attempt: u64) -> Option<Task> {
        self.running.get(&(node, attempt)).copied()
    }

    /// An attempt has finished its task; whether nobody had before.
    pub fn finished(&mut self, node: NodeId, finished: Finished) -> bool {
        let task = self.running.remove(&(node, finished.attempt));
        task.is_some_and(|task| self.finished.insert(task, finished).is_none())
    }

    /// An attempt is over, and in vain.
    pub fn given_up(&mut self, node: NodeId, attempt: u64) {
        self.running.remove(&(node, attempt));
    }

    /// A worker's process is gone, with all that it was at.
    pub fn gone(&mut self, node: NodeId) {
        self.running.retain(|(of, _), _| *of != node);
    }

    /// Records that map was called for.
    pub fn records(&self) -> u64 {
        self.maps().map(|finished| finished.calls).sum()
    }

    /// Pairs that map has emitted for them.
    pub fn pairs(&self) -> u64 {
        self.maps().map(|finished| finished.pairs).sum()
    }

    fn maps(&self) -> impl Iterator<Item = &Finished> {
        self.finished.iter().filter(|(task, _)| matches!(task, Task::Map(_))).map(|(_, finished)| finished)
    }

    /// Records that were skipped, in order.
    pub fn skipped(&self) -> Vec<Skipped> {
        let of = |(task, finished): (&Task, &Finished)| {
            let task = *task;
            finished.skipped.clone().into_iter().map(move |record| Skipped { task, record })
        };
        self.finished.iter().flat_map(of).collect()
    }
}
