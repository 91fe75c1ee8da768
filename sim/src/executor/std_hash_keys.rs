//! Keys of std's hash maps, kept apart per incarnation.
//!
//! std keeps one pair of keys a thread and counts it up with every `HashMap`, so one more map
//! anywhere would change the iteration order of all others: on other nodes, in the harness. Around
//! every step the keys of the thread are swapped for those of the node.
//! Where that cannot be done (other systems than Linux on x86-64, or a std that keeps its keys
//! elsewhere), [`are_kept_apart`] says so, and hash order of std's maps is out of the promise;
//! `windtunnel::collections` keeps it everywhere.

use std::cell::Cell;

/// The keys of one incarnation while another one runs.
#[derive(Debug)]
pub(crate) struct HashKeys(Cell<(u64, u64)>);

impl HashKeys {
    pub const fn new(first: u64, second: u64) -> Self {
        HashKeys(Cell::new((first, second)))
    }
}

/// Puts the thread's own keys back when dropped.
pub(super) struct SwappedKeys<'a> {
    keys: &'a HashKeys,
    place: Option<cell::Place>,
}

impl<'a> SwappedKeys<'a> {
    pub fn swap_in(keys: &'a HashKeys) -> Self {
        let place = cell::place();
        cell::swap(place, &keys.0);
        SwappedKeys { keys, place }
    }
}

impl Drop for SwappedKeys<'_> {
    fn drop(&mut self) {
        cell::swap(self.place, &self.keys.0);
    }
}

/// Whether each incarnation has keys of its own for std's hash maps on this machine.
#[must_use]
pub fn are_kept_apart() -> bool {
    cell::place().is_some()
}

#[cfg(not(all(feature = "sim", target_os = "linux", target_arch = "x86_64")))]
mod cell {
    use std::cell::Cell;

    #[derive(Clone, Copy)]
    pub enum Place {}

    pub const fn swap(_place: Option<Place>, _keys: &Cell<(u64, u64)>) {}

    pub const fn place() -> Option<Place> {
        None
    }
}

#[cfg(all(feature = "sim", target_os = "linux", target_arch = "x86_64"))]
#[allow(unsafe_code)]
mod cell {
    //! Finds the thread-local cell in which std keeps its keys, by looking for their value in the
    //! thread-local block: `RandomState::new()` hands out the keys and counts the first one up.

    use std::arch::asm;
    use std::cell::Cell;
    use std::hash::RandomState;

    type Keys = (u64, u64);

    thread_local! {
        /// Where the cell is: not looked for yet, not found, or its address.
        static PLACE: Cell<Option<Option<*mut Keys>>> = const { Cell::new(None) };
    }

    /// Where std keeps the keys of this thread.
    pub type Place = *mut Keys;

    #[inline]
    pub fn swap(place: Option<Place>, keys: &Cell<Keys>) {
        if let Some(place) = place {
            // SAFETY: `find` has verified twice that this aligned address inside this thread's own
            // thread-local block holds std's keys; only this thread can reach it, and std holds no
            // reference into it outside of `RandomState::new`, which is not running now.
            unsafe { keys.set(place.replace(keys.get())) };
        }
    }

    #[inline]
    pub fn place() -> Option<Place> {
        PLACE.with(|cell| {
            cell.get().unwrap_or_else(|| {
                let found = find();
                cell.set(Some(found));
                found
            })
        })
    }

    /// The keys of a fresh `RandomState`.
    fn fresh() -> Option<Keys> {
        const { assert!(size_of::<RandomState>() == size_of::<Keys>()) };
        let state = RandomState::new();
        // SAFETY: the size is checked above; any 16 initialised bytes are a pair of integers. If std
        // ever lays its keys out otherwise, the search below finds nothing.
        Some(unsafe { std::mem::transmute::<RandomState, Keys>(state) })
    }

    fn find() -> Option<*mut Keys> {
        let (start, end) = thread_local_block()?;
        let first = fresh()?;
        let candidates: Vec<usize> =
            (start..end - size_of::<Keys>()).step_by(8).filter(|address| holds_next_of(*address, first)).collect();
        let second = fresh()?;
        match candidates.iter().filter(|address| holds_next_of(**address, second)).collect::<Vec<_>>()[..] {
            [address] => Some(*address as *mut Keys),
            _ => None,
        }
    }

    /// Whether the words at `address` are what std's cell holds after it has handed out `keys`.
    fn holds_next_of(address: usize, keys: Keys) -> bool {
        // SAFETY: `address` lies inside this thread's own thread-local block and is aligned to 8.
        let held = unsafe { (address as *const Keys).read_volatile() };
        held == (keys.0.wrapping_add(1), keys.1)
    }

    /// The static thread-local block of the main program on this thread: it ends at the thread
    /// pointer (x86-64 psABI, TLS variant II) and is as long as its program header says.
    fn thread_local_block() -> Option<(usize, usize)> {
        let mut size_and_alignment = (0usize, 1usize);
        // SAFETY: the callback only reads the program headers it is given and writes the pair behind
        // `data`, which outlives the call.
        unsafe { libc::dl_iterate_phdr(Some(first_tls_header), (&raw mut size_and_alignment).cast()) };
        let (size, alignment) = size_and_alignment;
        if size == 0 {
            return None;
        }
        let thread_pointer: usize;
        // SAFETY: on Linux x86-64 the word at fs:0 is the thread pointer itself.
        unsafe { asm!("mov {}, fs:0", out(reg) thread_pointer, options(nostack, preserves_flags, readonly)) };
        Some((thread_pointer - size.next_multiple_of(alignment), thread_pointer))
    }

    unsafe extern "C" fn first_tls_header(
        info: *mut libc::dl_phdr_info,
        _size: usize,
        data: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the loader hands over a valid description of one loaded object; `data` is the pair.
        unsafe {
            let info = &*info;
            for index in 0..usize::from(info.dlpi_phnum) {
                let header = &*info.dlpi_phdr.add(index);
                if header.p_type == libc::PT_TLS {
                    *data.cast::<(usize, usize)>() = (header.p_memsz as usize, header.p_align.max(1) as usize);
                }
            }
        }
        1 // the first object is the main program: stop
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_types)] // std's maps are the subject
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn order() -> Vec<u32> {
        (0..100).map(|i| (i, ())).collect::<HashMap<u32, ()>>().into_keys().collect()
    }

    #[test]
    #[cfg(all(feature = "sim", target_os = "linux", target_arch = "x86_64"))]
    fn maps_of_a_node_have_an_order_of_their_own() {
        assert!(are_kept_apart());
        let under = |keys: (u64, u64), maps_before: u32| {
            (0..maps_before).for_each(|_| drop(order()));
            let keys = HashKeys::new(keys.0, keys.1);
            let _swapped = SwappedKeys::swap_in(&keys);
            order()
        };
        assert_eq!(under((1, 2), 0), under((1, 2), 7), "other maps of the thread change nothing");
        assert_ne!(under((1, 2), 0), under((1, 3), 0));
    }
}
