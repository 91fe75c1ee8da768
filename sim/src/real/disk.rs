//! The node's disk in flight: operations of the line, carried out on real files by one thread, first in, first out.
//!
//! An fsync may take as long as it likes: the node's own thread never waits for a disk.

use super::control_protocol::DiskFaults;
use super::files::Files;
use super::input::Input;
use super::log::Log;
use crate::line::{DiskError, DiskRequest, DiskResult, Event, OperationId};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc as blocking;
use std::thread::JoinHandle;
use tokio::sync::mpsc;

/// The queue to the disk's thread.
#[derive(Debug)]
pub struct Disk {
    queue: Option<blocking::Sender<(OperationId, DiskRequest)>>,
    /// Set when what waits is not to be done any more.
    killed: Arc<AtomicBool>,
    faults: Arc<Faults>,
    thread: Option<JoinHandle<()>>,
}

/// Counted by the disk's thread before it tells of them.
#[derive(Debug, Default)]
struct Faults {
    errors: AtomicU64,
    full: AtomicU64,
}

impl Faults {
    fn count(&self, result: &DiskResult) {
        match result {
            Err(DiskError::Device) => _ = self.errors.fetch_add(1, Relaxed),
            Err(DiskError::StorageFull) => _ = self.full.fetch_add(1, Relaxed),
            _ => {}
        }
    }
}

impl Disk {
    /// A disk whose root is `root`; the ends of its operations go to `inputs`.
    pub fn start(root: PathBuf, inputs: mpsc::Sender<Input>, log: Log) -> std::io::Result<Self> {
        let (queue, requests) = blocking::channel::<(OperationId, DiskRequest)>();
        let killed = Arc::new(AtomicBool::new(false));
        let (is_killed, faults) = (killed.clone(), Arc::<Faults>::default());
        let counted = faults.clone();
        let work = move || {
            let mut files = Files::below(root, log);
            for (operation, request) in requests {
                if is_killed.load(Relaxed) {
                    return;
                }
                let result = files.carry_out(request);
                counted.count(&result);
                // Nobody listens any more when the node has ended; what it asked for before is still done.
                let _ = inputs.blocking_send(Input::Event(Event::Disk { operation, result }));
            }
        };
        let thread = std::thread::Builder::new().name("disk".into()).spawn(work)?;
        Ok(Disk { queue: Some(queue), killed, faults, thread: Some(thread) })
    }

    pub fn submit(&self, operation: OperationId, request: DiskRequest) {
        if let Some(queue) = &self.queue {
            // The thread ends only after the queue has.
            let _ = queue.send((operation, request));
        }
    }

    /// What it has done to the node so far.
    pub fn faults(&self) -> DiskFaults {
        DiskFaults { errors: self.faults.errors.load(Relaxed), full: self.faults.full.load(Relaxed) }
    }

    /// Ends the thread and waits for it: with what is queued done, or not if the node was `killed`. The other end of
    /// `inputs` must be gone, or the thread may wait for room there.
    pub fn end(mut self, killed: bool) {
        self.killed.store(killed, Relaxed);
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
