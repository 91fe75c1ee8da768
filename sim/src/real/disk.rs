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
    counts: Arc<Counts>,
    thread: Option<JoinHandle<()>>,
}

/// Counted by the disk's thread before it tells of them.
#[derive(Debug, Default)]
struct Counts {
    fsyncs: AtomicU64,
    errors: AtomicU64,
    full: AtomicU64,
}

impl Counts {
    fn take(&self, is_fsync: bool, result: &DiskResult) {
        self.fsyncs.fetch_add(u64::from(is_fsync), Relaxed);
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
        let (is_killed, counts) = (killed.clone(), Arc::<Counts>::default());
        let counted = counts.clone();
        let work = move || {
            let mut files = Files::below(root, log);
            for (operation, request) in requests {
                if is_killed.load(Relaxed) {
                    return;
                }
                let is_fsync = is_fsync(&request);
                let result = files.carry_out(request);
                counted.take(is_fsync, &result);
                // Nobody listens any more when the node has ended; what it asked for before is still done.
                let _ = inputs.blocking_send(Input::Event(Event::Disk { operation, result }));
            }
        };
        let thread = std::thread::Builder::new().name("disk".into()).spawn(work)?;
        Ok(Disk { queue: Some(queue), killed, counts, thread: Some(thread) })
    }

    pub fn submit(&self, operation: OperationId, request: DiskRequest) {
        if let Some(queue) = &self.queue {
            // The thread ends only after the queue has.
            let _ = queue.send((operation, request));
        }
    }

    /// How many fsyncs have come to an end, of files and of directories; those that the node knows of among them.
    pub fn fsyncs(&self) -> u64 {
        self.counts.fsyncs.load(Relaxed)
    }

    /// What it has done to the node so far.
    pub fn faults(&self) -> DiskFaults {
        DiskFaults { errors: self.counts.errors.load(Relaxed), full: self.counts.full.load(Relaxed) }
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

const fn is_fsync(request: &DiskRequest) -> bool {
    matches!(request, DiskRequest::Sync { .. } | DiskRequest::WriteThrough { .. } | DiskRequest::SyncDirectory { .. })
}
