//! Changes of names that no directory sync has made durable yet, and which of them stand or fall together.
//!
//! The rules, for what a power loss may leave:
//! - A change is atomic. A rename takes the old name away and sets the new one, in one directory or two.
//! - Changes of the same name persist in order: a later one only if the earlier ones do.
//! - Changes of different names are independent. That is rougher than a journal, which keeps them in order.
//! - What is moved to another directory is not lost with it: such a rename needs the names on the way to it.
//!   So no two moves of directories make a ring that hangs off nothing.
//! - A removed directory needs all changes that emptied it.

use super::inodes::InodeNumber;
use std::collections::{BTreeSet, VecDeque};

/// Changes of names a disk may have unsynced. Past it the oldest is written back, as an operating system
/// does in its own time; that bounds the files that are kept only because a power loss might need them.
const MOST_UNSYNCED: usize = 256;

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub directory: InodeNumber,
    pub name: Box<str>,
}

/// What a name stands for from now on; `None` if for nothing.
#[derive(Clone, Debug)]
pub(super) struct Put {
    pub slot: Slot,
    pub inode: Option<InodeNumber>,
}

/// What a change of names was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    CreateFile,
    CreateDirectory,
    Rename,
    /// A rename of a file that is whole under its new name.
    Replace,
    Remove,
}

/// One atomic change of names.
#[derive(Clone, Debug)]
pub(super) struct NameChange {
    pub act: Act,
    /// One name, or the old and the new one.
    pub puts: Vec<Put>,
    /// Names whose changes must be durable first.
    pub needs: Vec<Slot>,
    /// The directory that is removed or replaced, if any.
    pub removes_directory: Option<InodeNumber>,
    /// Whether a directory sync failed over it: no later sync looks at it again, unless another change needs it.
    pub abandoned: bool,
}

impl NameChange {
    /// A change of one name.
    pub fn one(act: Act, slot: Slot, inode: Option<InodeNumber>) -> Self {
        let puts = vec![Put { slot, inode }];
        NameChange { act, puts, needs: Vec::new(), removes_directory: None, abandoned: false }
    }

    fn touches(&self, directory: InodeNumber) -> bool {
        self.puts.iter().any(|put| put.slot.directory == directory)
    }
}

/// The unsynced changes of names of a disk, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct NameJournal {
    pub(super) changes: VecDeque<NameChange>,
}

impl NameJournal {
    /// Takes a change; gives back the oldest if that must be written back now.
    pub fn push(&mut self, change: NameChange) -> Option<NameChange> {
        self.changes.push_back(change);
        if self.changes.len() > MOST_UNSYNCED { self.changes.pop_front() } else { None }
    }

    /// fsync of a directory: takes out its changes and all that they need, in order.
    pub fn sync(&mut self, directory: InodeNumber) -> Vec<NameChange> {
        let needed = self.needed_by(directory);
        let mut synced = Vec::new();
        let mut kept = VecDeque::new();
        for (change, needed) in self.changes.drain(..).zip(needed) {
            if needed { synced.push(change) } else { kept.push_back(change) }
        }
        self.changes = kept;
        synced
    }

    fn needed_by(&self, directory: InodeNumber) -> Vec<bool> {
        let mut slots: BTreeSet<&Slot> = BTreeSet::new();
        let mut emptied: BTreeSet<InodeNumber> = BTreeSet::new();
        let mut needed = vec![false; self.changes.len()];
        for (at, change) in self.changes.iter().enumerate().rev() {
            let is_needed = (change.touches(directory) && !change.abandoned)
                || change.puts.iter().any(|put| slots.contains(&put.slot) || emptied.contains(&put.slot.directory));
            if is_needed {
                needed[at] = true;
                slots.extend(change.puts.iter().map(|put| &put.slot).chain(&change.needs));
                emptied.extend(change.removes_directory);
            }
        }
        needed
    }

    /// An fsync of a directory that fails.
    pub fn fail_sync(&mut self, directory: InodeNumber) {
        for change in self.changes.iter_mut().filter(|change| change.touches(directory)) {
            change.abandoned = true;
        }
    }

    /// All files and directories that a change speaks of.
    pub fn held(&self) -> impl Iterator<Item = InodeNumber> {
        self.changes.iter().flat_map(|change| {
            let puts = change.puts.iter().flat_map(|put| [Some(put.slot.directory), put.inode]).flatten();
            puts.chain(change.needs.iter().map(|slot| slot.directory)).chain(change.removes_directory)
        })
    }
}

/// What has been dropped so far, for one who goes through a journal in order.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    slots: BTreeSet<Slot>,
    directories: BTreeSet<InodeNumber>,
}

impl Dropped {
    /// Whether something that `change` needs was dropped.
    pub fn bars(&self, change: &NameChange) -> bool {
        change.puts.iter().map(|put| &put.slot).chain(&change.needs).any(|slot| self.slots.contains(slot))
            || change.removes_directory.is_some_and(|directory| self.directories.contains(&directory))
    }

    /// Drops a change.
    pub fn drop_change(&mut self, change: &NameChange) {
        self.slots.extend(change.puts.iter().map(|put| put.slot.clone()));
        self.directories.extend(change.puts.iter().map(|put| put.slot.directory));
    }
}
