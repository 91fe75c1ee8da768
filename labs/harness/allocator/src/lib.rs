//! What workers allocate with: here and not in each lab, since one binary may link two of them, and not in the harness,
//! which is built without optimisation: every allocation of lab code comes through here, and a quarter of all
//! instructions of a run were this crate's before it was one of its own.

use mimalloc::MiMalloc;
use windtunnel::memory::CountingAllocator;

/// Fast, and with a count of what each node holds.
#[global_allocator]
static ALLOCATOR: CountingAllocator<MiMalloc> = CountingAllocator(MiMalloc);
