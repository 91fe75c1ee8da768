//! Disk operations that a node waits for.

use super::context::{Context, current};
use super::ready::Waiter;
use super::window::Window;
use crate::line::{DiskReply, DiskRequest, DiskResult, Effect, FileId, OperationId};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;

/// Operations in flight, and the numbers of open files.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    opened: Cell<u64>,
    waiting: RefCell<Window<Wait>>,
}

#[derive(Debug, Default)]
struct Wait {
    result: Option<DiskResult>,
    waiter: Waiter,
}

impl Operations {
    /// A number for a file that is about to be opened.
    pub fn next_file(&self) -> FileId {
        self.opened.set(self.opened.get() + 1);
        FileId(self.opened.get())
    }

    fn begin(&self) -> OperationId {
        OperationId(self.waiting.borrow_mut().push(Wait::default()))
    }

    fn forget(&self, operation: OperationId) {
        let wait = self.waiting.borrow_mut().remove(operation.0);
        drop(wait);
    }

    /// The world says how an operation ended; who is to be woken.
    pub(super) fn ended(&self, operation: OperationId, result: DiskResult) -> Waiter {
        let mut waiting = self.waiting.borrow_mut();
        let Some(wait) = waiting.get_mut(operation.0) else { return Waiter::Nobody };
        wait.result = Some(result);
        std::mem::take(&mut wait.waiter)
    }
}

/// Begins an operation now, and waits for its end. Dropping the future does not stop the operation.
pub(crate) fn begin(request: DiskRequest) -> impl Future<Output = std::io::Result<DiskReply>> {
    let context = current();
    let operation = context.operations.begin();
    context.emit(Effect::Disk { operation, request });
    let pending = Pending { context, operation };
    async move {
        poll_fn(|poll_context| {
            let mut waiting = pending.context.operations.waiting.borrow_mut();
            let Some(wait) = waiting.get_mut(pending.operation.0) else { return Poll::Pending };
            match wait.result.take() {
                Some(result) => Poll::Ready(result),
                None => {
                    wait.waiter = pending.context.tasks.waiter(poll_context.waker());
                    Poll::Pending
                }
            }
        })
        .await
        .map_err(Into::into)
    }
}

/// Begins an operation whose end nobody waits for.
pub(crate) fn begin_and_forget(context: &Context, request: DiskRequest) {
    let operation = context.operations.begin();
    context.operations.forget(operation);
    context.emit(Effect::Disk { operation, request });
}

struct Pending {
    context: Rc<Context>,
    operation: OperationId,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.context.operations.forget(self.operation);
    }
}
