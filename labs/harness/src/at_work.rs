//! Clients at work beside a test body: they end when nobody holds them any more.

use crate::failed::TestResult;
use std::future::Future;
use std::time::Duration;
use windtunnel::spawn;
use windtunnel::task::JoinHandle;

/// A client whose node is down asks again after.
pub const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Clients at work, until this is dropped. What they had asked is still on its way then.
#[derive(Debug, Default)]
#[must_use = "they work until this is dropped"]
pub struct AtWork(Vec<JoinHandle<()>>);

impl AtWork {
    /// Sets clients to work.
    pub fn begin<F: Future<Output = ()> + 'static>(clients: impl IntoIterator<Item = F>) -> Self {
        AtWork(clients.into_iter().map(spawn).collect())
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Lets all of them do the same at the same time.
///
/// # Errors
/// With the first failure, in the order of the clients.
pub async fn everybody<C: Clone, F: Future<Output = TestResult> + 'static>(
    clients: &[C],
    what: impl Fn(C) -> F,
) -> TestResult {
    let tasks: Vec<_> = clients.iter().map(|client| spawn(what(client.clone()))).collect();
    for task in tasks {
        task.await.expect("nobody aborts it")?;
    }
    Ok(())
}
