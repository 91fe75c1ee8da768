//! What workers allocate with: here and not in each lab, since one binary may link two of them.

use mimalloc::MiMalloc;
use windtunnel::memory::CountingAllocator;

/// Fast, and with a count of what each node holds.
#[global_allocator]
static ALLOCATOR: CountingAllocator<MiMalloc> = CountingAllocator(MiMalloc);
