//! The coordinator: hears workers, and writes down what it must not forget before anybody is told.
//!
//! All rules are in [`core`], which does no I/O; [`journal`] is the disk. Here is only the order of things: what is news is written and
//! synced, then the core takes it in, then it is answered.

pub mod core;
pub mod journal;

use crate::messages::{HOLD, Heartbeat, Order};
use crate::store;
use core::{Core, News};
use journal::Journal;
use lab_mapreduce::store::List;
use lab_mapreduce::{Job, Refused, Status};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::sync::{Mutex, Notify};
use windtunnel::time::{Instant, timeout};
use windtunnel::{net, node};

/// The coordinator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Coordinator(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    started: Instant,
    core: RefCell<Core>,
    /// Held from looking what is new to taking it in, so that news come one after the other.
    journal: Mutex<Journal>,
    /// There may be something to do for who was let wait.
    stirred: Notify,
}

impl lab_mapreduce::Coordinator for Coordinator {
    async fn start() -> io::Result<Self> {
        let (journal, news) = Journal::open().await?;
        let coordinator = Coordinator(Rc::new(Inner {
            started: Instant::now(),
            core: RefCell::new(Core::recover(news)),
            journal: Mutex::new(journal),
            stirred: Notify::new(),
        }));
        net::serve({
            let coordinator = coordinator.clone();
            move |_, heartbeat: Heartbeat| {
                let coordinator = coordinator.clone();
                async move { coordinator.hear(heartbeat).await }
            }
        });
        Ok(coordinator)
    }

    async fn submit(&self, job: Job) -> Result<(), Refused> {
        let mut journal = self.0.journal.lock().await;
        if self.0.core.borrow().knows(&job)? {
            return Ok(());
        }
        let prefix = format!("{}/", job.output);
        if store::ask(List { prefix }).await.is_ok_and(|names| !names.is_empty()) {
            return Err(Refused::OutputExists);
        }
        let news = News::Submitted(job);
        written(journal.begin_anew(&news).await);
        self.0.core.borrow_mut().take(self.now(), &news);
        self.0.stirred.notify_waiters();
        Ok(())
    }

    fn status(&self) -> Status {
        self.0.core.borrow().status()
    }
}

impl Coordinator {
    fn now(&self) -> Duration {
        self.0.started.elapsed()
    }

    async fn hear(&self, heartbeat: Heartbeat) -> Order {
        if !self.news(&heartbeat).is_empty() {
            let mut journal = self.0.journal.lock().await;
            // Somebody else may have told the same meanwhile.
            let news = self.news(&heartbeat);
            if !news.is_empty() {
                written(journal.append(&news).await);
                news.iter().for_each(|news| self.0.core.borrow_mut().take(self.now(), news));
            }
        }
        let order = self.order(&heartbeat);
        if !matches!(order, Order::Wait(_)) {
            return order;
        }
        let _ = timeout(HOLD, self.0.stirred.notified()).await;
        self.order(&heartbeat.now_idle())
    }

    fn news(&self, heartbeat: &Heartbeat) -> Vec<News> {
        self.0.core.borrow().news(heartbeat)
    }

    fn order(&self, heartbeat: &Heartbeat) -> Order {
        let mut core = self.0.core.borrow_mut();
        let order = core.order(self.now(), heartbeat);
        if core.was_stirred() {
            self.0.stirred.notify_waiters();
        }
        order
    }
}

/// Without its journal the coordinator would forget what it has said.
fn written(result: io::Result<()>) {
    if let Err(error) = result {
        node::stop(format_args!("the journal cannot be written: {error}"));
    }
}
