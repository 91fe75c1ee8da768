//! What workers allocate with.

use mimalloc::MiMalloc;
use windtunnel::memory::CountingAllocator;

/// Fast, and with a count of what each node holds. A lab makes it the global allocator of every binary that
/// links it.
pub type WorkerAllocator = CountingAllocator<MiMalloc>;

/// The one value of [`WorkerAllocator`].
#[must_use]
pub const fn worker_allocator() -> WorkerAllocator {
    CountingAllocator(MiMalloc)
}
