//! The queue of tasks that want to run, and the wakers that fill it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Wake, Waker};

/// A task of one incarnation: its place in the table, and how often the place was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TaskId {
    pub slot: u32,
    pub generation: u32,
}

/// Tasks that want to run, in the order in which they were woken.
///
/// The mutex is never contended: a `Waker` must be `Send` by its type, though here it never leaves
/// the thread (and where lab code hides one in a static, it only fills a dead queue).
#[derive(Debug, Default)]
pub(super) struct ReadyQueue(Mutex<VecDeque<TaskId>>);

impl ReadyQueue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<TaskId>> {
        // Nothing panics while it holds the lock; a poisoned queue would still be whole.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn push(&self, task: TaskId) {
        self.lock().push_back(task);
    }

    pub fn pop(&self) -> Option<TaskId> {
        self.lock().pop_front()
    }

    /// Takes the task at a place drawn by `below`, which gets the number of ready tasks.
    pub fn take(&self, below: impl FnOnce(u64) -> u64) -> Option<TaskId> {
        let mut queue = self.lock();
        if queue.is_empty() {
            return None;
        }
        let place = below(queue.len() as u64) as usize;
        queue.remove(place)
    }
}

/// Wakes one task. It names the task and never owns it, so a forgotten waker keeps nothing alive.
#[derive(Debug)]
pub(super) struct TaskWaker {
    queue: Arc<ReadyQueue>,
    slot: u32,
    generation: AtomicU32,
    queued: AtomicBool,
}

impl TaskWaker {
    /// A waker for a new task, which counts as woken.
    pub fn new(queue: &Arc<ReadyQueue>, task: TaskId) -> Arc<Self> {
        Arc::new(TaskWaker {
            queue: queue.clone(),
            slot: task.slot,
            generation: AtomicU32::new(task.generation),
            queued: AtomicBool::new(true),
        })
    }

    /// The task is about to be polled: from now on a wake counts again.
    pub fn clear(&self) {
        self.queued.store(false, Relaxed);
    }

    /// Serves the next task of the same slot. Only for a waker that nobody else holds.
    pub fn reuse(&self, generation: u32) {
        self.generation.store(generation, Relaxed);
        self.queued.store(true, Relaxed);
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Relaxed) {
            self.queue.push(TaskId { slot: self.slot, generation: self.generation.load(Relaxed) });
        }
    }
}

/// The waker of a slot: the half that the table keeps, and the half that futures see.
#[derive(Debug)]
pub(super) struct SlotWaker {
    pub inner: Arc<TaskWaker>,
    pub waker: Waker,
}

impl SlotWaker {
    pub fn new(queue: &Arc<ReadyQueue>, task: TaskId) -> Self {
        let inner = TaskWaker::new(queue, task);
        SlotWaker { waker: Waker::from(inner.clone()), inner }
    }

    /// Whether some future of the old task still holds a clone.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.inner) > 2
    }
}
