//! What is to be done: a job, and the tasks that it falls into.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId(pub u64);

/// A job. Map task `i` reads `splits[i]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its name: no other job has it.
    pub id: JobId,
    /// The name of its application.
    pub app: String,
    /// What the application is opened with.
    #[serde(with = "serde_bytes")]
    pub parameters: Vec<u8>,
    /// What the map tasks read.
    pub splits: Vec<Split>,
    /// How many reduce tasks there are.
    pub reduces: u32,
    /// Outputs are named by [`part_name`] of this.
    pub output: String,
}

/// A range of an object. It begins and ends where a record does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The object's name.
    pub object: String,
    /// Its first byte.
    pub from: u64,
    /// How many bytes.
    pub length: u64,
}

/// A task of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Task {
    /// Calls map for each record of that split, and keeps what it emits on the worker's own disk, a partition for each reduce task.
    Map(u32),
    /// Fetches that partition from each map task, calls reduce for each key in the order of their bytes, and puts the output into the
    /// store as that part. A key's values come in the order of their map tasks, those of one task as they were emitted.
    Reduce(u32),
}

impl Job {
    /// How many map tasks there are.
    #[must_use]
    pub fn maps(&self) -> u32 {
        u32::try_from(self.splits.len()).unwrap_or(u32::MAX)
    }

    /// The object that a reduce task writes.
    #[must_use]
    pub fn part(&self, reduce: u32) -> String {
        part_name(&self.output, reduce)
    }

    /// The reduce task that writes an object of that name, if it is one of this job's.
    #[must_use]
    pub fn part_number(&self, object: &str) -> Option<u32> {
        let number = object.strip_prefix(&self.output)?.strip_prefix("/part-")?.parse().ok()?;
        (number < self.reduces && self.part(number) == object).then_some(number)
    }
}

/// The name of a part of an output: `out/part-00007`.
#[must_use]
pub fn part_name(output: &str, reduce: u32) -> String {
    format!("{output}/part-{reduce:05}")
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}", self.0)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Task::Map(number) => write!(f, "map {number}"),
            Task::Reduce(number) => write!(f, "reduce {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parts_of_the_job_have_a_number() {
        let job = Job {
            id: JobId(1),
            app: String::new(),
            parameters: Vec::new(),
            splits: Vec::new(),
            reduces: 3,
            output: "out".to_owned(),
        };
        assert_eq!(job.part_number(&job.part(2)), Some(2));
        for other in ["out/part-00003", "out/part-2", "out/part-+0002", "other/part-00002", "out/part-00002.tmp"] {
            assert_eq!(job.part_number(other), None, "{other}");
        }
    }
}
