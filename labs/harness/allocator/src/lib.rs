//! What workers allocate with: fast, and with a count of what each node holds.
//!
//! Here and not in each lab, since one binary may link two of them. Not in the harness, which is built fast and not made
//! fast: these few lines are a quarter of a run then.

#![forbid(unsafe_code)]

use mimalloc::MiMalloc;
use windtunnel::memory::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator<MiMalloc> = CountingAllocator(MiMalloc);
