//! The tasks of the job at hand: what is done, where, and how often it failed.

use crate::messages::{Outcome, Sources, WorkerId};
use lab_mapreduce::{Counters, DEATHS, Report, Skipped, Task};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::time::Duration;

/// A task at which disks have failed so many times is given up, and the job with it.
const MOST_FAILURES: usize = 8;

/// So many times somebody must say that a worker is not to be reached before it is believed: who says so may be cut off itself.
const COMPLAINTS: usize = 2;

/// All tasks.
#[derive(Debug)]
pub struct Tasks {
    /// Who has the output of each map task.
    maps: Vec<Option<WorkerId>>,
    reduces: Vec<bool>,
    /// What was counted of each task that was ever done.
    outcomes: BTreeMap<Task, Outcome>,
    deaths: BTreeMap<(Task, u64), u32>,
    /// In which attempts.
    died: BTreeSet<(WorkerId, u64)>,
    /// Whose disk has failed at a task, and how often at all.
    failures: BTreeMap<Task, (BTreeSet<WorkerId>, usize)>,
    /// Who did not reach the worker that has what a map task has left, and by which complaint.
    complaints: BTreeMap<(u32, WorkerId), BTreeSet<(WorkerId, u64)>>,
    /// Attempts, reruns and backup tasks that this coordinator gave out since it started.
    pub given_out: Counters,
}

impl Tasks {
    /// So many, none done.
    #[must_use]
    pub fn new(maps: u32, reduces: u32) -> Self {
        Tasks {
            maps: vec![None; maps as usize],
            reduces: vec![false; reduces as usize],
            outcomes: BTreeMap::new(),
            deaths: BTreeMap::new(),
            died: BTreeSet::new(),
            failures: BTreeMap::new(),
            complaints: BTreeMap::new(),
            given_out: Counters::default(),
        }
    }

    /// How many map and reduce tasks are done.
    #[must_use]
    pub fn done(&self) -> [u32; 2] {
        [self.maps.iter().flatten().count() as u32, self.reduces.iter().filter(|done| **done).count() as u32]
    }

    /// Whether a task is done. What is none of the job's is none to be done.
    #[must_use]
    pub fn is_done(&self, task: Task) -> bool {
        match task {
            Task::Map(number) => self.maps.get(number as usize).is_none_or(Option::is_some),
            Task::Reduce(number) => self.reduces.get(number as usize).copied().unwrap_or(true),
        }
    }

    /// Whether a task was done once, and its output is gone.
    #[must_use]
    pub fn was_done(&self, task: Task) -> bool {
        self.outcomes.contains_key(&task)
    }

    /// What there is to do: map tasks as long as there are any, since each reduce task needs them all.
    #[must_use]
    pub fn to_do(&self) -> Vec<Task> {
        let maps: Vec<Task> = not_done(&self.maps, Option::is_some).map(Task::Map).collect();
        if maps.is_empty() { not_done(&self.reduces, |done| *done).map(Task::Reduce).collect() } else { maps }
    }

    /// Who has the outputs of map tasks.
    pub fn holders(&self) -> impl Iterator<Item = WorkerId> {
        self.maps.iter().flatten().copied()
    }

    /// Who has the output of each map task, when all are done.
    #[must_use]
    pub fn sources(&self) -> Sources {
        self.holders().collect()
    }

    /// A task is done.
    pub fn finish(&mut self, task: Task, by: WorkerId, outcome: Outcome) {
        match task {
            Task::Map(number) => {
                self.maps[number as usize] = Some(by);
                // What was said of an earlier output of this worker says nothing of this one.
                self.complaints.remove(&(number, by));
            }
            Task::Reduce(number) => self.reduces[number as usize] = true,
        }
        self.outcomes.insert(task, outcome);
    }

    /// How long tasks of that kind take, in the middle; nothing if none is done.
    #[must_use]
    pub fn usual_time(&self, task: Task) -> Option<Duration> {
        let same_kind = self.outcomes.iter().filter(|(other, _)| discriminant(*other) == discriminant(&task));
        let mut took: Vec<Duration> = same_kind.map(|(_, outcome)| outcome.took).collect();
        took.sort_unstable();
        took.get(took.len() / 2).copied()
    }

    /// A worker does not have the output of a map task any more.
    pub fn lose(&mut self, map: u32, from: WorkerId) {
        if let Some(known) = self.maps.get_mut(map as usize)
            && *known == Some(from)
        {
            *known = None;
        }
    }

    /// Somebody does not reach the worker that has the output of a map task. One complaint may come more than once, and is one.
    pub fn complain(&mut self, map: u32, from: WorkerId, by: WorkerId, number: u64) {
        let complaints = self.complaints.entry((map, from)).or_default();
        complaints.insert((by, number));
        if complaints.len() >= COMPLAINTS {
            self.lose(map, from);
        }
    }

    /// A worker is gone, and all that it had.
    pub fn lose_all_of(&mut self, worker: WorkerId) {
        self.maps.iter_mut().filter(|known| **known == Some(worker)).for_each(|known| *known = None);
    }

    /// The application has died of a record, in a worker's attempt of that number.
    pub fn died(&mut self, task: Task, record: u64, of: WorkerId, attempt: u64) {
        if self.died.insert((of, attempt)) {
            *self.deaths.entry((task, record)).or_default() += 1;
        }
    }

    /// Whether it is known of that attempt that the application has died in it.
    #[must_use]
    pub fn has_died(&self, of: WorkerId, attempt: u64) -> bool {
        self.died.contains(&(of, attempt))
    }

    /// Records of a task that are to be skipped. (Section 4.6)
    #[must_use]
    pub fn skip(&self, task: Task) -> Vec<u64> {
        let deadly = self.deaths.iter().filter(|((of, _), times)| *of == task && **times >= DEATHS);
        deadly.map(|((_, record), _)| *record).collect()
    }

    /// A worker's disk has failed at a task.
    pub fn failed(&mut self, task: Task, worker: WorkerId) {
        let (workers, times) = self.failures.entry(task).or_default();
        workers.insert(worker);
        *times += 1;
    }

    /// Whether one more failure is too much.
    #[must_use]
    pub fn fails_too_often(&self, task: Task) -> bool {
        self.failures.get(&task).is_some_and(|(_, times)| times + 1 >= MOST_FAILURES)
    }

    /// Whose disk has failed at a task.
    #[must_use]
    pub fn failed_at(&self, task: Task) -> Option<&BTreeSet<WorkerId>> {
        self.failures.get(&task).map(|(workers, _)| workers)
    }

    /// What there is to tell, if this is the last task.
    #[must_use]
    pub fn report_after(&self, task: Task, outcome: Outcome) -> Option<Report> {
        let left = (0..).zip(&self.reduces).filter(|(number, done)| !**done && Task::Reduce(*number) != task);
        if !matches!(task, Task::Reduce(_)) || left.count() > 0 {
            return None;
        }
        let mut counters = self.given_out;
        for outcome in self.outcomes.values().chain([&outcome]) {
            counters.records += outcome.records;
            counters.pairs += outcome.pairs;
            counters.shuffled_bytes += outcome.shuffled_bytes;
            counters.local_bytes += outcome.local_bytes;
        }
        let deadly = self.deaths.iter().filter(|(_, times)| **times >= DEATHS);
        let skipped = deadly.map(|((task, record), _)| Skipped { task: *task, record: *record }).collect();
        Some(Report { counters, skipped })
    }
}

/// The numbers of those that are not done.
fn not_done<T>(of: &[T], is_done: impl Fn(&T) -> bool) -> impl Iterator<Item = u32> {
    (0..).zip(of).filter(move |(_, what)| !is_done(what)).map(|(number, _)| number)
}
