//! Counts the heap that lab code holds: [`CountingAllocator`].
//!
//! A binary that wants the count makes it its global allocator. Each thread counts for itself, and
//! the world reads the count around every step, so that it knows what each node holds. Where no
//! binary does, all counts are zero.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering::Relaxed};

/// A setting of the process, which no decision ever reads.
static SIMULATION_LIMIT: AtomicI64 = AtomicI64::new(i64::MAX);
/// How the process ends when a thread reaches its limit; 0 for a refusal, which std makes an abort.
static STATUS_AT_LIMIT: AtomicU8 = AtomicU8::new(0);

thread_local! {
    /// Bytes that this thread has allocated and not freed; memory that moves between threads makes
    /// it lie on both, so simulations keep to one.
    static HELD: Cell<i64> = const { Cell::new(0) };
    /// What the thread may hold.
    static LIMIT: Cell<i64> = const { Cell::new(i64::MAX) };
}

/// Another allocator, with a count and a limit for each thread.
///
/// ```
/// use std::alloc::System;
/// use windtunnel::memory::CountingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator<System> = CountingAllocator(System);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator<A>(pub A);

/// Bytes that this thread has allocated and not freed.
#[must_use]
pub fn held() -> i64 {
    HELD.get()
}

/// Lets the thread of every simulation that begins from now on hold so many bytes and no more: past
/// that an allocation fails, which ends the process, and the progress page says why.
pub fn set_limit_of_simulations(bytes: Option<u64>) {
    let limit = bytes.and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or(i64::MAX);
    SIMULATION_LIMIT.store(limit, Relaxed);
}

/// What [`set_limit_of_simulations`] set last.
pub(crate) fn limit_of_simulations() -> Option<u64> {
    u64::try_from(SIMULATION_LIMIT.load(Relaxed)).ok().filter(|bytes| *bytes < i64::MAX as u64)
}

/// This process is one node, and ends with `status` once its thread would hold more than that.
pub(crate) fn end_process_beyond(bytes: Option<u64>, status: u8) {
    set_limit_of_simulations(bytes);
    STATUS_AT_LIMIT.store(status, Relaxed);
    begin_simulation();
}

/// The thread of a simulation begins: its limit counts from here.
pub(crate) fn begin_simulation() {
    LIMIT.set(held().saturating_add(SIMULATION_LIMIT.load(Relaxed)));
}

#[inline]
fn may_grow(by: usize) -> bool {
    let held = HELD.get().saturating_add_unsigned(by as u64);
    if held > LIMIT.get() {
        refuse();
        return false;
    }
    HELD.set(held);
    true
}

#[cold]
fn refuse() {
    crate::progress::note_memory_limit();
    if let status @ 1.. = STATUS_AT_LIMIT.load(Relaxed) {
        // SAFETY: `_exit` ends the process at once and touches nothing of it.
        unsafe { libc::_exit(i32::from(status)) }
    }
}

#[inline]
fn shrink(by: usize) {
    HELD.set(HELD.get().saturating_sub_unsigned(by as u64));
}

// SAFETY: every call goes on to the allocator inside with the arguments as they came; the counters are plain
// cells with constant initialisers, so touching them allocates nothing.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !may_grow(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !may_grow(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrink(layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { self.0.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if !may_grow(new_size.saturating_sub(layout.size())) {
            return std::ptr::null_mut();
        }
        shrink(layout.size().saturating_sub(new_size));
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { self.0.realloc(pointer, layout, new_size) }
    }
}
