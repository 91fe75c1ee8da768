//! The node's own disk: [`File`], [`read`], [`rename`], [`sync_dir`], …
//!
//! Names are those of `tokio::fs`. What is written is safe from a power loss only after
//! [`File::sync_all`], and a new or changed name only after [`sync_dir`] of its directory. [`replace`] does
//! all of it for a file that is written whole. Paths are relative to the node's own root.

mod file;

pub use crate::line::Metadata;
pub use file::{File, OpenOptions};

use crate::executor::operations::begin;
use crate::line::{DiskError, DiskReply, DiskRequest, path::parts};
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

/// Makes or replaces a file with this content, whole and safe: writes `PATH.new` beside it, syncs that, renames it to
/// `PATH`, and syncs the directory. The file is open to read and write.
///
/// A power loss or a kill before it returns leaves the file as it was before or the new one, each whole, and may leave
/// `PATH.new`, which the next `replace` of that path overwrites. Whoever replaces a path waits for the end of one before
/// the next begins. The name of the directory itself must be safe already.
///
/// A future that is dropped before its end counts as one that has not returned. After a kill the new content may be there to
/// be read, and a power loss may still take it back: whoever acts on what it reads at a start replaces it once more before.
///
/// Such a file cannot be torn, so what is wrong in it has rotted, also in what was written last (sim/SEMANTICS.md,
/// "bit rot"): give it a checksum, and do not start with one that is damaged. The first write to the file ends that.
///
/// # Errors
/// Whatever the disk answers. Then nobody knows which of the two is safe: replace it again, or stop.
pub async fn replace(path: &str, content: &[u8]) -> io::Result<File> {
    let (aside, directory) = beside(path)?;
    let file = File::create(&aside).await?;
    file.write_at(0, content).await?;
    file.sync_all().await?;
    done(DiskRequest::Replace { from: aside, to: path.into() }).await?;
    sync_dir(&directory).await?;
    Ok(file)
}

/// Where the content of a path is written before it gets its name, and the directory of both.
fn beside(path: &str) -> io::Result<(String, String)> {
    let mut parts = parts(path)?;
    let name = parts.pop().ok_or(DiskError::InvalidInput)?;
    let directory = if parts.is_empty() { ".".to_owned() } else { parts.join("/") };
    let aside = format!("{name}.new");
    parts.push(&aside);
    Ok((parts.join("/"), directory))
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
