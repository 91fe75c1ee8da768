//! Tasks of a node: [`spawn`], [`JoinHandle`], [`yield_now`].
//!
//! A node is single-threaded: tasks interleave at `.await` and nowhere else, and futures need not
//! be `Send`. A panic in any task is the end of the node.

use crate::executor::context::{Context, current};
use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as PollContext, Poll, Waker};

/// Runs a future as a task of this node.
///
/// The task runs on when the handle is dropped.
///
/// # Panics
/// Outside of a node.
pub fn spawn<T: 'static>(future: impl Future<Output = T> + 'static) -> JoinHandle<T> {
    let context = current();
    let outcome = Rc::new(RefCell::new(Outcome { value: None, ended: false, waker: None }));
    if context.dead.get() {
        outcome.borrow_mut().ended = true;
        return JoinHandle { context, task: (0, u32::MAX), outcome };
    }
    let promise = Promise(outcome.clone());
    let task = context.tasks.spawn(Box::pin(async move {
        let value = future.await;
        promise.0.borrow_mut().value = Some(value);
    }));
    JoinHandle { context, task, outcome }
}

struct Outcome<T> {
    value: Option<T>,
    ended: bool,
    waker: Option<Waker>,
}

/// Tells the handle when the task ends, however it ends.
struct Promise<T>(Rc<RefCell<Outcome<T>>>);

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        let waker = {
            let mut outcome = self.0.borrow_mut();
            outcome.ended = true;
            outcome.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Waits for a task, or ends it.
pub struct JoinHandle<T> {
    context: Rc<Context>,
    task: (u32, u32),
    outcome: Rc<RefCell<Outcome<T>>>,
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("task", &self.task).finish_non_exhaustive()
    }
}

impl<T> JoinHandle<T> {
    /// Drops the task at its last `.await`, if it has not ended. A task that aborts itself runs on
    /// to its next `.await`.
    pub fn abort(&self) {
        if !self.context.dead.get() {
            self.context.tasks.abort(self.task.0, self.task.1);
        }
    }

    /// Whether the task has ended, by itself or by [`abort`](JoinHandle::abort).
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.outcome.borrow().ended
    }
}

/// The task was aborted before it had a value. (A task that panics ends its node, so nobody is
/// left to see that.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the task was aborted")]
pub struct Aborted;

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, Aborted>;

    fn poll(self: Pin<&mut Self>, poll_context: &mut PollContext<'_>) -> Poll<Self::Output> {
        let mut outcome = self.outcome.borrow_mut();
        if let Some(value) = outcome.value.take() {
            return Poll::Ready(Ok(value));
        }
        if outcome.ended {
            return Poll::Ready(Err(Aborted));
        }
        outcome.waker = Some(poll_context.waker().clone());
        Poll::Pending
    }
}

/// Lets all other ready tasks of the node run first.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|poll_context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        poll_context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
