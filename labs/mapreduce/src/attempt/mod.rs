//! How a worker calls the functions of an application: [`Apps`], and an [`Attempt`] for each try of a task.
//!
//! Attempts show the judge what is begun, finished and given up, and let the applications of tests take their time. A node has one
//! processor: what two attempts take of it adds up.

mod calls;
mod failure;

pub use calls::{Attempt, EmitTo, Values};
pub use failure::AppFailure;
pub(crate) use failure::caught;

use crate::contract::{Job, JobId, Task};
use crate::observation::{BEGUN, Begun};
use mapreduce_apps::{App, Call, Cost, NotOpened, Registry};
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use windtunnel::rand::Stream;
use windtunnel::sync::Mutex;
use windtunnel::time::sleep;
use windtunnel::{node, rand};

/// The applications that a worker can open. Cheap to clone.
#[derive(Clone)]
pub struct Apps(Rc<Inner>);

struct Inner {
    registry: Registry,
    begun: Cell<u64>,
    /// The job whose application has died while it combined.
    uncombined: Cell<Option<JobId>>,
    /// Held while an application computes.
    processor: Mutex<()>,
    /// Its calls take so many times as long as they should.
    slower: Cell<u32>,
    chances: Stream,
}

impl fmt::Debug for Apps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Apps").field(&self.0.registry).finish()
    }
}

impl Apps {
    pub(crate) fn new(registry: Registry) -> Self {
        Apps(Rc::new(Inner {
            registry,
            begun: Cell::new(0),
            uncombined: Cell::new(None),
            processor: Mutex::new(()),
            slower: Cell::new(1),
            chances: rand::stream("applications"),
        }))
    }

    /// Begins an attempt at a task: opens the job's application, which will not be called for the records in `skip`.
    ///
    /// # Errors
    /// If there is no such application, or its parameters are wrong. No worker can do the job then.
    pub fn begin(&self, job: &Job, task: Task, skip: &[u64]) -> Result<Attempt, NotOpened> {
        let app = self.0.registry.open(&job.app, &job.parameters)?;
        let attempt = self.0.begun.get() + 1;
        self.0.begun.set(attempt);
        node::observe(BEGUN, &Begun { attempt, job: job.id, task, skip: skip.to_vec() });
        Ok(Attempt::new(self.clone(), app, attempt, job, skip))
    }

    /// From now on nobody combines values of that job here.
    fn leave_uncombined(&self, job: JobId) {
        self.0.uncombined.set(Some(job));
    }

    fn leaves_uncombined(&self, job: JobId) -> bool {
        self.0.uncombined.get() == Some(job)
    }

    pub(crate) fn slow_down(&self, factor: u32) {
        self.0.slower.set(factor.max(1));
    }

    /// Lets a call take what it takes; whether the process lives on.
    async fn pay(&self, app: &dyn App, call: Call<'_>) -> bool {
        match app.cost(call, self.0.chances.word()) {
            Cost::Nothing => true,
            Cost::Death => false,
            Cost::Time(span) => {
                let _computes = self.0.processor.lock().await;
                sleep(span.saturating_mul(self.0.slower.get())).await;
                true
            }
        }
    }
}
