//! Channels and locks between tasks of one node: tokio's, which need no runtime.

pub use tokio::sync::{
    AcquireError, Barrier, Mutex, MutexGuard, Notify, OnceCell, OwnedMutexGuard, OwnedSemaphorePermit, RwLock,
    RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit, TryAcquireError, TryLockError, broadcast, mpsc,
    oneshot, watch,
};
