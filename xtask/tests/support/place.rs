//! Where a test flies: a target directory of its own, and this very executable as worker and nodes.

use super::Answer;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A target directory of its own.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("windtunnel-fly-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    pub fn command(&self, words: &str, node: &Path) -> Command {
        let own = std::env::current_exe().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(words.split(' ')).args(["--format", "json", "--worker"]).arg(own);
        command.arg("--node-binary").arg(node);
        command.current_dir(root()).env("CARGO_TARGET_DIR", &self.0).stdin(Stdio::null());
        command
    }

    pub fn lab(&self, words: &str) -> Answer {
        Answer::of(self.command(words, &std::env::current_exe().unwrap()))
    }

    /// Processes whose command line names this place: nodes and their workers.
    pub fn processes(&self) -> Vec<String> {
        let place = self.0.to_str().unwrap();
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        lines.filter(|line| line.contains(" node --config ") && line.contains(place)).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
