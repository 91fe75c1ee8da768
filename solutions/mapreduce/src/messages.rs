//! What nodes say to each other.

use lab_mapreduce::{AppFailure, Job, JobId, Task};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::net::Request;

/// A worker at work says so this often.
pub const HEARTBEAT_EVERY: Duration = Duration::from_millis(200);

/// A worker that was not heard for so long has failed; all that was on its disk is gone. (The paper, section 3.3)
pub const LEASE: Duration = Duration::from_secs(3);

/// An idle worker is let wait for something to do for so long, well below a lease.
pub const HOLD: Duration = Duration::from_millis(400);

/// A worker, from one start to the next: what an earlier life had on the disk is of no use to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkerId {
    /// Its node.
    pub node: NodeId,
    /// Drawn when it starts.
    pub life: u64,
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

/// A worker tells the coordinator how it is doing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Who it is.
    pub worker: WorkerId,
    /// One more than the last time: who was overtaken by later words is not heeded.
    pub number: u64,
    /// What it is at.
    pub state: State,
}

impl Request for Heartbeat {
    type Reply = Order;
    const NAME: &'static str = "heartbeat";
}

/// What a worker is at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nothing.
    Idle,
    /// A task, for so long by its own clock: no coordinator needs to have seen it begin.
    Busy(JobId, Task, Duration),
    /// Nothing, since it has finished a task.
    Finished(JobId, Task, Outcome),
    /// Nothing, since it has failed at a task.
    Failed(JobId, Task, Trouble),
}

/// What was counted of a finished task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Of a map task: records that were read.
    pub records: u64,
    /// Of a map task: pairs that were emitted.
    pub pairs: u64,
    /// Of a reduce task: bytes that came from other workers.
    pub shuffled_bytes: u64,
    /// Of a reduce task: bytes that were there already.
    pub local_bytes: u64,
    /// How long it took, by its worker's clock: no coordinator needs to have been there.
    pub took: Duration,
}

/// Why a task could not be finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Trouble {
    /// The application has failed.
    #[error(transparent)]
    App(#[from] AppFailure),
    /// The job cannot be done by anybody.
    #[error("{0}")]
    Hopeless(String),
    /// What a map task has left with that worker is gone, or damaged.
    #[error("what map {map} left with {from} is gone")]
    Gone {
        /// The map task.
        map: u32,
        /// Who had it.
        from: WorkerId,
    },
    /// The worker that has what a map task has left does not answer this one.
    #[error("{from}, which has what map {map} left, is not to be reached")]
    Unreachable {
        /// The map task.
        map: u32,
        /// Who has it.
        from: WorkerId,
        /// The how manieth of this worker it is: whoever had no answer says it again.
        number: u64,
    },
    /// The worker's own disk has failed, or is full.
    #[error("the disk failed: {0}")]
    Disk(String),
}

/// What a worker is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Nothing; of its files it needs those of that job at the most.
    Wait(Option<JobId>),
    /// This.
    Run(Box<Assignment>),
    /// What it is at.
    GoOn,
    /// Something else: nobody needs what it is at.
    GiveUp,
}

/// A task to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Its job; of the splits there is the one of a map task, and none for a reduce task.
    pub job: Job,
    /// Which.
    pub task: Task,
    /// Records that the application dies of.
    pub skip: Vec<u64>,
    /// For a reduce task: who has the output of each map task.
    pub sources: Sources,
}

/// Workers, one for each map task. There are few of them and many tasks, so each is named once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    workers: Vec<WorkerId>,
    /// For each map task which of them.
    of: Vec<u16>,
}

impl Sources {
    /// In the order of map tasks.
    pub fn iter(&self) -> impl Iterator<Item = WorkerId> {
        self.of.iter().filter_map(|place| self.workers.get(usize::from(*place)).copied())
    }
}

impl FromIterator<WorkerId> for Sources {
    fn from_iter<I: IntoIterator<Item = WorkerId>>(all: I) -> Self {
        let mut sources = Sources::default();
        let mut places = BTreeMap::new();
        for worker in all {
            let place = *places.entry(worker).or_insert_with(|| {
                sources.workers.push(worker);
                u16::try_from(sources.workers.len() - 1).expect("there are fewer nodes than ports")
            });
            sources.of.push(place);
        }
        sources
    }
}

/// Asks a worker for a piece of a partition that one of its map tasks has left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetch {
    /// Whom it is meant for: a later life of that worker has nothing.
    pub of: WorkerId,
    /// The job.
    pub job: JobId,
    /// The map task.
    pub map: u32,
    /// The partition: the number of the reduce task.
    pub reduce: u32,
    /// From which byte on.
    pub from: u64,
}

impl Request for Fetch {
    /// Nothing: it is not there any more.
    type Reply = Option<Piece>;
    const NAME: &'static str = "fetch";
}

/// A piece of a partition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Piece {
    /// Some bytes; none at its end.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// How long the whole partition is.
    pub length: u64,
}

impl Heartbeat {
    /// The same worker, when all that it had to tell is told.
    #[must_use]
    pub const fn now_idle(&self) -> Heartbeat {
        Heartbeat { state: State::Idle, worker: self.worker, number: self.number }
    }
}
