//! Tasks that want to run, and the wakers that say so.

use super::context;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Wake, Waker};

/// A task of one incarnation: its place in the table, and how often the place was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskId {
    pub slot: u32,
    pub generation: u32,
}

/// Where wakes of an incarnation go that happen outside of its steps.
///
/// A `Waker` must be `Send` and `Sync` by its type. Here it hardly ever leaves its node's steps, and
/// then [`context::wake_current`] keeps the order of tasks without a lock; this is for those that do.
/// Such a task runs with the node's next event: nothing of the facade is woken from outside, so nobody steps a node for it.
#[derive(Debug, Default)]
pub(crate) struct OutsideWakes {
    tasks: Mutex<VecDeque<TaskId>>,
    /// Spares a look into an empty queue its lock.
    any: AtomicBool,
}

impl OutsideWakes {
    fn lock(&self) -> MutexGuard<'_, VecDeque<TaskId>> {
        // Nothing panics while it holds the lock; a poisoned queue would still be whole.
        self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn push(&self, task: TaskId) {
        let mut tasks = self.lock();
        if !tasks.contains(&task) {
            tasks.push_back(task);
        }
        self.any.store(true, Relaxed);
    }

    /// Moves all to the front of `ready`: they came before the step that is running.
    #[inline]
    pub fn move_into(&self, ready: &mut VecDeque<TaskId>) {
        if self.any.load(Relaxed) {
            let mut tasks = self.lock();
            self.any.store(false, Relaxed);
            tasks.append(ready);
            std::mem::swap(&mut *tasks, ready);
        }
    }
}

/// Wakes one task. It names the task and never owns it, so a forgotten waker keeps nothing alive.
#[derive(Debug)]
pub(super) struct TaskWaker {
    outside: Arc<OutsideWakes>,
    slot: u32,
    generation: AtomicU32,
    queued: AtomicBool,
}

impl TaskWaker {
    /// A waker for a new task, which counts as woken.
    pub fn new(outside: &Arc<OutsideWakes>, task: TaskId) -> Arc<Self> {
        Arc::new(TaskWaker {
            outside: outside.clone(),
            slot: task.slot,
            generation: AtomicU32::new(task.generation),
            queued: AtomicBool::new(true),
        })
    }

    /// The task is about to be polled: from now on a wake counts again.
    pub fn clear(&self) {
        self.queued.store(false, Relaxed);
    }

    /// Notes a wake; true if it is the first since the task was polled.
    #[inline]
    pub fn note(&self) -> bool {
        let first = !self.queued.load(Relaxed);
        if first {
            self.queued.store(true, Relaxed);
        }
        first
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
        let task = TaskId { slot: self.slot, generation: self.generation.load(Relaxed) };
        if !context::wake_current(&self.outside, task, || self.note()) {
            // Another thread must not ask whether the task is queued: it may be polled at this moment, and have looked
            // before there was anything to see.
            self.outside.push(task);
        }
    }
}

/// Who waits for something. A clone of a waker costs an atomic operation, and so does its end; a task that
/// waits for a timer, a call or a disk by its own waker is remembered by its name.
#[derive(Debug, Default)]
pub(crate) enum Waiter {
    #[default]
    Nobody,
    Task(TaskId),
    Other(Waker),
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a thread that has no business here
mod tests {
    use super::*;

    const fn task(slot: u32) -> TaskId {
        TaskId { slot, generation: 0 }
    }

    #[test]
    fn wakes_from_outside_of_a_step_run_first_and_once() {
        let outside = OutsideWakes::default();
        outside.push(task(1));
        outside.push(task(2));
        let mut ready = VecDeque::from([task(3)]);
        outside.move_into(&mut ready);
        outside.move_into(&mut ready);
        assert_eq!(ready, [task(1), task(2), task(3)]);
    }

    #[test]
    fn a_waker_that_went_to_another_thread_still_wakes_its_task() {
        let outside: Arc<OutsideWakes> = Arc::default();
        // As if it were queued: another thread cannot tell whether it has been polled since.
        let inner = TaskWaker::new(&outside, task(7));
        let elsewhere = Waker::from(inner);
        std::thread::spawn(move || {
            elsewhere.wake_by_ref();
            elsewhere.wake();
        })
        .join()
        .expect("waking does not panic");
        let mut ready = VecDeque::new();
        outside.move_into(&mut ready);
        assert_eq!(ready, [task(7)], "woken twice, queued once");
    }
}
