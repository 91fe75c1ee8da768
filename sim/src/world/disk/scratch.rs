//! Where the bytes of simulated files are, if they are not to fill the memory: a file of the machine that simulates.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of a block.
pub(super) const BLOCK: usize = 32 << 10;

/// A file on the real disk that takes the bytes of all simulated files. It has no name, so nothing of it is left
/// whatever happens to the process. Cheap to clone; many runs may share one.
#[derive(Clone, Debug)]
pub struct Scratch(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    numbers: Mutex<Numbers>,
}

/// Which blocks of the file are taken: those below `next`, but for the free ones.
#[derive(Debug, Default)]
struct Numbers {
    next: u64,
    free: Vec<u64>,
}

impl Scratch {
    /// A scratch file below this directory.
    ///
    /// # Errors
    /// If there can be none.
    pub fn below(directory: &Path) -> io::Result<Scratch> {
        let free =
            (0..).map(|number: u32| directory.join(format!("windtunnel-scratch-{}-{number}", std::process::id())));
        for path in free {
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => {
                    std::fs::remove_file(&path)?;
                    return Ok(Scratch(Arc::new(Inner { file, numbers: Mutex::default() })));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        unreachable!("there are numbers without end")
    }

    /// Bytes that are taken, at this moment.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let numbers = self.numbers();
        (numbers.next - numbers.free.len() as u64) * BLOCK as u64
    }

    /// A block that nobody has.
    pub(super) fn place(&self) -> Place {
        let mut numbers = self.numbers();
        let number = numbers.free.pop().unwrap_or_else(|| {
            numbers.next += 1;
            numbers.next - 1
        });
        Place { scratch: self.clone(), number }
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.0.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A block of the file. Free again once it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    scratch: Scratch,
    number: u64,
}

impl Place {
    /// Reads what is `from` bytes behind the block's beginning, and was written.
    pub fn read(&self, from: usize, to: &mut [u8]) {
        let read = self.scratch.0.file.read_exact_at(to, self.offset(from));
        read.expect("a scratch file gives what was written to it");
    }

    pub fn write(&self, from: usize, data: &[u8]) -> io::Result<()> {
        self.scratch.0.file.write_all_at(data, self.offset(from))
    }

    const fn offset(&self, from: usize) -> u64 {
        self.number * BLOCK as u64 + from as u64
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.scratch.numbers().free.push(self.number);
    }
}
