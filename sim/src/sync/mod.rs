//! Channels and locks between tasks of one node: tokio's, which need no runtime.
//!
//! All but [`watch`] and [`Barrier`], which are our own behind the same names: tokio's wake whoever waits in an order
//! drawn from a generator of the process, so that a run would not repeat.

mod barrier;
pub mod watch;

pub use barrier::{Barrier, BarrierWaitResult};

pub use tokio::sync::{
    AcquireError, Mutex, MutexGuard, Notify, OnceCell, OwnedMutexGuard, OwnedSemaphorePermit, RwLock, RwLockReadGuard,
    RwLockWriteGuard, Semaphore, SemaphorePermit, TryAcquireError, TryLockError, broadcast, mpsc, oneshot,
};
