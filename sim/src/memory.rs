//! Counts the heap that lab code holds: [`CountingAllocator`].
//!
//! A binary that wants the count makes it its global allocator. Each thread counts for itself, and
//! the world reads the count around every step, so that it knows what each node holds. Where no
//! binary does, all counts are zero.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// A setting of the process, which no decision ever reads.
static SIMULATION_LIMIT: AtomicI64 = AtomicI64::new(i64::MAX);

thread_local! {
    /// Bytes that this thread has allocated and not freed; memory that moves between threads makes
    /// it lie on both, so simulations keep to one.
    static HELD: Cell<i64> = const { Cell::new(0) };
    /// What the thread may hold.
    static LIMIT: Cell<i64> = const { Cell::new(i64::MAX) };
}

/// The system's allocator, with a count and a limit for each thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator;

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

/// The thread of a simulation begins: its limit counts from here.
pub(crate) fn begin_simulation() {
    LIMIT.set(held().saturating_add(SIMULATION_LIMIT.load(Relaxed)));
}

fn may_grow(by: usize) -> bool {
    let held = HELD.get().saturating_add_unsigned(by as u64);
    if held > LIMIT.get() {
        crate::progress::note_memory_limit();
        return false;
    }
    HELD.set(held);
    true
}

fn shrink(by: usize) {
    HELD.set(HELD.get().saturating_sub_unsigned(by as u64));
}

// SAFETY: every call goes on to `System` with the arguments as they came; the counters are plain
// cells with constant initialisers, so touching them allocates nothing.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !may_grow(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !may_grow(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrink(layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if !may_grow(new_size.saturating_sub(layout.size())) {
            return std::ptr::null_mut();
        }
        shrink(layout.size().saturating_sub(new_size));
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}
