//! The node's disk in flight: operations of the line, carried out on real files by one thread, first in, first out.
//!
//! An fsync may take as long as it likes: the node's own thread never waits for a disk.

use super::files::Files;
use super::input::Input;
use super::log::Log;
use crate::line::{DiskRequest, Event, OperationId};
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
    fsyncs: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Disk {
    /// A disk whose root is `root`; the ends of its operations go to `inputs`.
    pub fn start(root: PathBuf, inputs: mpsc::Sender<Input>, log: Log) -> std::io::Result<Self> {
        let (queue, requests) = blocking::channel::<(OperationId, DiskRequest)>();
        let killed = Arc::new(AtomicBool::new(false));
        let is_killed = killed.clone();
        let fsyncs = Arc::new(AtomicU64::new(0));
        let count = fsyncs.clone();
        let work = move || {
            let mut files = Files::below(root, log);
            for (operation, request) in requests {
                if is_killed.load(Relaxed) {
                    return;
                }
                let is_fsync = matches!(request, DiskRequest::Sync { .. } | DiskRequest::SyncDirectory { .. });
                let result = files.carry_out(request);
                count.fetch_add(u64::from(is_fsync), Relaxed);
                // Nobody listens any more when the node has ended; what it asked for before is still done.
                let _ = inputs.blocking_send(Input::Event(Event::Disk { operation, result }));
            }
        };
        let thread = std::thread::Builder::new().name("disk".into()).spawn(work)?;
        Ok(Disk { queue: Some(queue), killed, fsyncs, thread: Some(thread) })
    }

    pub fn submit(&self, operation: OperationId, request: DiskRequest) {
        if let Some(queue) = &self.queue {
            // The thread ends only after the queue has.
            let _ = queue.send((operation, request));
        }
    }

    /// How many fsyncs have come to an end, of files and of directories; those that the node knows of among them.
    pub fn fsyncs(&self) -> u64 {
        self.fsyncs.load(Relaxed)
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
