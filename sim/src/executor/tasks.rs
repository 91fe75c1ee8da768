//! The tasks of one incarnation, and the loop that polls them.

use super::POLL_BUDGET;
use super::context::Context;
use super::panics;
use super::ready::{OutsideWakes, TaskId, TaskWaker, Waiter};
use crate::line::Effect;
use crate::streams::Stream;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as PollContext, RawWakerVTable, Waker};

/// What a node runs: boxed once.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

struct Slot {
    generation: u32,
    /// When the task was spawned, among all tasks of the incarnation.
    spawned: u64,
    /// Absent while the task runs.
    task: Option<Task>,
    /// Whether the task that runs is not to run on behind its next `.await`.
    aborted: bool,
    /// The half of its waker that stays here, and the half that futures see: absent while the task runs.
    inner: Arc<TaskWaker>,
    waker: Option<Waker>,
}

impl Slot {
    fn new(inner: Arc<TaskWaker>) -> Self {
        Slot { generation: 0, spawned: 0, task: None, aborted: false, waker: Some(inner.clone().into()), inner }
    }

    /// Whether some future of the old task still holds a clone of its waker.
    fn is_shared(&self) -> bool {
        Arc::strong_count(&self.inner) > 2
    }
}

/// The task that runs, and what its waker is made of.
#[derive(Clone, Copy, PartialEq)]
struct Running {
    task: TaskId,
    data: *const (),
    vtable: *const RawWakerVTable,
}

impl Running {
    #[inline]
    fn new(task: TaskId, waker: &Waker) -> Self {
        Running { task, data: waker.data(), vtable: waker.vtable() }
    }
}

/// The table of tasks.
#[derive(Default)]
pub(crate) struct Tasks {
    slots: RefCell<Table>,
    /// Tasks that want to run, in the order in which they were woken.
    ready: RefCell<VecDeque<TaskId>>,
    outside: Arc<OutsideWakes>,
    running: Cell<Option<Running>>,
    /// Present when ready tasks run in a drawn order.
    shuffle: RefCell<Option<Stream>>,
}

#[derive(Default)]
struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    spawned: u64,
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("ready", &self.ready).finish_non_exhaustive()
    }
}

impl Tasks {
    pub fn shuffled_by(stream: Option<Stream>) -> Self {
        Tasks { shuffle: RefCell::new(stream), ..Tasks::default() }
    }

    /// Adds a task, ready to run. Returns it for [`abort`](Tasks::abort).
    pub fn spawn(&self, task: Task) -> (u32, u32) {
        let mut table = self.slots.borrow_mut();
        let slot = table.free.pop().unwrap_or_else(|| {
            let slot = table.slots.len() as u32;
            table.slots.push(Slot::new(TaskWaker::new(&self.outside, TaskId { slot, generation: 0 })));
            slot
        });
        table.spawned += 1;
        let spawned = table.spawned;
        let place = &mut table.slots[slot as usize];
        place.task = Some(task);
        place.spawned = spawned;
        place.aborted = false;
        let id = TaskId { slot, generation: place.generation };
        if place.is_shared() {
            place.inner = TaskWaker::new(&self.outside, id);
            place.waker = Some(place.inner.clone().into());
        } else {
            place.inner.reuse(id.generation);
        }
        self.ready.borrow_mut().push_back(id);
        (slot, id.generation)
    }

    /// Drops a task that has not ended, or lets it run to its next `.await` if it is the one that runs.
    /// The future goes after the table is free again, since its drop may spawn, cancel or call.
    pub fn abort(&self, slot: u32, generation: u32) {
        let task = {
            let mut table = self.slots.borrow_mut();
            let place = table.slots.get_mut(slot as usize).filter(|place| place.generation == generation);
            let Some(place) = place else { return };
            let task = place.task.take();
            if task.is_some() {
                retire(&mut table, slot);
            } else {
                place.aborted = true;
            }
            task
        };
        drop(task);
    }

    /// Makes a task ready at its first wake, if these are the tasks that `outside` belongs to.
    #[inline]
    pub(super) fn wake(&self, outside: &Arc<OutsideWakes>, task: TaskId, is_first: impl FnOnce() -> bool) -> bool {
        let own = Arc::ptr_eq(outside, &self.outside);
        if own && is_first() {
            self.ready.borrow_mut().push_back(task);
        }
        own
    }

    /// How the task that runs, or whoever made another waker for it, is to be remembered.
    #[inline]
    pub(crate) fn waiter(&self, waker: &Waker) -> Waiter {
        match self.running.get() {
            Some(running) if running == Running::new(running.task, waker) => Waiter::Task(running.task),
            _ => Waiter::Other(waker.clone()),
        }
    }

    /// Wakes whoever waits.
    #[inline]
    pub(super) fn wake_waiter(&self, waiter: Waiter) {
        match waiter {
            Waiter::Nobody => {}
            Waiter::Other(waker) => waker.wake(),
            Waiter::Task(task) => {
                let table = self.slots.borrow();
                let place = &table.slots[task.slot as usize];
                if place.generation == task.generation && place.inner.note() {
                    self.ready.borrow_mut().push_back(task);
                }
            }
        }
    }

    #[inline]
    fn next_ready(&self) -> Option<TaskId> {
        let mut ready = self.ready.borrow_mut();
        self.outside.move_into(&mut ready);
        match &mut *self.shuffle.borrow_mut() {
            None => ready.pop_front(),
            Some(_) if ready.is_empty() => None,
            Some(stream) => {
                let place = stream.below(ready.len() as u64) as usize;
                ready.remove(place)
            }
        }
    }

    /// Takes a ready task out of its slot, unless it has ended since it was woken.
    fn take(&self, id: TaskId) -> Option<(Task, Waker)> {
        let mut table = self.slots.borrow_mut();
        let place = &mut table.slots[id.slot as usize];
        if place.generation != id.generation {
            return None;
        }
        let task = place.task.take()?;
        let waker = place.waker.take()?;
        place.inner.clear();
        self.running.set(Some(Running::new(id, &waker)));
        Some((task, waker))
    }

    /// Keeps a task that waits; the task itself comes back if it has aborted itself.
    fn put_back(&self, id: TaskId, task: Task, waker: Waker) -> Option<Task> {
        let mut table = self.slots.borrow_mut();
        let place = &mut table.slots[id.slot as usize];
        place.waker = Some(waker);
        if place.aborted {
            retire(&mut table, id.slot);
            return Some(task);
        }
        place.task = Some(task);
        None
    }

    fn finish(&self, id: TaskId, waker: Waker) {
        let mut table = self.slots.borrow_mut();
        table.slots[id.slot as usize].waker = Some(waker);
        retire(&mut table, id.slot);
    }

    /// Drops all tasks in the order in which they were spawned.
    pub fn drop_all(&self) {
        let slots = std::mem::take(&mut self.slots.borrow_mut().slots);
        let in_order: BTreeMap<u64, Task> =
            slots.into_iter().filter_map(|slot| Some((slot.spawned, slot.task?))).collect();
        for task in in_order.into_values() {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(task)));
        }
    }
}

fn retire(table: &mut Table, slot: u32) {
    let place = &mut table.slots[slot as usize];
    place.generation = place.generation.wrapping_add(1);
    table.free.push(slot);
}

impl Context {
    /// Polls ready tasks until none is left, the budget of polls is, or the node has stopped.
    pub(super) fn run_until_idle(&self) {
        let mut polls = 0;
        while let Some(id) = self.tasks.next_ready() {
            polls += 1;
            if polls > POLL_BUDGET {
                self.emit(Effect::NeverIdle);
                return;
            }
            let Some((mut task, waker)) = self.tasks.take(id) else { continue };
            self.runs();
            let mut poll_context = PollContext::from_waker(&waker);
            let poll = catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(&mut poll_context)));
            match poll {
                Ok(poll) if poll.is_pending() => {
                    let aborted = self.tasks.put_back(id, task, waker);
                    drop(aborted);
                }
                Ok(_) => {
                    drop(task);
                    self.tasks.finish(id, waker);
                }
                Err(_) => {
                    // The node is dead or stops; what its task still holds may panic again when dropped.
                    let report = panics::take_report();
                    self.tasks.finish(id, waker);
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(task)));
                    self.emit(Effect::Panicked(report));
                    return;
                }
            }
            if self.dead.get() {
                return;
            }
        }
    }
}
