//! A worker: one task at a time, as the coordinator orders.
//!
//! - here: asking for orders, and saying now and then that it is still at it;
//! - `map`, `reduce`: the two kinds of tasks;
//! - `sorter`, `runs`, `merge`, `combiner`, `blocks`: pairs on the disk: sorted, merged and combined, in blocks with checksums;
//! - `outputs`: what map tasks have left, and how others fetch it; `index`: where in a file each partition is;
//! - `scratch`: files by number.
//!
//! What is on the disk when it starts is removed: a worker that died is a new one, and its map tasks run again (section 3.3). So nothing here
//! needs a sync.

mod blocks;
mod combiner;
mod index;
mod map;
mod merge;
mod outputs;
mod reduce;
mod runs;
mod scratch;
mod sorter;
mod upload;

use crate::messages::{Assignment, HEARTBEAT_EVERY, HOLD, Heartbeat, Order, Outcome, State, Trouble, WorkerId};
use lab_mapreduce::{Apps, JobId, Task};
use outputs::Outputs;
use scratch::Scratch;
use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::net::{self, CallError};
use windtunnel::time::{Instant, sleep};
use windtunnel::{NodeId, node, rand, select, spawn};

/// The coordinator.
const COORDINATOR: NodeId = NodeId(1);

/// An answer may take so long on its way, besides the time for which the coordinator lets an idle worker wait.
const PATIENCE: Duration = Duration::from_millis(400);

/// Who has no answer asks again after.
const PAUSE: Duration = Duration::from_millis(100);

/// A worker. It lives in its tasks.
#[derive(Debug)]
pub struct Worker;

/// What its tasks share.
pub(crate) struct Inner {
    id: WorkerId,
    /// How often it has spoken.
    said: Cell<u64>,
    apps: Apps,
    scratch: Scratch,
    outputs: Rc<Outputs>,
}

impl lab_mapreduce::Worker for Worker {
    async fn start(apps: Apps) -> io::Result<Self> {
        let scratch = Scratch::empty().await?;
        let id = WorkerId { node: node::id(), life: rand::stream("life").word() };
        let outputs = Rc::new(Outputs::new(id));
        outputs.clone().serve();
        spawn(Inner { id, said: Cell::new(0), apps, scratch, outputs }.work());
        Ok(Worker)
    }
}

impl Inner {
    async fn work(self) {
        let mut state = State::Idle;
        loop {
            state = match self.say(state.clone(), HOLD + PATIENCE).await {
                Ok(Order::Run(assignment)) => self.try_task(&assignment).await,
                Ok(Order::Wait(job)) => {
                    self.outputs.keep_only(job).await;
                    State::Idle
                }
                Ok(Order::GoOn | Order::GiveUp) => State::Idle,
                // What was finished is told until somebody has heard it.
                Err(_) => {
                    sleep(PAUSE).await;
                    state
                }
            };
        }
    }

    async fn say(&self, state: State, patience: Duration) -> Result<Order, CallError> {
        self.said.set(self.said.get() + 1);
        net::call(COORDINATOR, Heartbeat { worker: self.id, number: self.said.get(), state }).timeout(patience).await
    }

    /// Does a task, unless the coordinator changes its mind.
    async fn try_task(&self, assignment: &Assignment) -> State {
        let (job, task) = (assignment.job.id, assignment.task);
        self.outputs.keep_only(Some(job)).await;
        let begun = Instant::now();
        let state = select! {
            done = self.do_task(assignment) => match done {
                Ok(outcome) => State::Finished(job, task, Outcome { took: begun.elapsed(), ..outcome }),
                Err(trouble) => State::Failed(job, task, trouble),
            },
            () = self.until_told_to_give_up(job, task, begun) => State::Idle,
        };
        self.scratch.clear().await;
        state
    }

    async fn do_task(&self, assignment: &Assignment) -> Result<Outcome, Trouble> {
        match assignment.task {
            Task::Map(number) => self.map(assignment, number).await,
            Task::Reduce(number) => self.reduce(assignment, number).await,
        }
    }

    async fn until_told_to_give_up(&self, job: JobId, task: Task, begun: Instant) {
        loop {
            sleep(HEARTBEAT_EVERY).await;
            if let Ok(Order::GiveUp) = self.say(State::Busy(job, task, begun.elapsed()), PATIENCE).await {
                return;
            }
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Disk(error.to_string())
    }
}
