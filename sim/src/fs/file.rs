//! An open file.

use super::{done, expect_metadata, unexpected};
use crate::executor::context::{Context, current};
use crate::executor::operations::{begin, begin_and_forget};
use crate::line::{DiskReply, DiskRequest, FileId, Metadata, OpenMode};
use std::io;
use std::rc::Rc;

/// How to open a file; the words are those of std and tokio.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions(OpenMode);

macro_rules! options {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$doc])*
        pub const fn $name(&mut self, yes: bool) -> &mut Self {
            self.0.$name = yes;
            self
        }
    )+ };
}

impl OpenOptions {
    /// Nothing allowed yet.
    #[must_use]
    pub fn new() -> Self {
        OpenOptions::default()
    }

    options! {
        /// May be read.
        read,
        /// May be written.
        write,
        /// Every write goes to the end.
        append,
        /// Cut to nothing when opened.
        truncate,
        /// Made if it is missing.
        create,
        /// Made, and refused if it is there.
        create_new,
    }

    /// Opens the file.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists` and whatever the disk answers.
    pub async fn open(&self, path: &str) -> io::Result<File> {
        let context = current();
        let file = context.operations.next_file();
        let mode = self.0;
        expect_metadata(DiskRequest::Open { file, path: path.into(), mode }).await?;
        Ok(File { context, file })
    }
}

/// An open file. Dropping it closes it, without a sync.
#[derive(Debug)]
pub struct File {
    context: Rc<Context>,
    file: FileId,
}

impl File {
    /// Opens a file to read it.
    ///
    /// # Errors
    /// `NotFound` and whatever the disk answers.
    pub async fn open(path: &str) -> io::Result<File> {
        OpenOptions::new().read(true).open(path).await
    }

    /// Opens a file to read and write it, made if missing and cut to nothing if there.
    ///
    /// # Errors
    /// Whatever the disk answers.
    pub async fn create(path: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).await
    }

    /// Up to `length` bytes at `offset`; fewer at the end of the file.
    ///
    /// # Errors
    /// Whatever the disk answers.
    pub async fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        match begin(DiskRequest::Read { file: self.file, offset, length: length as u64 }).await? {
            DiskReply::Data(data) => Ok(data),
            other => Err(unexpected(&other)),
        }
    }

    /// Writes all of `data` at `offset`.
    ///
    /// # Errors
    /// `StorageFull` and whatever the disk answers. A beginning of `data` may be there all the same, but not all of it.
    pub async fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        done(DiskRequest::Write { file: self.file, offset, data: data.to_vec() }).await
    }

    /// Writes all of `data` at the end; the file must have been opened to append.
    ///
    /// # Errors
    /// Those of [`File::write_at`].
    pub async fn append(&self, data: &[u8]) -> io::Result<()> {
        self.write_at(0, data).await
    }

    /// Cuts or grows the file.
    ///
    /// # Errors
    /// Whatever the disk answers.
    pub async fn set_len(&self, length: u64) -> io::Result<()> {
        done(DiskRequest::SetLength { file: self.file, length }).await
    }

    /// fsync: what was written is safe from a power loss when this returns `Ok`.
    ///
    /// # Errors
    /// Whatever the disk answers. After an error some of the data may be lost even if a later sync
    /// succeeds: write it again, or stop.
    pub async fn sync_all(&self) -> io::Result<()> {
        done(DiskRequest::Sync { file: self.file }).await
    }

    /// [`File::write_at`] and then [`File::sync_all`], in one trip to the disk: what a log does for each record.
    ///
    /// # Errors
    /// Those of either, and as after either: nobody knows how much of `data` is written, or safe.
    pub async fn write_through(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        done(DiskRequest::WriteThrough { file: self.file, offset, data: data.to_vec() }).await
    }

    /// Length of the file.
    ///
    /// # Errors
    /// Whatever the disk answers.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        expect_metadata(DiskRequest::FileMetadata { file: self.file }).await
    }
}

impl Drop for File {
    fn drop(&mut self) {
        begin_and_forget(&self.context, DiskRequest::Close { file: self.file });
    }
}
