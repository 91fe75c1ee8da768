//! Files and directories by number. Numbers of the dead are used again, always in the same order.

use super::content::Content;
use std::collections::BTreeMap;

/// The number of a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InodeNumber(u32);

/// The node's own root: always there, always durable.
pub(super) const ROOT: InodeNumber = InodeNumber(0);

/// Names and what they stand for.
pub(super) type Entries = BTreeMap<Box<str>, InodeNumber>;

/// A directory: its names in the page cache, and its names on the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    pub cached: Entries,
    pub durable: Entries,
}

/// A file or a directory.
#[derive(Clone, Debug)]
pub(super) enum Body {
    File(Content),
    Directory(Directory),
}

/// A file or a directory, and who holds it.
#[derive(Clone, Debug)]
pub(super) struct Inode {
    pub body: Body,
    /// Whether a name in the page cache stands for it.
    pub linked: bool,
    /// How often it is open.
    pub handles: u32,
}

impl Inode {
    /// Bytes that count against the capacity: those of a file with a name, or still open.
    pub fn bytes_used(&self) -> u64 {
        match &self.body {
            Body::File(content) if self.linked || self.handles > 0 => content.length(),
            _ => 0,
        }
    }
}

/// All files and directories of a disk.
#[derive(Clone, Debug)]
pub(super) struct Inodes {
    slots: Vec<Option<Inode>>,
    free: Vec<u32>,
}

impl Inodes {
    pub fn new() -> Self {
        let root = Inode { body: Body::Directory(Directory::default()), linked: true, handles: 0 };
        Inodes { slots: vec![Some(root)], free: Vec::new() }
    }

    pub fn add(&mut self, body: Body) -> InodeNumber {
        let inode = Some(Inode { body, linked: true, handles: 0 });
        if let Some(number) = self.free.pop() {
            self.slots[number as usize] = inode;
            return InodeNumber(number);
        }
        self.slots.push(inode);
        InodeNumber((self.slots.len() - 1) as u32)
    }

    pub fn get(&self, number: InodeNumber) -> &Inode {
        self.slots[number.0 as usize].as_ref().expect("an inode that is referred to is in the table")
    }

    pub fn get_mut(&mut self, number: InodeNumber) -> &mut Inode {
        self.slots[number.0 as usize].as_mut().expect("an inode that is referred to is in the table")
    }

    pub fn directory(&self, number: InodeNumber) -> Option<&Directory> {
        match &self.get(number).body {
            Body::Directory(directory) => Some(directory),
            Body::File(_) => None,
        }
    }

    pub fn directory_mut(&mut self, number: InodeNumber) -> Option<&mut Directory> {
        match &mut self.get_mut(number).body {
            Body::Directory(directory) => Some(directory),
            Body::File(_) => None,
        }
    }

    pub fn file(&self, number: InodeNumber) -> Option<&Content> {
        match &self.get(number).body {
            Body::File(content) => Some(content),
            Body::Directory(_) => None,
        }
    }

    pub fn file_mut(&mut self, number: InodeNumber) -> Option<&mut Content> {
        match &mut self.get_mut(number).body {
            Body::File(content) => Some(content),
            Body::Directory(_) => None,
        }
    }

    /// The numbers in use, in order.
    pub fn numbers(&self) -> impl Iterator<Item = InodeNumber> + use<> {
        let used: Vec<u32> = (0..self.slots.len() as u32).filter(|at| self.slots[*at as usize].is_some()).collect();
        used.into_iter().map(InodeNumber)
    }

    /// Forgets all that cannot be reached from the root or `held`, by names cached or durable.
    pub fn forget_unreachable(&mut self, held: impl Iterator<Item = InodeNumber>) {
        let mut reached = vec![false; self.slots.len()];
        let mut next: Vec<InodeNumber> = held.collect();
        next.push(ROOT);
        while let Some(number) = next.pop() {
            if std::mem::replace(&mut reached[number.0 as usize], true) {
                continue;
            }
            if let Some(directory) = self.directory(number) {
                next.extend(directory.cached.values().chain(directory.durable.values()));
            }
        }
        for (at, reached) in reached.into_iter().enumerate() {
            if !reached && self.slots[at].take().is_some() {
                self.free.push(at as u32);
            }
        }
    }
}
