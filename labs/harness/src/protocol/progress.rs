//! The file by which a worker shows where it is, even when it can say nothing any more.
//!
//! `cargo lab` makes the file ([`create`]) and names it in the environment variable [`VARIABLE`];
//! the worker maps it shared and writes words with relaxed atomic stores; `cargo lab` reads it with
//! ordinary reads ([`read`]). It is [`LENGTH`] bytes: little-endian words of 64 bits, whose places
//! [`windtunnel::progress`] defines.
//!
//! | word | constant | what |
//! |---|---|---|
//! | 0 | [`MAGIC_WORD`] | [`MAGIC`], written by `cargo lab` |
//! | 1 | [`RUN`] | how many runs the worker has begun; 0 before the first |
//! | 2 | [`SEED`] | the seed of that run |
//! | 3 | [`EVENT`] | the number of the event that is being handled, 0 before the first |
//! | 4 | [`NODE`] | the node that handles it, 0 for the tester |
//! | 5 | [`TIME`] | virtual time in nanoseconds |
//! | 6 | [`FLAGS`] | bits: [`FLAG_MEMORY`] |
//!
//! At the start of a run the worker stores seed, event 0, node 0, time 0, flags 0, and then the run.
//! A run that stands at one event for longer than the watchdog's patience never yields.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
pub use windtunnel::progress::{EVENT, FLAG_MEMORY, FLAGS, NODE, RUN, SEED, TIME, WORDS};

/// The environment variable that holds the path of the file. Without it a worker shows nothing.
pub const VARIABLE: &str = "WINDTUNNEL_PROGRESS";
/// What the first word holds: `windtunl` in ASCII.
pub const MAGIC: u64 = u64::from_le_bytes(*b"windtunl");
/// Bytes in the file.
pub const LENGTH: usize = WORDS * 8;

/// Index of the word that holds [`MAGIC`].
pub const MAGIC_WORD: usize = 0;
const _: () = assert!(MAGIC_WORD < RUN, "the simulator's words begin behind ours");

/// Where a worker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many runs it has begun.
    pub run: u64,
    /// The seed of the last one.
    pub seed: u64,
    /// The event it is at.
    pub event: u64,
    /// The node that handles it.
    pub node: u64,
    /// Virtual time in nanoseconds.
    pub at_ns: u64,
    /// Bits, such as [`FLAG_MEMORY`].
    pub flags: u64,
}

impl Progress {
    /// Whether the worker ran out of the memory it may use.
    #[must_use]
    pub const fn out_of_memory(&self) -> bool {
        self.flags & FLAG_MEMORY != 0
    }
}

/// Makes the file for a new worker.
pub fn create(path: &Path) -> io::Result<()> {
    let mut bytes = [0; LENGTH];
    bytes[..8].copy_from_slice(&MAGIC.to_le_bytes());
    std::fs::File::create(path)?.write_all(&bytes)
}

/// Reads the file. Words may be of two events next to each other: good enough to name a place.
pub fn read(path: &Path) -> io::Result<Progress> {
    let mut bytes = [0; LENGTH];
    std::fs::File::open(path)?.read_exact(&mut bytes)?;
    let word = |index: usize| {
        let start = index * 8;
        bytes[start..start + 8].iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
    };
    if word(MAGIC_WORD) != MAGIC {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a progress file"));
    }
    Ok(Progress {
        run: word(RUN),
        seed: word(SEED),
        event: word(EVENT),
        node: word(NODE),
        at_ns: word(TIME),
        flags: word(FLAGS),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_stands_at_nothing_and_words_are_read_where_the_table_says() {
        let path = std::env::temp_dir().join(format!("windtunnel-progress-{}", std::process::id()));
        create(&path).unwrap();
        assert_eq!(read(&path).unwrap(), Progress::default());

        let mut bytes = std::fs::read(&path).unwrap();
        for index in 1..WORDS {
            bytes[index * 8..index * 8 + 8].copy_from_slice(&(index as u64 * 1_000).to_le_bytes());
        }
        std::fs::write(&path, &bytes).unwrap();
        let expected = Progress { run: 1_000, seed: 2_000, event: 3_000, node: 4_000, at_ns: 5_000, flags: 6_000 };
        assert_eq!(read(&path).unwrap(), expected);

        bytes[0] = 0;
        std::fs::write(&path, &bytes).unwrap();
        assert!(read(&path).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
