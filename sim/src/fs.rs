//! The node's own disk: [`File`], [`read`], [`rename`], [`sync_dir`], …
//!
//! Names are those of `tokio::fs`. What is written is safe from a power loss only after
//! [`File::sync_all`], and a new or changed name only after [`sync_dir`] of its directory.
//! Paths are relative to the node's own root.

mod file;

pub use crate::line::Metadata;
pub use file::{File, OpenOptions};

use crate::executor::operations::begin;
use crate::line::{DiskReply, DiskRequest};
use std::io;

/// The whole content of a file.
///
/// # Errors
/// `NotFound` and whatever the disk answers.
pub async fn read(path: &str) -> io::Result<Vec<u8>> {
    let file = File::open(path).await?;
    let length = file.metadata().await?.length;
    file.read_at(0, length as usize).await
}

/// Makes or replaces a file with this content. Not synced, not atomic.
///
/// # Errors
/// Whatever the disk answers.
pub async fn write(path: &str, content: &[u8]) -> io::Result<()> {
    File::create(path).await?.write_at(0, content).await
}

/// Gives a file or directory another name, in place of what had it. Safe after [`sync_dir`].
///
/// # Errors
/// `NotFound` and whatever the disk answers.
pub async fn rename(from: &str, to: &str) -> io::Result<()> {
    done(DiskRequest::Rename { from: from.into(), to: to.into() }).await
}

/// Makes a directory.
///
/// # Errors
/// `AlreadyExists` and whatever the disk answers.
pub async fn create_dir(path: &str) -> io::Result<()> {
    done(DiskRequest::CreateDirectory { path: path.into(), all: false }).await
}

/// Makes a directory and its parents; it is no error if they are there.
///
/// # Errors
/// Whatever the disk answers.
pub async fn create_dir_all(path: &str) -> io::Result<()> {
    done(DiskRequest::CreateDirectory { path: path.into(), all: true }).await
}

/// The names in a directory, sorted; the root is `"."`.
///
/// # Errors
/// `NotFound` and whatever the disk answers.
pub async fn read_dir(path: &str) -> io::Result<Vec<String>> {
    match begin(DiskRequest::ReadDirectory { path: path.into() }).await? {
        DiskReply::Names(names) => Ok(names),
        other => Err(unexpected(&other)),
    }
}

/// Removes a file's name.
///
/// # Errors
/// `NotFound` and whatever the disk answers.
pub async fn remove_file(path: &str) -> io::Result<()> {
    done(DiskRequest::RemoveFile { path: path.into() }).await
}

/// Removes an empty directory.
///
/// # Errors
/// `NotFound`, `DirectoryNotEmpty` and whatever the disk answers.
pub async fn remove_dir(path: &str) -> io::Result<()> {
    done(DiskRequest::RemoveDirectory { path: path.into() }).await
}

/// Makes the names in a directory safe from a power loss; the root is `"."`.
///
/// # Errors
/// `NotFound` and whatever the disk answers.
pub async fn sync_dir(path: &str) -> io::Result<()> {
    done(DiskRequest::SyncDirectory { path: path.into() }).await
}

/// Kind and length of what a path names.
///
/// # Errors
/// `NotFound` and whatever the disk answers.
pub async fn metadata(path: &str) -> io::Result<Metadata> {
    expect_metadata(DiskRequest::PathMetadata { path: path.into() }).await
}

async fn done(request: DiskRequest) -> io::Result<()> {
    begin(request).await.map(|_| ())
}

async fn expect_metadata(request: DiskRequest) -> io::Result<Metadata> {
    match begin(request).await? {
        DiskReply::Metadata(metadata) => Ok(metadata),
        other => Err(unexpected(&other)),
    }
}

fn unexpected(reply: &DiskReply) -> io::Error {
    io::Error::other(format!("the disk gave an answer of another kind: {reply:?}"))
}
