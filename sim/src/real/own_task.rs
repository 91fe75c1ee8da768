//! A task that ends with its owner.

use std::future::Future;
use tokio::task::{JoinHandle, spawn_local};

/// A task of the runtime, ended when this is dropped.
#[derive(Debug)]
pub struct OwnTask(JoinHandle<()>);

impl OwnTask {
    pub fn spawn(future: impl Future<Output = ()> + 'static) -> Self {
        OwnTask(spawn_local(future))
    }

    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for OwnTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
