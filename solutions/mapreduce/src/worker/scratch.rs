//! Files on the worker's disk, by number.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use windtunnel::fs;

/// A file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileNumber(u64);

impl FileNumber {
    /// How it is called.
    pub fn name(self) -> String {
        format!("{:06}", self.0)
    }
}

/// Files of the task at hand.
#[derive(Debug, Default)]
pub struct Scratch {
    last: Cell<u64>,
    files: RefCell<BTreeSet<FileNumber>>,
}

impl Scratch {
    /// An empty disk.
    pub async fn empty() -> io::Result<Self> {
        for name in fs::read_dir(".").await? {
            fs::remove_file(&name).await?;
        }
        Ok(Scratch::default())
    }

    /// A file that is removed with the task.
    pub fn file(&self) -> FileNumber {
        self.last.set(self.last.get() + 1);
        let file = FileNumber(self.last.get());
        self.files.borrow_mut().insert(file);
        file
    }

    /// The file is not the task's any more.
    pub fn forget(&self, file: FileNumber) {
        self.files.borrow_mut().remove(&file);
    }

    /// Removes what the task at hand has left.
    pub async fn clear(&self) {
        remove(self.files.take()).await;
    }

    /// Removes files of the task at hand that it has no use for any more.
    pub async fn remove(&self, files: BTreeSet<FileNumber>) {
        self.files.borrow_mut().retain(|known| !files.contains(known));
        remove(files).await;
    }
}

/// Removes files. What cannot be removed is in nobody's way. Synced, since a disk has to keep what a power loss may bring back: a file
/// is gone for good, and its room free, when that it was removed is on the disk.
async fn remove(files: BTreeSet<FileNumber>) {
    for file in &files {
        let _ = fs::remove_file(&file.name()).await;
    }
    if !files.is_empty() {
        let _ = fs::sync_dir(".").await;
    }
}
