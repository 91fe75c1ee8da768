//! Channels and locks between tasks of one node: tokio's, which need no runtime.
//!
//! All but [`watch`], which is our own behind the same names: tokio's wakes its receivers in an order that
//! it draws from a generator of the process, so that a run would not repeat.

pub mod watch;

pub use tokio::sync::{
    AcquireError, Barrier, Mutex, MutexGuard, Notify, OnceCell, OwnedMutexGuard, OwnedSemaphorePermit, RwLock,
    RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit, TryAcquireError, TryLockError, broadcast, mpsc,
    oneshot,
};
