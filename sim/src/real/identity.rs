//! Whose data directory it is, and how often its node was started.
//!
//! A node that runs on the data of another one breaks every promise that either has made, so the directory says who
//! owns it, and a lock says who has it now.

use crate::units::{Incarnation, NodeId};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is kept, and how; another number is another layout.
const VERSION: u32 = 1;
const LOCK: &str = "lock";
const IDENTITY: &str = "identity.toml";
/// Below it is what lab code writes.
const FILES: &str = "files";

/// A data directory, held by this process until it is dropped.
#[derive(Debug)]
pub struct DataDirectory {
    /// The root of the node's disk.
    pub files: PathBuf,
    /// How often the node has been started, this start included.
    pub incarnation: Incarnation,
    /// The lock goes when the process does, however it ends.
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A process runs on it.
    #[error("{} is locked: another node runs on it; stop that one, or give this one a directory of its own", .0.display())]
    Locked(PathBuf),
    /// It belongs to another cluster.
    #[error("{} holds data of cluster `{found}`, and this node is of `{wanted}`; give each cluster directories of its own", path.display())]
    OtherCluster {
        /// The directory.
        path: PathBuf,
        /// Whose data it is.
        found: String,
        /// Who wants it.
        wanted: String,
    },
    /// It belongs to another node.
    #[error("{} holds data of {found}, and this is {wanted}; give each node a directory of its own", path.display())]
    OtherNode {
        /// The directory.
        path: PathBuf,
        /// Whose data it is.
        found: NodeId,
        /// Who wants it.
        wanted: NodeId,
    },
    /// It was written by another version.
    #[error("{} is of version {found}, and this program reads version {VERSION}; start the program that wrote it, or begin in an empty directory", path.display())]
    OtherVersion {
        /// The directory.
        path: PathBuf,
        /// What it says.
        found: u32,
    },
    /// Its identity cannot be read.
    #[error("{} is damaged: {why}; begin in an empty directory, or restore this one", path.display())]
    Damaged {
        /// The identity file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The disk does not do what is asked.
    #[error("{}: {source}; the directory must be one this node can write to", path.display())]
    Io {
        /// What was touched.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct Identity {
    version: u32,
    cluster: String,
    node: NodeId,
    incarnation: Incarnation,
}

/// Only the version: what else there is depends on it.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl DataDirectory {
    /// Takes hold of a directory, made if it is missing, and counts the start.
    ///
    /// # Errors
    /// If it is somebody else's, or cannot be read or written.
    pub fn open(path: &Path, cluster: &str, node: NodeId) -> Result<Self, IdentityError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| IdentityError::Io { path, source }
        };
        let named_in = make(path).map_err(at(path))?;
        let lock = take_lock(path)?;
        let previous = read(path, cluster, node)?;
        let files = path.join(FILES);
        fs::create_dir_all(&files).map_err(at(&files))?;
        let incarnation = Incarnation(previous.0 + 1);
        let identity = Identity { version: VERSION, cluster: cluster.to_owned(), node, incarnation };
        // Before the first message: nobody may meet two starts of one number.
        write(path, &named_in, &identity).map_err(at(path))?;
        Ok(DataDirectory { files, incarnation, _lock: lock })
    }
}

/// Makes a directory, and those above it that are missing; in which directories the names are that were made. Its own is among
/// them in any case: who made it may have died before it was on the disk.
fn make(path: &Path) -> io::Result<Vec<PathBuf>> {
    let missing: Vec<&Path> = path.ancestors().take_while(|path| is_missing(path)).collect();
    fs::create_dir_all(path)?;
    let made = if missing.is_empty() { vec![path] } else { missing };
    Ok(made.into_iter().map(directory_of).collect())
}

/// Whether there is nothing of that name; the empty one is where this process stands.
fn is_missing(path: &Path) -> bool {
    !path.as_os_str().is_empty() && !path.exists()
}

fn directory_of(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

fn take_lock(path: &Path) -> Result<File, IdentityError> {
    let place = path.join(LOCK);
    let open = File::options().create(true).truncate(false).write(true).open(&place);
    let lock = open.map_err(|source| IdentityError::Io { path: place.clone(), source })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(IdentityError::Locked(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(IdentityError::Io { path: place, source }),
    }
}

/// The incarnation before this one; 0 if there was none.
fn read(path: &Path, cluster: &str, node: NodeId) -> Result<Incarnation, IdentityError> {
    let place = path.join(IDENTITY);
    let text = match fs::read_to_string(&place) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Incarnation(0)),
        Err(source) => return Err(IdentityError::Io { path: place, source }),
    };
    let damaged =
        |error: toml::de::Error| IdentityError::Damaged { path: place.clone(), why: error.message().to_owned() };
    let Versioned { version } = toml::from_str(&text).map_err(damaged)?;
    if version != VERSION {
        return Err(IdentityError::OtherVersion { path: path.to_owned(), found: version });
    }
    let found: Identity = toml::from_str(&text).map_err(damaged)?;
    if found.cluster != cluster {
        let wanted = cluster.to_owned();
        return Err(IdentityError::OtherCluster { path: path.to_owned(), found: found.cluster, wanted });
    }
    if found.node != node {
        return Err(IdentityError::OtherNode { path: path.to_owned(), found: found.node, wanted: node });
    }
    Ok(found.incarnation)
}

/// Content, then name, then the names that lead here: a power loss leaves the old identity or the new one.
fn write(path: &Path, named_in: &[PathBuf], identity: &Identity) -> io::Result<()> {
    let text = toml::to_string(identity).map_err(io::Error::other)?;
    let (new, place) = (path.join("identity.toml.new"), path.join(IDENTITY));
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, &place)?;
    File::open(path)?.sync_all()?;
    named_in.iter().try_for_each(|directory| File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::scratch::Scratch;

    const NODE: NodeId = NodeId(1);

    fn error(path: &Path, cluster: &str, node: NodeId) -> String {
        DataDirectory::open(path, cluster, node).unwrap_err().to_string().replace(&path.display().to_string(), "DATA")
    }

    #[test]
    fn each_start_has_a_number_of_its_own() {
        let scratch = Scratch::new();
        let path = scratch.path().join("deep/data");
        let starts: Vec<u32> = (0..3).map(|_| DataDirectory::open(&path, "c", NODE).unwrap().incarnation.0).collect();
        assert_eq!(starts, [1, 2, 3]);
    }

    #[test]
    fn each_directory_in_which_a_name_was_made_is_synced_and_its_own_at_each_start() {
        let scratch = Scratch::new();
        let above = scratch.path();
        let path = above.join("a/b/data");
        assert_eq!(make(&path).unwrap(), [above.join("a/b"), above.join("a"), above.to_owned()]);
        assert_eq!(make(&path).unwrap(), [above.join("a/b")]);
        assert_eq!(directory_of(Path::new("data")), Path::new("."), "where this process stands");
        assert!(!is_missing(Path::new("")), "it stands somewhere");
    }

    #[test]
    fn a_directory_has_one_node_at_a_time() {
        let scratch = Scratch::new();
        let held = DataDirectory::open(scratch.path(), "c", NODE).unwrap();
        assert_eq!(
            error(scratch.path(), "c", NODE),
            "DATA is locked: another node runs on it; stop that one, or give this one a directory of its own"
        );
        drop(held);
        assert!(DataDirectory::open(scratch.path(), "c", NODE).is_ok());
    }

    #[test]
    fn a_directory_of_another_cluster_node_or_version_is_left_alone() {
        let scratch = Scratch::new();
        let path = scratch.path();
        drop(DataDirectory::open(path, "c", NODE).unwrap());
        let before = fs::read(path.join(IDENTITY)).unwrap();
        assert_eq!(
            error(path, "d", NODE),
            "DATA holds data of cluster `c`, and this node is of `d`; give each cluster directories of its own"
        );
        assert_eq!(
            error(path, "c", NodeId(2)),
            "DATA holds data of node 1, and this is node 2; give each node a directory of its own"
        );
        assert_eq!(fs::read(path.join(IDENTITY)).unwrap(), before);
        fs::write(path.join(IDENTITY), "version = 9\nwhatever = 1\n").unwrap();
        assert_eq!(
            error(path, "c", NODE),
            "DATA is of version 9, and this program reads version 1; start the program that wrote it, or begin in an \
             empty directory"
        );
        fs::write(path.join(IDENTITY), "version = 1\n").unwrap();
        let damaged = error(path, "c", NODE);
        assert!(damaged.starts_with("DATA/identity.toml is damaged: missing field `cluster`"), "{damaged}");
    }

    #[test]
    fn a_place_that_is_no_directory_is_named() {
        let scratch = Scratch::new();
        let path = scratch.path().join("file");
        fs::write(&path, "").unwrap();
        assert!(error(&path, "c", NODE).ends_with("; the directory must be one this node can write to"));
    }
}
