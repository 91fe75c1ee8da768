//! Whether the sources are still the same, and if not, which: hashes of all that decides what a seed means.

use crate::house::{House, Submission};
use lab_harness::protocol::TraceHash;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use windtunnel::fold::{self, Fold};

/// The sources as they are now.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    /// The fold over all of them.
    pub whole: TraceHash,
    /// The fold over each, by its name as seen from the root.
    pub files: BTreeMap<String, TraceHash>,
}

impl Fingerprint {
    /// Of the submission, the labs, the simulator, the scenarios and Cargo.lock.
    pub fn of_sources(house: &House, submission: &Submission) -> Self {
        let mut files = Vec::new();
        for directory in ["labs", "scenarios", "sim/src"] {
            collect(&house.root.join(directory), &mut files);
        }
        collect(&submission.directory, &mut files);
        files.push(house.root.join("Cargo.lock"));
        files.push(house.root.join("sim/Cargo.toml"));
        Fingerprint::of(house, files)
    }

    /// Of what decides which parts and tests the labs have.
    pub fn of_labs(house: &House) -> Self {
        let mut files = Vec::new();
        collect(&house.root.join("labs"), &mut files);
        Fingerprint::of(house, files)
    }

    fn of(house: &House, mut files: Vec<PathBuf>) -> Self {
        files.sort_unstable();
        files.dedup();
        let (mut whole, mut each) = (Fold::default(), BTreeMap::new());
        for file in files {
            let name = file.strip_prefix(&house.root).unwrap_or(&file);
            let content = std::fs::read(&file).unwrap_or_default();
            whole.bytes(name.as_os_str().as_encoded_bytes());
            whole.bytes(&content);
            each.insert(name.display().to_string(), TraceHash(fold::of_bytes(&content)));
        }
        Fingerprint { whole: TraceHash(whole.value()), files: each }
    }

    /// What was changed, added or removed since, the submission's own files first.
    pub fn changed_since(&self, then: &BTreeMap<String, TraceHash>, submission: &Submission) -> Vec<String> {
        if then.is_empty() {
            return Vec::new(); // an older failure file
        }
        let names = self.files.keys().chain(then.keys().filter(|name| !self.files.contains_key(*name)));
        let mut changed: Vec<&String> = names.filter(|name| self.files.get(*name) != then.get(*name)).collect();
        changed.sort_by_key(|name| (!Path::new(name).starts_with(&submission.label), *name));
        changed.into_iter().cloned().collect()
    }
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
