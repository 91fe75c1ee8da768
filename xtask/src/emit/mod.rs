//! `--emit KIND=FILE`: the results of `cargo lab test` in a file, for programs that read no stream.
//!
//! [`results`] is what all emitters say; [`junit`] and JSON are two ways to write it down.

mod junit;
mod results;

pub use results::{FailureResults, PartResults, Results, TestResults};

use crate::error::LabError;
use crate::seeds::random_name;
use std::io;
use std::path::{Path, PathBuf};

/// The emitters there are.
const KINDS: [(&str, Kind); 2] = [("junit", Kind::Junit), ("json", Kind::Json)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Junit,
    Json,
}

/// One file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    kind: Kind,
    /// As it was given.
    shown: PathBuf,
    path: PathBuf,
}

/// What the command line asks for: `junit=FILE`, `json=FILE`.
pub fn targets(words: &[String], here: &Path) -> Result<Vec<Target>, LabError> {
    let mut targets: Vec<Target> = Vec::new();
    for word in words {
        let (name, file) = word.split_once('=').unwrap_or((word, ""));
        let known = KINDS.iter().find(|(known, _)| *known == name);
        let Some((_, kind)) = known else {
            return Err(LabError::UnknownEmitter {
                name: name.to_owned(),
                known: KINDS.map(|(name, _)| name.to_owned()),
            });
        };
        if file.is_empty() {
            return Err(LabError::EmitterWithoutFile { word: word.clone(), name: name.to_owned() });
        }
        let joined = file.split(',').skip(1).find(|more| more.split_once('=').is_some_and(|(name, _)| is_kind(name)));
        if let Some(more) = joined {
            return Err(LabError::EmitterWithoutOption(more.to_owned()));
        }
        let target = Target { kind: *kind, shown: PathBuf::from(file), path: here.join(file) };
        if targets.iter().any(|other| other.path == target.path && other.kind != target.kind) {
            return Err(LabError::EmittersShareFile(target.shown));
        }
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(targets)
}

/// That none of the filters is a file to be written: `--emit junit=A json=B` names B as a test.
pub fn no_target_among(filters: &[String]) -> Result<(), LabError> {
    let is_target = |word: &&String| word.split_once('=').is_some_and(|(name, _)| is_kind(name));
    match filters.iter().find(is_target) {
        Some(word) => Err(LabError::EmitterWithoutOption(word.clone())),
        None => Ok(()),
    }
}

fn is_kind(name: &str) -> bool {
    KINDS.iter().any(|(known, _)| *known == name)
}

/// Writes one file, and the directories above it.
pub fn write(target: &Target, results: &Results) -> Result<(), LabError> {
    let text = match target.kind {
        Kind::Junit => junit::text(results),
        Kind::Json => results.to_json(),
    };
    let written = text.and_then(|text| write_whole(&target.path, &text));
    written.map_err(|source| LabError::CannotEmit { path: target.shown.clone(), source })
}

/// Whole or not at all: half a report would be another one. What is no file (a pipe, `/dev/stderr`) stays what it is.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    if path.exists() && !path.is_file() {
        return std::fs::write(path, text);
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", random_name()));
    let written = std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Vec<Target>, LabError> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        targets(&words, Path::new("/w"))
    }

    #[test]
    fn files_are_named_behind_the_emitter_and_may_hold_its_sign() {
        let found = read(&["junit=out/a=b.xml", "json=/r.json"]).unwrap();
        assert_eq!(found[0].path, Path::new("/w/out/a=b.xml"));
        assert_eq!((found[1].kind, &*found[1].path), (Kind::Json, Path::new("/r.json")));
    }

    #[test]
    fn wrong_emitters_are_answered_with_the_known_ones() {
        let error = read(&["html=x"]).unwrap_err();
        assert_eq!(error.exit().code(), 2);
        assert!(error.to_string().contains("`html`") && error.to_string().contains("junit, json"), "{error}");
        for words in [&["junit"][..], &["junit="], &["junit=a", "json=a"]] {
            assert_eq!(read(words).unwrap_err().exit().code(), 2, "{words:?}");
        }
    }

    #[test]
    fn several_files_take_several_options_and_the_same_one_twice_is_one() {
        assert_eq!(read(&["junit=a", "junit=b", "json=c", "junit=a"]).unwrap().len(), 3);
        assert_eq!(read(&["junit=a,b"]).unwrap()[0].path, Path::new("/w/a,b"), "a file's name may have a comma");
        let error = read(&["junit=a,json=b"]).unwrap_err();
        assert!(error.to_string().contains("--emit json=b"), "{error}");
        let filters = ["3A", "junit=b"].map(str::to_owned);
        let error = no_target_among(&filters).unwrap_err();
        assert_eq!((error.exit().code(), error.to_string().contains("--emit junit=b")), (2, true), "{error}");
        assert!(no_target_among(&["a=b".to_owned()]).is_ok(), "that is a filter which matches nothing");
    }
}
