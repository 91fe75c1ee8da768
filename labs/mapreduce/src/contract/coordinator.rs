//! The coordinator, and what it says of its job.

use super::{Job, JobId, Task};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::io;

/// Gives out the tasks of one job at a time, and knows what has become of each. (The paper's master)
///
/// Cheap to clone; clones are the same coordinator. How it and the workers talk to each other is yours: `net::Request` types of your
/// own. It is killed, loses power and is cut off at any moment.
pub trait Coordinator: Clone + 'static {
    /// Starts, on node 1, from what is on its own disk: goes on with a job that it was at. What was finished is not done again.
    ///
    /// # Errors
    /// If the disk cannot be read or written; the node is down then.
    fn start() -> impl Future<Output = io::Result<Self>>;

    /// Takes a job. Once this returns `Ok` the job is done or fails, whatever happens to the coordinator. The job submitted last is the
    /// same job when it comes again, also after it is done, and `Ok`. One that another has followed need not be known any more: it is
    /// refused for the output that it has left ([`Refused::OutputExists`]).
    ///
    /// # Errors
    /// If it takes none, or none like that.
    fn submit(&self, job: Job) -> impl Future<Output = Result<(), Refused>>;

    /// What is known of the job that was submitted last. Asked after every step, so it should be quick.
    ///
    /// A job is `Done` when all its outputs are in the store. Then, and when it has failed, no task is begun any more, and those
    /// that still run (backup tasks, say) are given up soon.
    fn status(&self) -> Status;
}

/// Why a job is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refused {
    /// Another job is not done yet.
    #[error("another job is running")]
    Busy,
    /// It has no reduce tasks.
    #[error("a job needs a reduce task")]
    NoReduces,
    /// There are objects below its output's name already. They are left as they are.
    #[error("there is an output of that name already")]
    OutputExists,
    /// Another job has the same id.
    #[error("another job has that id")]
    OtherJob,
}

/// How a coordinator's last job is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// There has been none.
    Idle,
    /// It is at it.
    Running {
        /// The job.
        job: JobId,
        /// How far it is.
        progress: Progress,
    },
    /// All outputs are in the store.
    Done {
        /// The job.
        job: JobId,
        /// What there is to tell.
        report: Report,
    },
    /// It cannot be done: an input is not there, the application cannot be opened or names reduce tasks that there are not, or a task
    /// fails again and again.
    Failed {
        /// The job.
        job: JobId,
        /// Why, for people.
        why: String,
    },
}

/// How far a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Map tasks that are done: their output is on a worker that is there.
    pub maps: u32,
    /// Reduce tasks that are done.
    pub reduces: u32,
}

/// What there is to tell of a job that is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What was counted.
    pub counters: Counters,
    /// Records that were skipped.
    pub skipped: Vec<Skipped>,
}

/// What was counted of a job. Of each task the attempt counts whose result does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Records that map was called for.
    pub records: u64,
    /// Pairs that map functions emitted.
    pub pairs: u64,
    /// Bytes that reduce tasks fetched from other workers.
    pub shuffled_bytes: u64,
    /// Bytes that reduce tasks found on their own disk.
    pub local_bytes: u64,
    /// Attempts of tasks that were given out. This and what follows count from when the coordinator last started.
    pub attempts: u64,
    /// Of these, attempts of map tasks that had been done before, and whose output was gone.
    pub reruns: u64,
    /// Of these, attempts beside one that was still running.
    pub backups: u64,
}

/// A record that the application died of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skipped {
    /// The task.
    pub task: Task,
    /// Of a map task the number of the record, of a reduce task that of the key, from 0.
    pub record: u64,
}
