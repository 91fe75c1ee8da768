//! Who was at what, from when to when.

use crate::contract::{JobId, Task};
use crate::observation::Begun;
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

/// All attempts of a run, in the order in which they began.
#[derive(Debug, Default)]
pub struct Attempts(Vec<AttemptSeen>);

/// An attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptSeen {
    /// Who made it.
    pub node: NodeId,
    /// Which of those that its worker has begun since it started.
    pub number: u64,
    /// Its job.
    pub job: JobId,
    /// Its task.
    pub task: Task,
    /// When it began.
    pub since: Nanos,
    /// When it was over and how; nothing while it runs.
    pub end: Option<(Nanos, End)>,
}

/// How an attempt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its task is finished.
    Finished,
    /// It was given up.
    GivenUp,
    /// Its process died.
    Died,
}

impl Attempts {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[AttemptSeen] {
        &self.0
    }

    /// Those that run.
    pub fn all_running(&self) -> impl Iterator<Item = &AttemptSeen> {
        self.0.iter().filter(|seen| seen.end.is_none())
    }

    /// On how many workers at the most tasks ran at the same time of which `of` is true.
    #[must_use]
    pub fn most_at_once(&self, of: impl Fn(Task) -> bool) -> usize {
        let seen: Vec<&AttemptSeen> = self.0.iter().filter(|seen| of(seen.task)).collect();
        let at = |moment: Nanos| {
            let runs = |seen: &&&AttemptSeen| seen.since <= moment && seen.end.is_none_or(|(end, _)| end > moment);
            let mut workers: Vec<NodeId> = seen.iter().filter(runs).map(|seen| seen.node).collect();
            workers.sort_unstable();
            workers.dedup();
            workers.len()
        };
        seen.iter().map(|seen| at(seen.since)).max().unwrap_or_default()
    }

    /// The attempt of that number, if it runs.
    #[must_use]
    pub fn running(&self, node: NodeId, number: u64) -> Option<&AttemptSeen> {
        self.all_running().find(|seen| seen.node == node && seen.number == number)
    }

    pub(super) fn begun(&mut self, moment: Moment, node: NodeId, begun: &Begun) {
        let Begun { attempt: number, job, task, .. } = *begun;
        self.0.push(AttemptSeen { node, number, job, task, since: moment.at, end: None });
    }

    pub(super) fn ended(&mut self, moment: Moment, node: NodeId, number: u64, end: End) -> Option<AttemptSeen> {
        let running = |seen: &&mut AttemptSeen| seen.node == node && seen.number == number && seen.end.is_none();
        let seen = self.0.iter_mut().rev().find(running)?;
        seen.end = Some((moment.at, end));
        Some(*seen)
    }

    pub(super) fn died(&mut self, moment: Moment, node: NodeId) {
        let running = self.0.iter_mut().filter(|seen| seen.node == node && seen.end.is_none());
        running.for_each(|seen| seen.end = Some((moment.at, End::Died)));
    }
}
