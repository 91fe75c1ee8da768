//! A directory of this program's own under target/windtunnel, gone when it ends.

use crate::error::LabError;
use crate::seeds::random_name;
use std::path::{Path, PathBuf};

/// Where workers are started and progress files lie. Two runs at once have two.
#[derive(Debug)]
pub struct RunDirectory(PathBuf);

impl RunDirectory {
    /// Makes one under `output` (target/windtunnel), with proof that files can be written there.
    pub fn create(output: &Path) -> Result<Self, LabError> {
        let path = output.join("runs").join(format!("{}-{}", std::process::id(), random_name()));
        let made = std::fs::create_dir_all(&path).map(|()| RunDirectory(path.clone()));
        let made = made.and_then(|made| std::fs::write(made.0.join("began"), "a run of cargo lab\n").map(|()| made));
        made.map_err(|source| LabError::Target { path, source })
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A copy of a program in it, which stays as it is now whatever is built.
    pub fn keep(&self, binary: &Path, name: &str) -> Result<PathBuf, LabError> {
        let path = self.file(name);
        let copied = std::fs::copy(binary, &path);
        copied.map(|_| path.clone()).map_err(|source| LabError::Target { path, source })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        // What is left behind wastes a few bytes and harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_stays_as_it_was_and_goes_with_the_directory() -> Result<(), LabError> {
        let output = RunDirectory::create(&std::env::temp_dir())?;
        let built = output.file("worker");
        std::fs::write(&built, "built first").ok();
        let directory = RunDirectory::create(output.path())?;
        let kept = directory.keep(&built, "worker-of-raft")?;
        std::fs::write(&built, "built since").ok();
        assert_eq!(std::fs::read_to_string(&kept).ok().as_deref(), Some("built first"));
        drop(directory);
        assert!(!kept.exists());
        let directory = RunDirectory::create(output.path())?;
        assert!(directory.keep(&output.path().join("missing"), "worker-of-raft").is_err());
        Ok(())
    }
}
