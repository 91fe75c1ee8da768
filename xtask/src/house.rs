//! Where things are: the repository's root, its labs, and the submission that is meant.

use crate::error::LabError;
use lab_harness::near::nearest_few;
use std::path::{Component, Path, PathBuf};

/// The repository and where we stand.
#[derive(Debug)]
pub struct House {
    /// The root of the repository.
    pub root: PathBuf,
    /// Where the user stands.
    pub here: PathBuf,
    /// target/windtunnel: runs and failures.
    pub output: PathBuf,
}

/// A crate that implements a lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The lab it is for.
    pub lab: String,
    /// Its directory.
    pub directory: PathBuf,
    /// Its package's name.
    pub package: String,
    /// What messages call it: its directory, relative to the root if it is inside.
    pub label: String,
}

impl House {
    /// The house that this program was built in, or the one given.
    pub fn find(root: Option<&Path>) -> Result<Self, LabError> {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let asked = root.is_some();
        let root = root.unwrap_or(built_in);
        let root = root.canonicalize().map_err(|_| LabError::NoHouse(root.display().to_string()))?;
        if !root.join("labs").is_dir() {
            return Err(LabError::NoHouse(root.display().to_string()));
        }
        if let Some(other) = started_from().filter(|other| !asked && *other != root) {
            return Err(LabError::OtherHouse { built_in: root, here: other });
        }
        let here = std::env::current_dir().unwrap_or_else(|_| root.clone());
        let output = target_directory(&root, &here).join("windtunnel");
        Ok(House { root, here, output })
    }

    /// The labs there are, sorted.
    pub fn labs(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.root.join("labs")) else { return Vec::new() };
        let labs = entries.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file());
        let mut names: Vec<String> = labs.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| name != "harness");
        names.sort_unstable();
        names
    }

    /// Checks the name of a lab.
    pub fn check_lab(&self, name: &str) -> Result<(), LabError> {
        let labs = self.labs();
        if labs.iter().any(|lab| lab == name) {
            return Ok(());
        }
        Err(LabError::UnknownLab {
            name: name.to_owned(),
            nearest: nearest_few(name, labs.iter().map(String::as_str), 3),
        })
    }

    /// The submission whose directory we stand in, if we do.
    pub fn submission_here(&self) -> Option<Submission> {
        let directories = self.here.ancestors().take_while(|directory| **directory != *self.root);
        directories.filter_map(|directory| self.submission_in(directory).ok()).find(|found| !found.lab.is_empty())
    }

    /// The reference solution of a lab.
    pub fn solution(&self, lab: &str) -> Result<Submission, LabError> {
        let directory = self.root.join("solutions").join(lab);
        match directory.is_dir() {
            true => self.submission_for(&directory, lab),
            false => Err(LabError::NoSolution { lab: lab.to_owned() }),
        }
    }

    /// A crate that knows the lab's tests: the reference, or in a tree without solutions a submission of that name.
    pub fn witness(&self, lab: &str) -> Result<Submission, LabError> {
        self.solution(lab)
            .or_else(|error| self.submission_for(&self.root.join("submissions").join(lab), lab).map_err(|_| error))
    }

    /// The crate in that directory, to be judged by that lab.
    pub fn submission_for(&self, directory: &Path, lab: &str) -> Result<Submission, LabError> {
        let found = self.submission_in(&self.here.join(directory))?;
        if !found.lab.is_empty() && found.lab != lab {
            let (directory, expected) = (directory.to_path_buf(), lab.to_owned());
            return Err(LabError::OtherLab { directory, found: found.lab, expected });
        }
        Ok(Submission { lab: lab.to_owned(), ..found })
    }

    /// The lab that the crate in that directory says it is for; nothing if it does not say.
    pub fn lab_of(&self, directory: &Path) -> Result<String, LabError> {
        Ok(self.submission_in(&self.here.join(directory))?.lab)
    }

    /// The crate in that directory; its lab is empty if it does not say.
    fn submission_in(&self, directory: &Path) -> Result<Submission, LabError> {
        let refuse = |problem: String| LabError::NotASubmission { directory: directory.to_path_buf(), problem };
        let manifest = directory.join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).map_err(|error| refuse(format!("its Cargo.toml: {error}")))?;
        let manifest: toml::Table = text.parse().map_err(|error| refuse(format!("its Cargo.toml: {error}")))?;
        let package = manifest.get("package").and_then(toml::Value::as_table);
        let name = package.and_then(|package| package.get("name")).and_then(toml::Value::as_str);
        let name = name.ok_or_else(|| refuse("its Cargo.toml names no package".to_owned()))?;
        let lab = package.and_then(|package| package.get("metadata")?.get("windtunnel")?.get("lab")?.as_str());
        let directory = directory.canonicalize().map_err(|error| refuse(error.to_string()))?;
        let label = directory.strip_prefix(&self.root).unwrap_or(&directory).display().to_string();
        Ok(Submission { lab: lab.unwrap_or_default().to_owned(), package: name.to_owned(), label, directory })
    }

    /// A path as the user would type it here: relative if that is shorter.
    pub fn shown(&self, path: &Path) -> String {
        let whole = path.display().to_string();
        let relative = relative(&self.here, path).display().to_string();
        if relative.len() < whole.len() && !relative.is_empty() { relative } else { whole }
    }
}

/// The repository whose `cargo lab` started this program, if cargo did. Cargo takes crates of two clones that build into one directory for the
/// same, and starts the program of the other one.
fn started_from() -> Option<PathBuf> {
    let xtask = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let root = xtask.parent().filter(|_| xtask.ends_with("xtask"))?;
    root.join("labs").is_dir().then(|| root.canonicalize().ok())?
}

/// The way from one directory to a path, both absolute.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(from, to)| from == to).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

/// Cargo's target directory: from the environment, or the one this program lies in.
fn target_directory(root: &Path, here: &Path) -> PathBuf {
    let chosen = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"].iter().find_map(std::env::var_os);
    if let Some(chosen) = chosen.filter(|chosen| !chosen.is_empty()) {
        return here.join(chosen);
    }
    let program = std::env::current_exe().ok();
    let profile = program.as_deref().and_then(Path::parent);
    match profile.and_then(Path::parent) {
        Some(target) if target.join("CACHEDIR.TAG").is_file() => target.to_path_buf(),
        _ => root.join("target"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_the_shorter_way() {
        let house = House { root: "/w".into(), here: "/w/submissions/mine".into(), output: "/w/target".into() };
        let shown = |path: &str| house.shown(Path::new(path));
        assert_eq!(shown("/w/submissions/mine/src/lib.rs"), "src/lib.rs");
        assert_eq!(shown("/w/submissions/yours/a.json"), "../yours/a.json");
        assert_eq!(shown("/w/target/windtunnel/failures/a.json"), "/w/target/windtunnel/failures/a.json");
        assert_eq!(shown("/tmp/a"), "/tmp/a", "the way up is longer");
        assert_eq!(shown("/w/submissions/mine"), "/w/submissions/mine", "nobody can type nothing");
    }
}
