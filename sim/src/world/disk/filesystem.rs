//! The file system of one node: open files and what is done with them. Names are in `names`.

use super::content::Content;
use super::inodes::{Body, Entries, InodeNumber, Inodes, ROOT};
use super::name_journal::{Act, NameChange, NameJournal, Slot};
use super::scratch::Scratch;
use crate::line::path;
use crate::line::{DiskError, DiskReply, DiskResult, FileId, Metadata, OpenMode};
use std::collections::BTreeMap;

/// An open file, or a directory opened to be synced.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenFile {
    pub inode: InodeNumber,
    mode: OpenMode,
}

/// Files, names and open files of one node.
#[derive(Clone, Debug)]
pub(super) struct FileSystem {
    pub inodes: Inodes,
    pub names: NameJournal,
    pub open: BTreeMap<FileId, OpenFile>,
    /// Bytes of all files that have a name or are open.
    pub used: u64,
    /// Grows with each file that lost its last holder in the page cache; see [`FileSystem::reclaim`].
    orphans: u64,
    /// Where the bytes of files are, if not in memory.
    scratch: Option<Scratch>,
}

impl FileSystem {
    pub fn new(scratch: Option<Scratch>) -> Self {
        let (inodes, names, open) = (Inodes::new(), NameJournal::default(), BTreeMap::new());
        FileSystem { inodes, names, open, used: 0, orphans: 0, scratch }
    }

    /// Opens as std does: what the mode may combine is what [`std::fs::OpenOptions`] lets through. A
    /// directory may be opened to read, and then synced.
    pub fn open(&mut self, file: FileId, path: &str, mode: OpenMode) -> DiskResult {
        if !is_possible(mode) || self.open.contains_key(&file) {
            return Err(DiskError::InvalidInput);
        }
        let parts = path::parts(path)?;
        let inode = match parts.split_last() {
            None => ROOT,
            Some((name, parents)) => {
                let directory = self.walk(parents)?;
                match self.entries(directory)?.get(*name) {
                    Some(inode) => *inode,
                    None if mode.create || mode.create_new => {
                        let inode = self.inodes.add(Body::File(Content::new(self.scratch.clone())));
                        let slot = Slot { directory, name: (*name).into() };
                        self.change_names(NameChange::one(Act::CreateFile, slot, Some(inode)));
                        return Ok(self.hand_out(file, inode, mode));
                    }
                    None => return Err(DiskError::NotFound),
                }
            }
        };
        if mode.create_new {
            return Err(DiskError::AlreadyExists);
        }
        match self.inodes.file_mut(inode) {
            Some(content) if mode.truncate => {
                self.used -= content.length();
                content.set_length(0);
            }
            None if mode.write || mode.append => return Err(DiskError::IsADirectory),
            _ => {}
        }
        Ok(self.hand_out(file, inode, mode))
    }

    fn hand_out(&mut self, file: FileId, inode: InodeNumber, mode: OpenMode) -> DiskReply {
        self.inodes.get_mut(inode).handles += 1;
        self.open.insert(file, OpenFile { inode, mode });
        DiskReply::Metadata(self.metadata(inode))
    }

    /// Forgets an open file. A file without a name dies with the last of them.
    pub fn close(&mut self, file: FileId) -> DiskResult {
        let open = self.open.remove(&file).ok_or(DiskError::PermissionDenied)?;
        let used = self.inodes.get(open.inode).bytes_used();
        self.inodes.get_mut(open.inode).handles -= 1;
        self.count_released(open.inode, used);
        Ok(DiskReply::Done)
    }

    /// Closes all open files, as the end of their process does.
    pub fn close_all(&mut self) {
        while let Some((file, _)) = self.open.first_key_value() {
            let _closed = self.close(*file);
        }
    }

    /// Takes note that `inode` has one holder less; `used` is what it counted for before.
    pub(super) fn count_released(&mut self, inode: InodeNumber, used: u64) {
        let inode = self.inodes.get(inode);
        if !inode.linked && inode.handles == 0 {
            self.used -= used;
            self.orphans += 1 + used / 16_384;
            if self.orphans >= 64 {
                self.reclaim();
            }
        }
    }

    /// Forgets what neither the page cache nor a power loss can bring back. Runs now and then: what it
    /// finds is no different for having waited.
    fn reclaim(&mut self) {
        self.orphans = 0;
        let open = self.open.values().map(|open| open.inode);
        self.inodes.forget_unreachable(open.chain(self.names.held()));
    }

    fn opened(&self, file: FileId) -> Result<OpenFile, DiskError> {
        self.open.get(&file).copied().ok_or(DiskError::PermissionDenied)
    }

    pub fn read(&self, file: FileId, offset: u64, length: u64) -> DiskResult {
        let open = self.opened(file)?;
        let content = self.inodes.file(open.inode).ok_or(DiskError::IsADirectory)?;
        if !open.mode.read {
            return Err(DiskError::PermissionDenied);
        }
        Ok(DiskReply::Data(content.read(offset, length)))
    }

    /// Flips the bit at `place`, a fraction of what would be read there, in 2^-64. Says whether it did: where nothing
    /// is read nothing rots, nor what is too young, unless `young_rots`.
    pub fn rot(&mut self, file: FileId, offset: u64, length: u64, place: u64, young_rots: bool) -> bool {
        let Some(open) = self.open.get(&file).filter(|open| open.mode.read) else { return false };
        let Some(content) = self.inodes.file_mut(open.inode) else { return false };
        let found = content.found(offset, length);
        if found.is_empty() {
            return false;
        }
        let bit = (u128::from(place) * u128::from((found.end - found.start) * 8)) >> 64;
        content.rot(offset * 8 + bit as u64, young_rots)
    }

    /// Writes all of `data` or nothing: one that would pass `capacity` leaves the file as it was, until
    /// [`write_part`](FileSystem::write_part).
    pub fn write(&mut self, file: FileId, offset: u64, data: &[u8], capacity: u64) -> DiskResult {
        let open = self.opened(file)?;
        let content = self.inodes.file_mut(open.inode).ok_or(DiskError::IsADirectory)?;
        if !open.mode.write && !open.mode.append {
            return Err(DiskError::PermissionDenied);
        }
        if data.is_empty() {
            return Ok(DiskReply::Done);
        }
        let offset = if open.mode.append { content.length() } else { offset };
        let grown = content.length_after(offset, data)? - content.length();
        if grown > 0 && self.used.saturating_add(grown) > capacity {
            return Err(DiskError::StorageFull);
        }
        content.write(offset, data);
        self.used += grown;
        Ok(DiskReply::Done)
    }

    /// Leaves a beginning of `data` behind, never all of it and no more than there is room for: how much of
    /// that says `place`, a fraction in 2^-64. So many bytes; none in a file that could not be written.
    pub fn write_part(&mut self, file: FileId, offset: u64, data: &[u8], capacity: u64, place: u64) -> u64 {
        let Some(open) = self.open.get(&file).filter(|open| open.mode.write || open.mode.append) else { return 0 };
        let Some(content) = self.inodes.file_mut(open.inode) else { return 0 };
        let before = content.length();
        let offset = if open.mode.append { before } else { offset };
        if content.length_after(offset, data).is_err() {
            return 0;
        }
        let room = (before + capacity.saturating_sub(self.used)).saturating_sub(offset);
        let most = (data.len() as u64).saturating_sub(1).min(room);
        let left = (u128::from(place) * u128::from(most + 1)) >> 64;
        content.write(offset, &data[..left as usize]);
        self.used += content.length() - before;
        left as u64
    }

    /// Cuts or grows. Grown zeros count as bytes: sparse files are not modelled.
    pub fn set_length(&mut self, file: FileId, length: u64, capacity: u64) -> DiskResult {
        let open = self.opened(file)?;
        let content = self.inodes.file_mut(open.inode).ok_or(DiskError::IsADirectory)?;
        if !open.mode.write && !open.mode.append {
            return Err(DiskError::PermissionDenied);
        }
        if length > i64::MAX as u64 {
            return Err(DiskError::InvalidInput);
        }
        let before = content.length();
        if length > before && self.used.saturating_add(length - before) > capacity {
            return Err(DiskError::StorageFull);
        }
        content.set_length(length);
        self.used = self.used - before + length;
        Ok(DiskReply::Done)
    }

    /// fsync. What the page cache holds of the file is durable; its name is not, unlike on ext4: POSIX
    /// promises no more.
    pub fn sync(&mut self, file: FileId) -> DiskResult {
        let inode = self.opened(file)?.inode;
        match &mut self.inodes.get_mut(inode).body {
            Body::File(content) => content.sync(),
            Body::Directory(_) => self.sync_names(inode),
        }
        Ok(DiskReply::Done)
    }

    /// An fsync that fails with EIO; what becomes of the changes is told at [`Content::fail_sync`].
    pub fn fail_sync(&mut self, file: FileId) {
        if let Ok(open) = self.opened(file) {
            match &mut self.inodes.get_mut(open.inode).body {
                Body::File(content) => content.fail_sync(),
                Body::Directory(_) => self.names.fail_sync(open.inode),
            }
        }
    }

    pub fn file_metadata(&self, file: FileId) -> DiskResult {
        Ok(DiskReply::Metadata(self.metadata(self.opened(file)?.inode)))
    }

    pub(super) fn metadata(&self, inode: InodeNumber) -> Metadata {
        match &self.inodes.get(inode).body {
            Body::File(content) => Metadata { directory: false, length: content.length() },
            Body::Directory(_) => Metadata { directory: true, length: 0 },
        }
    }

    /// The directory that `parts` lead to.
    pub(super) fn walk(&self, parts: &[&str]) -> Result<InodeNumber, DiskError> {
        let mut at = ROOT;
        for part in parts {
            at = *self.entries(at)?.get(*part).ok_or(DiskError::NotFound)?;
        }
        self.entries(at)?;
        Ok(at)
    }

    pub(super) fn entries(&self, inode: InodeNumber) -> Result<&Entries, DiskError> {
        self.inodes.directory(inode).map(|directory| &directory.cached).ok_or(DiskError::NotADirectory)
    }
}

/// As std's `OpenOptions`: something must be asked for, and only what is written can be made or cut.
fn is_possible(mode: OpenMode) -> bool {
    let makes = mode.truncate || mode.create || mode.create_new;
    match (mode.write, mode.append) {
        (false, false) => mode.read && !makes,
        (true, false) => true,
        (_, true) => !mode.truncate || mode.create_new,
    }
}
