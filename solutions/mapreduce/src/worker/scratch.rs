//! Names of files on the worker's disk.

use std::cell::{Cell, RefCell};
use std::io;
use windtunnel::fs;

/// Files of the task at hand.
#[derive(Debug, Default)]
pub struct Scratch {
    names: Cell<u64>,
    files: RefCell<Vec<String>>,
}

impl Scratch {
    /// An empty disk.
    pub async fn empty() -> io::Result<Self> {
        for name in fs::read_dir(".").await? {
            fs::remove_file(&name).await?;
        }
        Ok(Scratch::default())
    }

    /// The name of a file that is removed with the task.
    pub fn name(&self) -> String {
        self.names.set(self.names.get() + 1);
        let name = format!("{:06}", self.names.get());
        self.files.borrow_mut().push(name.clone());
        name
    }

    /// The file is to stay after all.
    pub fn keep(&self, name: &str) {
        self.files.borrow_mut().retain(|known| known != name);
    }

    /// Removes what the task at hand has left.
    pub async fn clear(&self) {
        remove(self.files.take()).await;
    }

    /// Removes files of the task at hand that it has no use for any more.
    pub async fn remove(&self, names: Vec<String>) {
        self.files.borrow_mut().retain(|known| !names.contains(known));
        remove(names).await;
    }
}

/// Removes files. What cannot be removed is in nobody's way. Synced, since a disk has to keep what a power loss may bring back: a file
/// is gone for good, and its room free, when that it was removed is on the disk.
async fn remove(names: Vec<String>) {
    for name in &names {
        let _ = fs::remove_file(name).await;
    }
    if !names.is_empty() {
        let _ = fs::sync_dir(".").await;
    }
}
