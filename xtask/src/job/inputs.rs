//! The files that `--input` means.

use super::glob;
use crate::error::LabError;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// All files that words name or patterns match, in that order, each once, however many paths and links lead to it; those of a pattern in
/// the order of their bytes. All are there, and can be opened. They are told as they were first asked for, relative to where the user stands.
pub fn files(here: &Path, words: &[OsString]) -> Result<Vec<PathBuf>, LabError> {
    let (mut files, mut known) = (Vec::new(), BTreeSet::new());
    for word in words {
        let path = PathBuf::from(word);
        // A file that is called like a pattern is that file.
        let found = match here.join(&path).symlink_metadata() {
            Err(_) if glob::is_pattern(word) => matches(here, word)?,
            _ => vec![path],
        };
        for path in found {
            if known.insert(readable(here, &path)?) {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// The files that a pattern matches: directories are none.
fn matches(here: &Path, word: &OsString) -> Result<Vec<PathBuf>, LabError> {
    let all = glob::matches(here, word).map_err(|(path, source)| LabError::CannotRead { path, source })?;
    let is_directory = |path: &PathBuf| here.join(path).is_dir();
    let (directories, files): (Vec<PathBuf>, Vec<PathBuf>) = all.into_iter().partition(is_directory);
    match files.is_empty() {
        true => Err(LabError::NoInput { pattern: PathBuf::from(word), directories: directories.len() }),
        false => Ok(files),
    }
}

/// Which file a path leads to, in the one way that there is to say so: it is a plain file, and can be opened.
fn readable(here: &Path, path: &Path) -> Result<PathBuf, LabError> {
    let whole = here.join(path);
    let cannot = |source| LabError::CannotRead { path: path.to_path_buf(), source };
    let metadata = whole.metadata().map_err(cannot)?;
    if metadata.is_dir() {
        return Err(LabError::InputIsDirectory(path.to_path_buf()));
    }
    if !metadata.is_file() {
        return Err(cannot(io::Error::other("it is no plain file, and a job reads its input more than once")));
    }
    File::open(&whole).and_then(|_| whole.canonicalize()).map_err(cannot)
}
