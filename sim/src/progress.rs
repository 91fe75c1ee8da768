//! Where a worker is, in a page of memory that its parent can still read when the worker is dead.
//!
//! Lab code may overflow the stack, abort or never yield; then no message can say where it
//! happened. So each step stores its event, node and time into a mapped file, if the binary has
//! attached one (`attach`, with feature `sim`). It is the one thing of the process that all
//! simulations share, and no decision ever reads it.
//!
//! The page is little-endian words of 64 bits, at these places; whoever reads it needs no more than
//! the constants.

/// Words of the page. The first, at place 0, is the reader's own.
pub const WORDS: usize = 7;
/// The number of runs begun.
pub const RUN: usize = 1;
/// The seed of the run.
pub const SEED: usize = 2;
/// The event that is being handled, 0 before the first.
pub const EVENT: usize = 3;
/// The node that handles it, 0 for the tester.
pub const NODE: usize = 4;
/// Virtual time in nanoseconds.
pub const TIME: usize = 5;
/// Bits: [`FLAG_MEMORY`].
pub const FLAGS: usize = 6;

/// Flag: an allocation was refused because the limit was reached.
pub const FLAG_MEMORY: u64 = 1;

#[cfg(all(feature = "sim", madsim))]
pub use page::{attach, begin_run};
#[cfg(all(feature = "sim", madsim))]
pub(crate) use page::{note_memory_limit, step};

#[cfg(all(feature = "sim", madsim))]
mod page {
    #![allow(unsafe_code)]

    use super::{EVENT, FLAG_MEMORY, FLAGS, NODE, RUN, SEED, TIME, WORDS};
    use crate::units::{EventNumber, Nanos, NodeId, Seed};
    use rustix::mm::{MapFlags, ProtFlags, mmap};
    use std::fs::File;
    use std::io;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    static PAGE: OnceLock<&'static [AtomicU64; WORDS]> = OnceLock::new();

    /// Shows progress in this file from now on. A second call changes nothing.
    ///
    /// # Errors
    /// When the file is shorter than the page, or cannot be mapped.
    pub fn attach(file: &File) -> io::Result<()> {
        if file.metadata()?.len() < size_of::<[AtomicU64; WORDS]>() as u64 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the progress file is too short"));
        }
        // SAFETY: a new shared mapping at an address of the kernel's choice, of a file that is long
        // enough; it is never unmapped, so references into it may live for ever. Others may write to it,
        // which atomics allow.
        let page = unsafe {
            let length = size_of::<[AtomicU64; WORDS]>();
            let address =
                mmap(std::ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, file, 0)?;
            &*address.cast::<[AtomicU64; WORDS]>()
        };
        PAGE.get_or_init(|| page);
        Ok(())
    }

    /// A run begins.
    pub fn begin_run(seed: Seed) {
        if let Some(page) = PAGE.get() {
            page[SEED].store(seed.0, Relaxed);
            for word in [EVENT, NODE, TIME, FLAGS] {
                page[word].store(0, Relaxed);
            }
            page[RUN].fetch_add(1, Relaxed);
        }
    }

    /// A step begins.
    #[inline]
    pub(crate) fn step(event: EventNumber, node: NodeId, at: Nanos) {
        if let Some(page) = PAGE.get() {
            page[EVENT].store(event.0, Relaxed);
            page[NODE].store(u64::from(node.0), Relaxed);
            page[TIME].store(at.0, Relaxed);
        }
    }

    /// An allocation was refused because the limit was reached.
    pub(crate) fn note_memory_limit() {
        if let Some(page) = PAGE.get() {
            page[FLAGS].fetch_or(FLAG_MEMORY, Relaxed);
        }
    }
}
