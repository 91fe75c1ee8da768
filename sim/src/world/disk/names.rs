//! What is done with names: directories made, listed and synced, files renamed and removed.

use super::filesystem::FileSystem;
use super::inodes::{Body, Directory, InodeNumber, ROOT};
use super::name_journal::{Act, NameChange, Put, Slot};
use crate::line::path;
use crate::line::{DiskError, DiskReply, DiskResult};
use std::collections::BTreeMap;

impl FileSystem {
    /// Changes names in the page cache and in the journal of names.
    pub(super) fn change_names(&mut self, change: NameChange) {
        for put in &change.puts {
            if let Some(directory) = self.inodes.directory_mut(put.slot.directory) {
                match put.inode {
                    Some(inode) => directory.cached.insert(put.slot.name.clone(), inode),
                    None => directory.cached.remove(&put.slot.name),
                };
            }
        }
        if let Some(oldest) = self.names.push(change) {
            self.make_durable(&oldest);
        }
    }

    /// Changes names on the disk.
    pub(super) fn make_durable(&mut self, change: &NameChange) {
        for put in &change.puts {
            if let (Act::Replace, Some(content)) = (change.act, put.inode.and_then(|inode| self.inodes.file_mut(inode)))
            {
                content.is_replaced_durably();
            }
            if let Some(directory) = self.inodes.directory_mut(put.slot.directory) {
                match put.inode {
                    Some(inode) => directory.durable.insert(put.slot.name.clone(), inode),
                    None => directory.durable.remove(&put.slot.name),
                };
            }
        }
    }

    /// fsync of a directory: its names as they are now are durable, and so is what they need. The name of
    /// the directory itself is not.
    pub fn sync_names(&mut self, directory: InodeNumber) {
        for change in self.names.sync(directory) {
            self.make_durable(&change);
        }
    }

    pub fn sync_directory(&mut self, path: &str) -> DiskResult {
        let directory = self.walk(&path::parts(path)?)?;
        self.sync_names(directory);
        Ok(DiskReply::Done)
    }

    pub fn fail_sync_directory(&mut self, path: &str) {
        if let Ok(directory) = path::parts(path).and_then(|parts| self.walk(&parts)) {
            self.names.fail_sync(directory);
        }
    }

    pub fn path_metadata(&self, path: &str) -> DiskResult {
        self.find(&path::parts(path)?).map(|inode| DiskReply::Metadata(self.metadata(inode)))
    }

    fn find(&self, parts: &[&str]) -> Result<InodeNumber, DiskError> {
        let Some((name, parents)) = parts.split_last() else { return Ok(ROOT) };
        self.entries(self.walk(parents)?)?.get(*name).copied().ok_or(DiskError::NotFound)
    }

    /// Makes a directory; with `all` its parents too, and none that is there is an error.
    pub fn create_directory(&mut self, path: &str, all: bool) -> DiskResult {
        let parts = path::parts(path)?;
        let Some((last, parents)) = parts.split_last() else {
            return if all { Ok(DiskReply::Done) } else { Err(DiskError::AlreadyExists) };
        };
        let mut at = ROOT;
        if all {
            for name in parents {
                at = self.enter(at, name, true)?;
            }
        } else {
            at = self.walk(parents)?;
        }
        self.enter(at, last, all)?;
        Ok(DiskReply::Done)
    }

    /// Makes the directory `name` in `parent`; or, if it `may_exist`, finds it.
    fn enter(&mut self, parent: InodeNumber, name: &str, may_exist: bool) -> Result<InodeNumber, DiskError> {
        match self.entries(parent)?.get(name) {
            Some(inode) if may_exist && self.inodes.directory(*inode).is_some() => Ok(*inode),
            Some(_) => Err(DiskError::AlreadyExists),
            None => {
                let inode = self.inodes.add(Body::Directory(Directory::default()));
                let slot = Slot { directory: parent, name: name.into() };
                self.change_names(NameChange::one(Act::CreateDirectory, slot, Some(inode)));
                Ok(inode)
            }
        }
    }

    /// rename(2): atomic, in place of a file by a file, or of an empty directory by a directory.
    pub fn rename(&mut self, from: &str, to: &str) -> DiskResult {
        self.change_name(Act::Rename, from, to)
    }

    /// The same of a file that is whole.
    pub fn replace(&mut self, from: &str, to: &str) -> DiskResult {
        self.change_name(Act::Replace, from, to)
    }

    fn change_name(&mut self, act: Act, from: &str, to: &str) -> DiskResult {
        let (from, to) = (path::parts(from)?, path::parts(to)?);
        let (Some((old_name, old_parents)), Some((new_name, new_parents))) = (from.split_last(), to.split_last())
        else {
            return Err(DiskError::InvalidInput);
        };
        let (old_directory, new_directory) = (self.walk(old_parents)?, self.walk(new_parents)?);
        let moved = self.find(&from)?;
        if from == to {
            return Ok(DiskReply::Done);
        }
        if to.starts_with(&from) {
            return Err(DiskError::InvalidInput);
        }
        let replaced = self.entries(new_directory)?.get(*new_name).copied();
        let removes_directory = self.may_replace(self.inodes.directory(moved).is_some(), replaced)?;
        let old_slot = Slot { directory: old_directory, name: (*old_name).into() };
        let new_slot = Slot { directory: new_directory, name: (*new_name).into() };
        let needs = if old_directory == new_directory { Vec::new() } else { self.slots_on_the_way(new_parents) };
        if let (Act::Replace, Some(content)) = (act, self.inodes.file_mut(moved)) {
            content.is_replaced();
        }
        self.change_names(NameChange {
            act,
            puts: vec![Put { slot: old_slot, inode: None }, Put { slot: new_slot, inode: Some(moved) }],
            needs,
            removes_directory,
            abandoned: false,
        });
        if let Some(replaced) = replaced {
            self.unlink(replaced);
        }
        Ok(DiskReply::Done)
    }

    /// Whether a file or directory may take the place of `replaced`; the empty directory it removes, if any.
    fn may_replace(&self, by_directory: bool, replaced: Option<InodeNumber>) -> Result<Option<InodeNumber>, DiskError> {
        let Some(replaced) = replaced else { return Ok(None) };
        match (by_directory, self.inodes.directory(replaced)) {
            (false, None) => Ok(None),
            (false, Some(_)) => Err(DiskError::IsADirectory),
            (true, None) => Err(DiskError::NotADirectory),
            (true, Some(directory)) if !directory.cached.is_empty() => Err(DiskError::DirectoryNotEmpty),
            (true, Some(_)) => Ok(Some(replaced)),
        }
    }

    /// The names that lead from the root through `parts`.
    fn slots_on_the_way(&self, parts: &[&str]) -> Vec<Slot> {
        let mut at = Some(ROOT);
        let mut slots = Vec::new();
        for part in parts {
            let Some(directory) = at else { break };
            slots.push(Slot { directory, name: (*part).into() });
            at = self.entries(directory).ok().and_then(|entries| entries.get(*part).copied());
        }
        slots
    }

    /// Removes a file's name; the content lives while it is open.
    pub fn remove_file(&mut self, path: &str) -> DiskResult {
        let (slot, inode) = self.named(path)?;
        if self.inodes.directory(inode).is_some() {
            return Err(DiskError::IsADirectory);
        }
        self.change_names(NameChange::one(Act::Remove, slot, None));
        self.unlink(inode);
        Ok(DiskReply::Done)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&mut self, path: &str) -> DiskResult {
        let (slot, inode) = self.named(path)?;
        if !self.entries(inode)?.is_empty() {
            return Err(DiskError::DirectoryNotEmpty);
        }
        let change = NameChange::one(Act::Remove, slot, None);
        self.change_names(NameChange { removes_directory: Some(inode), ..change });
        self.unlink(inode);
        Ok(DiskReply::Done)
    }

    fn named(&self, path: &str) -> Result<(Slot, InodeNumber), DiskError> {
        let parts = path::parts(path)?;
        let (name, parents) = parts.split_last().ok_or(DiskError::InvalidInput)?;
        let directory = self.walk(parents)?;
        let inode = *self.entries(directory)?.get(*name).ok_or(DiskError::NotFound)?;
        Ok((Slot { directory, name: (*name).into() }, inode))
    }

    fn unlink(&mut self, inode: InodeNumber) {
        let used = self.inodes.get(inode).bytes_used();
        self.inodes.get_mut(inode).linked = false;
        self.count_released(inode, used);
    }

    /// Names in a directory, sorted.
    pub fn read_directory(&self, path: &str) -> DiskResult {
        let directory = self.walk(&path::parts(path)?)?;
        Ok(DiskReply::Names(self.entries(directory)?.keys().map(ToString::to_string).collect()))
    }

    /// The path of everything that has a name in the page cache.
    pub(super) fn paths(&self) -> BTreeMap<InodeNumber, String> {
        let mut paths = BTreeMap::from([(ROOT, String::new())]);
        let mut next = vec![ROOT];
        while let Some(at) = next.pop() {
            let Some(directory) = self.inodes.directory(at) else { continue };
            for (name, inode) in &directory.cached {
                let path = join(&paths[&at], name);
                paths.insert(*inode, path);
                next.push(*inode);
            }
        }
        paths
    }

    /// The content of a file as the page cache has it.
    pub fn content(&self, path: &str) -> Option<Vec<u8>> {
        let inode = path::parts(path).and_then(|parts| self.find(&parts)).ok()?;
        self.inodes.file(inode).map(|content| content.read(0, u64::MAX))
    }
}

/// A path one part longer.
pub(super) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_string() } else { format!("{directory}/{name}") }
}
