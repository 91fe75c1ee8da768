//! Whether the sources are still the same: a fold over all that decides what a seed means.

use crate::house::{House, Submission};
use lab_harness::protocol::TraceHash;
use std::path::{Path, PathBuf};
use windtunnel::fold::Fold;

/// The fold over the submission, the labs, the simulator, the scenarios and Cargo.lock.
pub fn of_sources(house: &House, submission: &Submission) -> TraceHash {
    let mut files = Vec::new();
    for directory in ["labs", "scenarios", "sim/src"] {
        collect(&house.root.join(directory), &mut files);
    }
    collect(&submission.directory, &mut files);
    files.push(house.root.join("Cargo.lock"));
    files.push(house.root.join("sim/Cargo.toml"));
    files.sort_unstable();
    files.dedup();
    let mut fold = Fold::default();
    for file in files {
        let name = file.strip_prefix(&house.root).unwrap_or(&file);
        fold.bytes(name.as_os_str().as_encoded_bytes());
        fold.bytes(&std::fs::read(&file).unwrap_or_default());
    }
    TraceHash(fold.value())
}

/// All source files below a directory; built and hidden ones left out.
pub fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if name == "target" || name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| ["rs", "toml", "lock"].iter().any(|kind| extension == *kind))
        {
            files.push(path);
        }
    }
}
