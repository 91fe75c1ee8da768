//! Where mutants are built: a copy of the solution below target/windtunnel/power, in a workspace of its own.
//!
//! Always at the same place, so that cargo builds what a mutant needs once, and of a mutant only what its patch
//! changed. The workspace is the repository's: the same dependencies, versions and profiles, with paths made absolute.
//! The copy has another package name, so that its binary never stands where the solution's own is looked for.

use super::patch::Changes;
use crate::apart::{make_absolute, write_workspace};
use crate::building;
use crate::error::LabError;
use crate::house::{House, Submission};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Directories of a solution that are no part of its package.
const LEFT_OUT: [&str; 2] = ["target", "mutants"];

/// The place, held by one `cargo lab power` at a time.
#[derive(Debug)]
pub struct Workspace<'a> {
    house: &'a House,
    /// The solution's files.
    original: BTreeMap<PathBuf, Vec<u8>>,
    solution: PathBuf,
    copy: Submission,
    _lock: File,
}

impl<'a> Workspace<'a> {
    /// Reads the solution, and makes the workspace. Waits while another command has it.
    pub fn open(house: &'a House, solution: &Submission) -> Result<Self, LabError> {
        let workspace = house.output.join("power").join(&solution.lab);
        let failed = |source: io::Error| LabError::Target { path: workspace.clone(), source };
        let directory = workspace.join("mutant");
        fs::create_dir_all(&directory).map_err(failed)?;
        let lock = File::create(workspace.join("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        write_workspace(&house.root, &workspace, "mutant").map_err(failed)?;
        let directory = directory.canonicalize().map_err(failed)?;
        let mut original = BTreeMap::new();
        read_all(&solution.directory, Path::new(""), &mut original)
            .map_err(|source| LabError::CannotRead { path: solution.directory.clone(), source })?;
        let package = format!("mutant-of-{}", solution.package);
        let copy = Submission { directory, package, ..solution.clone() };
        Ok(Workspace { house, original, solution: solution.directory.clone(), copy, _lock: lock })
    }

    /// What patches are patches of.
    pub fn source(&self) -> &Path {
        &self.solution
    }

    /// Makes the copy what the patch makes of the solution, and builds it; its binary's path. What the copy does
    /// not change keeps its time stamp.
    pub fn build(&self, changes: &Changes) -> Result<PathBuf, LabError> {
        self.lay(changes)?;
        building::build_quietly(self.house, &self.copy)
    }

    /// The same as [`build`](Workspace::build), but its node, which flies.
    pub fn build_node(&self, changes: &Changes) -> Result<PathBuf, LabError> {
        self.lay(changes)?;
        building::build_node_quietly(self.house, &self.copy)
    }

    /// The same as [`build`](Workspace::build), but only asks the compiler whether it would.
    pub fn check(&self, changes: &Changes) -> Result<(), LabError> {
        self.lay(changes)?;
        building::check_quietly(self.house, &self.copy)
    }

    fn lay(&self, changes: &Changes) -> Result<(), LabError> {
        let mut wanted: BTreeMap<&Path, Vec<u8>> =
            self.original.iter().map(|(path, content)| (path.as_path(), content.clone())).collect();
        for (path, content) in changes {
            match content {
                Some(content) => drop(wanted.insert(path, content.clone().into_bytes())),
                None => drop(wanted.remove(path.as_path())),
            }
        }
        if let Some(manifest) = wanted.get_mut(Path::new("Cargo.toml")) {
            *manifest = self.manifest(&String::from_utf8_lossy(manifest)).into_bytes();
        }
        let failed = |source| LabError::Target { path: self.copy.directory.clone(), source };
        lay_out(&self.copy.directory, &wanted).map_err(failed)
    }

    /// The solution's manifest, in another place and under another name. Its library keeps its own, which its sources use.
    fn manifest(&self, text: &str) -> String {
        let Ok(mut manifest) = text.parse::<Table>() else { return text.to_owned() }; // cargo knows better what to say
        let name = manifest.get_mut("package").and_then(|package| package.get_mut("name"));
        if let Some(name) = name {
            let library = name.as_str().unwrap_or_default().replace('-', "_");
            *name = Value::from(self.copy.package.clone());
            if self.original.contains_key(Path::new("src/lib.rs"))
                && let Some(lib) = manifest.entry("lib").or_insert_with(|| Table::new().into()).as_table_mut()
            {
                lib.entry("name").or_insert_with(|| library.into());
            }
        }
        make_absolute(&mut manifest, &self.solution);
        manifest.to_string()
    }
}

fn read_all(root: &Path, below: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), below.join(entry.file_name()));
        if LEFT_OUT.iter().any(|out| name == *out) || name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.path().is_dir() {
            read_all(root, &path, files)?;
        } else {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Writes what is not there yet, removes what does not belong there.
fn lay_out(directory: &Path, wanted: &BTreeMap<&Path, Vec<u8>>) -> io::Result<()> {
    let mut there = BTreeMap::new();
    read_all(directory, Path::new(""), &mut there)?;
    for path in there.keys().filter(|path| !wanted.contains_key(path.as_path())) {
        fs::remove_file(directory.join(path))?;
    }
    let directories: BTreeSet<&Path> = wanted.keys().filter_map(|path| path.parent()).collect();
    for below in directories {
        fs::create_dir_all(directory.join(below))?;
    }
    let mut changed = wanted.iter().filter(|(path, content)| there.get(**path) != Some(content));
    changed.try_for_each(|(path, content)| fs::write(directory.join(path), content))
}
