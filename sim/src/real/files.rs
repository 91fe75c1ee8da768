//! Disk operations on real files, below one directory.

use super::log::Log;
use crate::line::{DiskError, DiskReply, DiskRequest, DiskResult, FileId, Metadata, OpenMode, path};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// What one node has open.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    open: BTreeMap<FileId, Open>,
    log: Log,
}

#[derive(Debug)]
struct Open {
    file: File,
    mode: OpenMode,
}

/// What went wrong, before it is put into the words of the line.
enum Fault {
    Line(DiskError),
    System(io::Error),
}

impl From<DiskError> for Fault {
    fn from(error: DiskError) -> Self {
        Fault::Line(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::System(error)
    }
}

type Done = Result<DiskReply, Fault>;

impl Files {
    pub const fn below(root: PathBuf, log: Log) -> Self {
        Files { root, open: BTreeMap::new(), log }
    }

    /// Carries out one operation. What a machine says and a node has no word for is `Device`, and a log line.
    pub fn carry_out(&mut self, request: DiskRequest) -> DiskResult {
        let what = Described::from(&request);
        self.attempt(request).map_err(|fault| match fault {
            Fault::Line(error) => error,
            Fault::System(error) => {
                let translated = translate(&error);
                if matches!(translated, DiskError::Device | DiskError::StorageFull) {
                    self.log.error(format_args!("disk: {what}: {error}"));
                }
                translated
            }
        })
    }

    fn attempt(&mut self, request: DiskRequest) -> Done {
        match request {
            DiskRequest::Open { file, path, mode } => self.open(file, &path, mode),
            DiskRequest::Close { file } => self.open.remove(&file).map(|_| DiskReply::Done).ok_or(not_open()),
            DiskRequest::Read { file, offset, length } => self.read(file, offset, length),
            DiskRequest::Write { file, offset, data } => self.write(file, offset, &data),
            DiskRequest::WriteThrough { file, offset, data } => {
                self.write(file, offset, &data)?;
                done(self.opened(file)?.file.sync_all())
            }
            DiskRequest::SetLength { file, length } => {
                let open = self.writable(file)?;
                done(open.file.set_len(length))
            }
            DiskRequest::Sync { file } => done(self.opened(file)?.file.sync_all()),
            DiskRequest::FileMetadata { file } => Ok(metadata(&self.opened(file)?.file.metadata()?)),
            DiskRequest::PathMetadata { path } => Ok(metadata(&fs::symlink_metadata(self.place(&path)?)?)),
            DiskRequest::CreateDirectory { path, all } => self.create_directory(&path, all),
            DiskRequest::Rename { from, to } | DiskRequest::Replace { from, to } => {
                done(fs::rename(self.named(&from)?, self.named(&to)?))
            }
            DiskRequest::RemoveFile { path } => done(fs::remove_file(self.named(&path)?)),
            DiskRequest::RemoveDirectory { path } => done(fs::remove_dir(self.named(&path)?)),
            DiskRequest::ReadDirectory { path } => self.read_directory(&path),
            DiskRequest::SyncDirectory { path } => self.sync_directory(&path),
        }
    }

    /// Where a path of the node is on this machine; never outside of the root.
    fn place(&self, path: &str) -> Result<PathBuf, DiskError> {
        let mut place = self.root.clone();
        place.extend(path::parts(path)?);
        Ok(place)
    }

    /// The same for what has a name of its own: the root has none.
    fn named(&self, path: &str) -> Result<PathBuf, DiskError> {
        if path::parts(path)?.is_empty() {
            return Err(DiskError::InvalidInput);
        }
        self.place(path)
    }

    fn open(&mut self, file: FileId, path: &str, mode: OpenMode) -> Done {
        let place = self.place(path)?;
        if self.open.contains_key(&file) {
            return Err(DiskError::InvalidInput.into());
        }
        let OpenMode { read, write, append, truncate, create, create_new } = mode;
        let mut options = OpenOptions::new();
        options.read(read).write(write).append(append).truncate(truncate).create(create).create_new(create_new);
        let opened = options.open(place)?;
        let found = metadata(&opened.metadata()?);
        self.open.insert(file, Open { file: opened, mode });
        Ok(found)
    }

    fn opened(&self, file: FileId) -> Result<&Open, Fault> {
        self.open.get(&file).ok_or(not_open())
    }

    fn writable(&self, file: FileId) -> Result<&Open, Fault> {
        let open = self.opened(file)?;
        if open.file.metadata()?.is_dir() {
            return Err(DiskError::IsADirectory.into());
        }
        if open.mode.write || open.mode.append { Ok(open) } else { Err(DiskError::PermissionDenied.into()) }
    }

    fn read(&self, file: FileId, offset: u64, length: u64) -> Done {
        let open = self.opened(file)?;
        let found = open.file.metadata()?;
        if found.is_dir() {
            return Err(DiskError::IsADirectory.into());
        }
        if !open.mode.read {
            return Err(DiskError::PermissionDenied.into());
        }
        let length = length.min(found.len().saturating_sub(offset));
        let mut data = vec![0; usize::try_from(length).map_err(|_| DiskError::InvalidInput)?];
        let mut filled = 0;
        while filled < data.len() {
            match open.file.read_at(&mut data[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        data.truncate(filled);
        Ok(DiskReply::Data(data))
    }

    fn write(&self, file: FileId, offset: u64, data: &[u8]) -> Done {
        let open = self.writable(file)?;
        if data.is_empty() {
            return Ok(DiskReply::Done);
        }
        if open.mode.append {
            return done((&open.file).write_all(data));
        }
        done(open.file.write_all_at(data, offset))
    }

    fn create_directory(&self, path: &str, all: bool) -> Done {
        let parts = path::parts(path)?;
        let Some((last, parents)) = parts.split_last() else {
            return if all { Ok(DiskReply::Done) } else { Err(DiskError::AlreadyExists.into()) };
        };
        let mut place = self.root.clone();
        for parent in parents {
            place.push(parent);
            if all {
                make_or_find(&place)?;
            }
        }
        place.push(last);
        if all {
            make_or_find(&place)?
        } else {
            fs::create_dir(&place)?
        }
        Ok(DiskReply::Done)
    }

    fn read_directory(&self, path: &str) -> Done {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.place(path)?)? {
            let name = entry?.file_name();
            names.push(name.into_string().map_err(|name| {
                io::Error::other(format!("{} in {path} is no name a node has made", name.display()))
            })?);
        }
        names.sort_unstable();
        Ok(DiskReply::Names(names))
    }

    fn sync_directory(&self, path: &str) -> Done {
        let directory = File::open(self.place(path)?)?;
        if !directory.metadata()?.is_dir() {
            return Err(DiskError::NotADirectory.into());
        }
        done(directory.sync_all())
    }
}

/// Makes a directory; one that is there is as good.
fn make_or_find(place: &PathBuf) -> io::Result<()> {
    match fs::create_dir(place) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && place.is_dir() => Ok(()),
        other => other,
    }
}

fn done(result: io::Result<()>) -> Done {
    Ok(result.map(|()| DiskReply::Done)?)
}

const fn not_open() -> Fault {
    Fault::Line(DiskError::PermissionDenied)
}

fn metadata(found: &fs::Metadata) -> DiskReply {
    let directory = found.is_dir();
    DiskReply::Metadata(Metadata { directory, length: if directory { 0 } else { found.len() } })
}

/// A machine's error in the words of the line.
fn translate(error: &io::Error) -> DiskError {
    match error.kind() {
        io::ErrorKind::NotFound => DiskError::NotFound,
        io::ErrorKind::AlreadyExists => DiskError::AlreadyExists,
        io::ErrorKind::NotADirectory => DiskError::NotADirectory,
        io::ErrorKind::IsADirectory => DiskError::IsADirectory,
        io::ErrorKind::DirectoryNotEmpty => DiskError::DirectoryNotEmpty,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => DiskError::InvalidInput,
        io::ErrorKind::PermissionDenied => DiskError::PermissionDenied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            DiskError::StorageFull
        }
        _ => DiskError::Device,
    }
}

/// An operation in a few words, for the log.
struct Described {
    what: &'static str,
    of: String,
}

impl From<&DiskRequest> for Described {
    fn from(request: &DiskRequest) -> Self {
        let (what, of) = match request {
            DiskRequest::Open { path, .. } => ("open", path.clone()),
            DiskRequest::Close { file } => ("close", file_name(*file)),
            DiskRequest::Read { file, .. } => ("read", file_name(*file)),
            DiskRequest::Write { file, .. } => ("write", file_name(*file)),
            DiskRequest::WriteThrough { file, .. } => ("write and fsync", file_name(*file)),
            DiskRequest::SetLength { file, .. } => ("set the length of", file_name(*file)),
            DiskRequest::Sync { file } => ("fsync", file_name(*file)),
            DiskRequest::FileMetadata { file } => ("look at", file_name(*file)),
            DiskRequest::PathMetadata { path } => ("look at", path.clone()),
            DiskRequest::CreateDirectory { path, .. } => ("make the directory", path.clone()),
            DiskRequest::Rename { from, to } | DiskRequest::Replace { from, to } => {
                ("rename", format!("{from} to {to}"))
            }
            DiskRequest::RemoveFile { path } | DiskRequest::RemoveDirectory { path } => ("remove", path.clone()),
            DiskRequest::ReadDirectory { path } => ("list", path.clone()),
            DiskRequest::SyncDirectory { path } => ("fsync the directory", path.clone()),
        };
        Described { what, of }
    }
}

fn file_name(file: FileId) -> String {
    format!("open file {}", file.0)
}

impl std::fmt::Display for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.what, self.of)
    }
}
