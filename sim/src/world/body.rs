//! How a tester's body is run, in the tunnel and in flight: on a thread of its own, as the main of a node whose result
//! is kept.

use super::tester::{Shared, Tester};
use crate::executor::{Executor, install_panic_hook, panics};
use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Once;

/// Runs something on a thread of its own, with fresh thread-locals. A panic comes out here, and its payload is a
/// [`PanicReport`](crate::line::PanicReport) that names the place.
pub(crate) fn on_a_thread_of_its_own<T: Send>(name: &str, run: impl FnOnce() -> T + Send) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(install_panic_hook);
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name(name.into())
            .spawn_scoped(scope, || catch_unwind(AssertUnwindSafe(run)).map_err(|_| panics::take_report()))
            .expect("the system has a thread to spare")
            .join()
            .expect("the thread catches all panics")
            .unwrap_or_else(|report| std::panic::resume_unwind(Box::new(report)))
    })
}

/// The node that runs a body, and where its result will be.
pub(crate) fn tester_of<T: 'static, F: Future<Output = T> + 'static>(
    body: impl FnOnce(Tester) -> F + 'static,
    shared: &Rc<Shared>,
) -> (Executor, Rc<RefCell<Option<T>>>) {
    let result: Rc<RefCell<Option<T>>> = Rc::default();
    let (place, shared) = (result.clone(), shared.clone());
    let tester = Executor::with_main(move || {
        let body = body(Tester::of_current(shared.clone()));
        Box::pin(async move {
            let value = body.await;
            *place.borrow_mut() = Some(value);
            shared.finished.set(true);
        })
    });
    (tester, result)
}
