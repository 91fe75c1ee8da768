//! The coordinator.

use super::messages::AskForTask;
use lab_mapreduce::{Job, Progress, Refused, Status};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use windtunnel::net;

/// The coordinator. Clones are the same coordinator.
#[derive(Clone, Debug)]
pub struct Coordinator(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Do not hold a borrow of it across an `.await`.
    job: RefCell<Option<Job>>,
}

impl lab_mapreduce::Coordinator for Coordinator {
    async fn start() -> io::Result<Self> {
        // TODO(you): read what an earlier start has left on the disk (windtunnel::fs), and go on with it.
        let coordinator = Coordinator(Rc::new(Inner { job: RefCell::default() }));
        net::serve(|worker, _: AskForTask| async move {
            // TODO(you): a map task that nobody is at; when all are done, a reduce task.
            tracing::debug!("{worker} asks for a task");
        });
        Ok(coordinator)
    }

    async fn submit(&self, job: Job) -> Result<(), Refused> {
        // TODO(you): refuse what cannot be a job. Write it to the disk and sync it before you say yes.
        *self.0.job.borrow_mut() = Some(job);
        Ok(())
    }

    fn status(&self) -> Status {
        match &*self.0.job.borrow() {
            None => Status::Idle,
            // TODO(you): done when all outputs are in the store.
            Some(job) => Status::Running { job: job.id, progress: Progress::default() },
        }
    }
}
