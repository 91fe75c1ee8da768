//! Property test: without faults the disk is a plain file system in memory.

use super::*;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

type Shared = Rc<RefCell<Vec<u8>>>;

/// A file system as plain as can be: every path with what it names.
#[derive(Default)]
struct Plain {
    files: BTreeMap<String, Shared>,
    directories: Vec<String>,
    open: BTreeMap<FileId, (Shared, OpenMode)>,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(parent, _)| parent)
}

impl Plain {
    fn is_directory(&self, path: &str) -> bool {
        path == "." || self.directories.iter().any(|directory| directory == path)
    }

    fn exists(&self, path: &str) -> bool {
        self.is_directory(path) || self.files.contains_key(path)
    }

    fn reach(&self, path: &str) -> Result<(), DiskError> {
        match parent(path) {
            "." => Ok(()),
            parent if self.is_directory(parent) => Ok(()),
            parent if self.files.contains_key(parent) => Err(DiskError::NotADirectory),
            parent => self.reach(parent).and(Err(DiskError::NotFound)),
        }
    }

    fn children(&self, path: &str) -> Vec<String> {
        let all = self.files.keys().chain(&self.directories);
        let mut names: Vec<String> =
            all.filter(|child| parent(child) == path).map(|child| child.rsplit('/').next().unwrap().into()).collect();
        names.sort();
        names
    }

    fn open(&mut self, file: FileId, path: &str, mode: OpenMode) -> DiskResult {
        self.reach(path)?;
        if mode.create_new && self.exists(path) {
            return Err(DiskError::AlreadyExists);
        }
        if !self.files.contains_key(path) {
            if !mode.create && !mode.create_new {
                return Err(DiskError::NotFound);
            }
            self.files.insert(path.into(), Shared::default());
        }
        let content = Rc::clone(&self.files[path]);
        if mode.truncate {
            content.borrow_mut().clear();
        }
        let length = content.borrow().len() as u64;
        self.open.insert(file, (content, mode));
        Ok(DiskReply::Metadata(crate::line::Metadata { directory: false, length }))
    }

    fn rename(&mut self, from: &str, to: &str) -> DiskResult {
        self.reach(from)?;
        self.reach(to)?;
        match () {
            () if !self.exists(from) => return Err(DiskError::NotFound),
            () if from == to => return Ok(DiskReply::Done),
            () if to.starts_with(&format!("{from}/")) => return Err(DiskError::InvalidInput),
            () if self.is_directory(from) && self.files.contains_key(to) => return Err(DiskError::NotADirectory),
            () if !self.is_directory(from) && self.is_directory(to) => return Err(DiskError::IsADirectory),
            () if !self.children(to).is_empty() => return Err(DiskError::DirectoryNotEmpty),
            () => {}
        }
        self.files.remove(to);
        self.directories.retain(|directory| directory != to);
        let moved = |path: &str| match path.strip_prefix(from) {
            Some("") => to.to_string(),
            Some(rest) if rest.starts_with('/') => format!("{to}{rest}"),
            _ => path.to_string(),
        };
        self.files = std::mem::take(&mut self.files).into_iter().map(|(path, file)| (moved(&path), file)).collect();
        self.directories.iter_mut().for_each(|directory| *directory = moved(directory));
        Ok(DiskReply::Done)
    }

    fn remove_directory(&mut self, path: &str) -> DiskResult {
        self.reach(path)?;
        match () {
            () if self.files.contains_key(path) => return Err(DiskError::NotADirectory),
            () if !self.exists(path) => return Err(DiskError::NotFound),
            () if !self.children(path).is_empty() => return Err(DiskError::DirectoryNotEmpty),
            () => {}
        }
        self.directories.retain(|directory| directory != path);
        Ok(DiskReply::Done)
    }

    fn remove_file(&mut self, path: &str) -> DiskResult {
        self.reach(path)?;
        if self.is_directory(path) {
            return Err(DiskError::IsADirectory);
        }
        self.files.remove(path).map(|_| DiskReply::Done).ok_or(DiskError::NotFound)
    }

    fn create_directory(&mut self, path: &str) -> DiskResult {
        self.reach(path)?;
        if self.exists(path) {
            return Err(DiskError::AlreadyExists);
        }
        self.directories.push(path.into());
        Ok(DiskReply::Done)
    }

    fn on_file(&mut self, request: &DiskRequest) -> DiskResult {
        use DiskRequest::{FileMetadata, Read, SetLength, Sync, Write, WriteThrough};
        let (Read { file, .. }
        | Write { file, .. }
        | WriteThrough { file, .. }
        | SetLength { file, .. }
        | Sync { file }
        | FileMetadata { file }) = request
        else {
            unreachable!("no other request is drawn")
        };
        let (content, mode) = self.open.get(file).ok_or(DiskError::PermissionDenied)?;
        let mut content = content.borrow_mut();
        match request {
            Read { offset, length, .. } if mode.read => {
                let data = content.iter().skip(*offset as usize).take(*length as usize).copied().collect();
                return Ok(DiskReply::Data(data));
            }
            Write { offset, data, .. } | WriteThrough { offset, data, .. } if mode.write || mode.append => {
                let begin = if mode.append { content.len() } else { *offset as usize };
                if !data.is_empty() {
                    let length = content.len().max(begin + data.len());
                    content.resize(length, 0);
                    content[begin..begin + data.len()].copy_from_slice(data);
                }
            }
            SetLength { length, .. } if mode.write || mode.append => content.resize(*length as usize, 0),
            Sync { .. } => {}
            FileMetadata { .. } => {
                let length = content.len() as u64;
                return Ok(DiskReply::Metadata(crate::line::Metadata { directory: false, length }));
            }
            _ => return Err(DiskError::PermissionDenied),
        }
        Ok(DiskReply::Done)
    }

    fn answer(&mut self, request: &DiskRequest) -> DiskResult {
        match request {
            DiskRequest::Open { file, .. } if self.open.contains_key(file) => Err(DiskError::InvalidInput),
            DiskRequest::Open { file, path, mode } => self.open(*file, path, *mode),
            DiskRequest::Close { file } => {
                self.open.remove(file).map(|_| DiskReply::Done).ok_or(DiskError::PermissionDenied)
            }
            DiskRequest::Rename { from, to } | DiskRequest::Replace { from, to } => self.rename(from, to),
            DiskRequest::RemoveFile { path } => self.remove_file(path),
            DiskRequest::RemoveDirectory { path } => self.remove_directory(path),
            DiskRequest::CreateDirectory { path, .. } => self.create_directory(path),
            DiskRequest::ReadDirectory { path } | DiskRequest::SyncDirectory { path } => {
                self.reach(path)?;
                match (self.exists(path), self.is_directory(path), request) {
                    (false, ..) => Err(DiskError::NotFound),
                    (_, false, _) => Err(DiskError::NotADirectory),
                    (_, _, DiskRequest::SyncDirectory { .. }) => Ok(DiskReply::Done),
                    _ => Ok(DiskReply::Names(self.children(path))),
                }
            }
            other => self.on_file(other),
        }
    }

    fn bytes_used(&self) -> u64 {
        let mut all: Vec<&Shared> = self.files.values().chain(self.open.values().map(|(content, _)| content)).collect();
        all.sort_by_key(|content| Rc::as_ptr(content));
        all.dedup_by_key(|content| Rc::as_ptr(content));
        all.iter().map(|content| content.borrow().len() as u64).sum()
    }
}

fn request() -> impl Strategy<Value = DiskRequest> {
    let path = || prop::sample::select(vec!["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "f"]).prop_map(String::from);
    let file = || (0..4_u64).prop_map(FileId);
    let mode = prop::sample::select(vec![
        ANY,
        READ,
        APPEND,
        OpenMode { truncate: true, ..ANY },
        OpenMode { create_new: true, ..ANY },
    ]);
    prop_oneof![
        4 => (file(), path(), mode).prop_map(|(file, path, mode)| DiskRequest::Open { file, path, mode }),
        2 => file().prop_map(|file| DiskRequest::Close { file }),
        2 => (file(), 0..50_u64, 0..50_u64).prop_map(|(file, offset, length)| DiskRequest::Read { file, offset, length }),
        4 => (file(), 0..50_u64, prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(file, offset, data)| DiskRequest::Write { file, offset, data }),
        2 => (file(), 0..50_u64, prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(file, offset, data)| DiskRequest::WriteThrough { file, offset, data }),
        1 => (file(), 0..50_u64).prop_map(|(file, length)| DiskRequest::SetLength { file, length }),
        1 => file().prop_map(|file| DiskRequest::Sync { file }),
        1 => file().prop_map(|file| DiskRequest::FileMetadata { file }),
        3 => (path(), path()).prop_map(|(from, to)| DiskRequest::Rename { from, to }),
        1 => (path(), path()).prop_map(|(from, to)| DiskRequest::Replace { from, to }),
        1 => path().prop_map(|path| DiskRequest::RemoveFile { path }),
        1 => path().prop_map(|path| DiskRequest::RemoveDirectory { path }),
        2 => path().prop_map(|path| DiskRequest::CreateDirectory { path, all: false }),
        1 => path().prop_map(|path| DiskRequest::ReadDirectory { path }),
        1 => path().prop_map(|path| DiskRequest::SyncDirectory { path }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_faults_the_disk_answers_as_a_plain_file_system(
        requests in prop::collection::vec(request(), 1..150),
    ) {
        let mut host = Host::calm(1);
        let mut plain = Plain::default();
        for request in requests {
            if matches!(&request, DiskRequest::Open { path, .. } if plain.is_directory(path)) {
                continue; // opened directories are no files: see `behaviour`
            }
            let expected = plain.answer(&request);
            prop_assert_eq!(host.ask(request.clone()), expected, "{:?}", request);
            prop_assert_eq!(host.disk.bytes_used(), plain.bytes_used(), "{:?}", request);
        }
    }
}
