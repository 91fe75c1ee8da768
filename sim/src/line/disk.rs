//! Disk operations as data: what `fs` asks for and what a disk answers.

use serde::{Deserialize, Serialize};
use std::io;

/// An open file of a node, numbered by the node; dies with its incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileId(pub u64);

/// How a file is opened; the words are those of [`std::fs::OpenOptions`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenMode {
    /// May be read.
    pub read: bool,
    /// May be written.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// Cut to nothing when opened.
    pub truncate: bool,
    /// Made if it is missing.
    pub create: bool,
    /// Made, and refused if it is there.
    pub create_new: bool,
}

/// One operation on a node's disk. Paths are relative to the node's own root, parts joined by `/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiskRequest {
    /// Opens `path` under the number `file`. Answer: `Metadata`.
    Open {
        /// The number chosen by the node.
        file: FileId,
        /// What to open.
        path: String,
        /// How.
        mode: OpenMode,
    },
    /// Forgets an open file; does not sync it. Answer: `Done`.
    Close {
        /// The open file.
        file: FileId,
    },
    /// Reads up to `length` bytes at `offset`. Answer: `Data`, short at the end of the file.
    Read {
        /// The open file.
        file: FileId,
        /// Where to begin, in bytes.
        offset: u64,
        /// How many bytes at the most.
        length: u64,
    },
    /// Writes at `offset`, or at the end if opened to append; a gap is filled with zeros. Answer: `Done`.
    Write {
        /// The open file.
        file: FileId,
        /// Where to begin, in bytes.
        offset: u64,
        /// The bytes.
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    /// Cuts or grows the file to `length`. Answer: `Done`.
    SetLength {
        /// The open file.
        file: FileId,
        /// The new length in bytes.
        length: u64,
    },
    /// fsync: the content as it is now survives a power loss; the file's name may not. Answer: `Done`.
    Sync {
        /// The open file.
        file: FileId,
    },
    /// Length and kind of an open file. Answer: `Metadata`.
    FileMetadata {
        /// The open file.
        file: FileId,
    },
    /// Length and kind of a path. Answer: `Metadata`.
    PathMetadata {
        /// What to look at.
        path: String,
    },
    /// Makes a directory. Answer: `Done`.
    CreateDirectory {
        /// Where.
        path: String,
        /// Parents too, and no error if it is there.
        all: bool,
    },
    /// Gives a file or directory another name, in place of a file that had it. Answer: `Done`.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Removes a file's name; the content lives while it is open. Answer: `Done`.
    RemoveFile {
        /// What to remove.
        path: String,
    },
    /// Removes an empty directory. Answer: `Done`.
    RemoveDirectory {
        /// What to remove.
        path: String,
    },
    /// Names in a directory, sorted. Answer: `Names`.
    ReadDirectory {
        /// Which.
        path: String,
    },
    /// fsync of a directory: its names as they are now survive a power loss. Answer: `Done`.
    SyncDirectory {
        /// Which.
        path: String,
    },
    /// `Write`, and `Sync` of the same file if that succeeds, in one trip to the disk. Answer: `Done`.
    WriteThrough {
        /// The open file.
        file: FileId,
        /// Where to begin, in bytes.
        offset: u64,
        /// The bytes.
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    /// `Rename` of a file that was written whole under its old name, and synced: no power loss can have torn it under the
    /// new one. What that is good for is told at `bit_rot_ppm` in SEMANTICS.md. Answer: `Done`.
    Replace {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
}

impl DiskRequest {
    /// The heap that it takes, in bytes: of what it writes, and of paths too, since there is no end to how many files a node makes.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        match self {
            DiskRequest::Write { data, .. } | DiskRequest::WriteThrough { data, .. } => data.capacity(),
            DiskRequest::Open { path, .. }
            | DiskRequest::PathMetadata { path }
            | DiskRequest::CreateDirectory { path, .. }
            | DiskRequest::RemoveFile { path }
            | DiskRequest::RemoveDirectory { path }
            | DiskRequest::ReadDirectory { path }
            | DiskRequest::SyncDirectory { path } => path.capacity(),
            DiskRequest::Rename { from, to } | DiskRequest::Replace { from, to } => from.capacity() + to.capacity(),
            DiskRequest::Close { .. }
            | DiskRequest::Read { .. }
            | DiskRequest::SetLength { .. }
            | DiskRequest::Sync { .. }
            | DiskRequest::FileMetadata { .. } => 0,
        }
    }
}

/// What kind of thing a path names, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Whether it is a directory.
    pub directory: bool,
    /// Length in bytes; 0 for a directory.
    pub length: u64,
}

/// The answer to an operation that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiskReply {
    /// It is done.
    Done,
    /// Bytes read.
    Data(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Kind and length.
    Metadata(Metadata),
    /// Names in a directory, sorted.
    Names(Vec<String>),
}

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiskError {
    /// No such file or directory.
    NotFound,
    /// There is one already.
    AlreadyExists,
    /// A part of the path is no directory.
    NotADirectory,
    /// It is a directory.
    IsADirectory,
    /// The directory has entries.
    DirectoryNotEmpty,
    /// The path or the offset makes no sense.
    InvalidInput,
    /// The file was not opened for that, or is not open.
    PermissionDenied,
    /// No space left on the device (ENOSPC).
    StorageFull,
    /// The device failed (EIO).
    Device,
}

/// What a disk answers.
pub type DiskResult = Result<DiskReply, DiskError>;

impl From<DiskError> for io::Error {
    fn from(error: DiskError) -> io::Error {
        const EIO: i32 = 5;
        let kind = match error {
            DiskError::Device => return io::Error::from_raw_os_error(EIO),
            DiskError::NotFound => io::ErrorKind::NotFound,
            DiskError::AlreadyExists => io::ErrorKind::AlreadyExists,
            DiskError::NotADirectory => io::ErrorKind::NotADirectory,
            DiskError::IsADirectory => io::ErrorKind::IsADirectory,
            DiskError::DirectoryNotEmpty => io::ErrorKind::DirectoryNotEmpty,
            DiskError::InvalidInput => io::ErrorKind::InvalidInput,
            DiskError::PermissionDenied => io::ErrorKind::PermissionDenied,
            DiskError::StorageFull => io::ErrorKind::StorageFull,
        };
        io::Error::from(kind)
    }
}
