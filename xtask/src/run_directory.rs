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
