//! A meeting point of tasks, woken in the order in which they came.

use std::cell::Cell;
use tokio::sync::Notify;

/// Lets tasks wait until as many of them have come as it was made for; then all go on, and it can be used again.
///
/// ```no_run
/// # use windtunnel::sync::Barrier;
/// # async fn example(barrier: std::rc::Rc<Barrier>) {
/// if barrier.wait().await.is_leader() {
///     // One of those who met, the last to come.
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Barrier {
    parties: usize,
    waiting: Cell<usize>,
    complete: Notify,
}

/// What [`Barrier::wait`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult {
    is_leader: bool,
}

impl BarrierWaitResult {
    /// Whether this task came last: true for one of each meeting.
    #[must_use]
    pub const fn is_leader(&self) -> bool {
        self.is_leader
    }
}

impl Barrier {
    /// A meeting point for so many tasks; none count as one.
    #[must_use]
    pub fn new(parties: usize) -> Self {
        Barrier { parties: parties.max(1), waiting: Cell::new(0), complete: Notify::new() }
    }

    /// Waits until all have come. A task that gives up counts all the same.
    pub async fn wait(&self) -> BarrierWaitResult {
        let come = self.waiting.get() + 1;
        let is_leader = come == self.parties;
        if is_leader {
            self.waiting.set(0);
            self.complete.notify_waiters();
        } else {
            self.waiting.set(come);
            self.complete.notified().await;
        }
        BarrierWaitResult { is_leader }
    }
}
