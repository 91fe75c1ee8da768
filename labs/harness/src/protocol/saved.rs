//! A failure file: everything needed to see one failure again, in one JSON object.

use super::{RunResult, ScenarioText, TraceHash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One failure, saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFailure {
    /// What kind of file this is: [`SavedFailure::FORMAT`].
    pub format: String,
    /// The weather under which the seed means this run.
    pub weather_version: u32,
    /// The lab.
    pub lab: String,
    /// The submission's directory, relative to the workspace where it is inside.
    pub submission: String,
    /// The fold over the sources of submission, labs and simulator, and over Cargo.lock.
    pub sources: TraceHash,
    /// The fold over each of those files, by name: what changed since can be told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, TraceHash>,
    /// The weather that was asked for, if it was not the test's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<ScenarioText>,
    /// What was being done when it was found.
    #[serde(default)]
    pub found_by: FoundBy,
    /// How the run ended; holds test, seed and failure.
    pub result: RunResult,
}

/// What was being done when a failure was found: doing it again is the way to see it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FoundBy {
    /// A plain run.
    #[default]
    Run,
    /// `--check`: the same seed, twice.
    Check,
    /// `--isolate process`: the same seed, in the thread and in processes.
    Isolation,
}

/// A failure file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedFailureError {
    /// It cannot be read.
    #[error("cannot read the failure file {}: {source}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It ends too early.
    #[error("the failure file {} is cut off after line {line}: run its seed again to get a whole one", .path.display())]
    CutOff {
        /// Which file.
        path: PathBuf,
        /// Where it ends.
        line: usize,
    },
    /// It holds something else.
    #[error("{} is no failure file: {source}", .path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It is some other JSON file.
    #[error("{} is no failure file: its format is `{format}`, expected `{}`", .path.display(), SavedFailure::FORMAT)]
    OtherFormat {
        /// Which file.
        path: PathBuf,
        /// What it says it is.
        format: String,
    },
}

impl SavedFailure {
    /// What `format` holds.
    pub const FORMAT: &'static str = "windtunnel-failure-1";

    /// Reads a failure file.
    pub fn read(path: &Path) -> Result<Self, SavedFailureError> {
        let path = path.to_path_buf();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(SavedFailureError::Unreadable { path, source }),
        };
        match serde_json::from_str::<SavedFailure>(&text) {
            Ok(saved) if saved.format == Self::FORMAT => Ok(saved),
            Ok(saved) => Err(SavedFailureError::OtherFormat { path, format: saved.format }),
            Err(source) if source.is_eof() => Err(SavedFailureError::CutOff { path, line: source.line() }),
            Err(source) => Err(SavedFailureError::Malformed { path, source }),
        }
    }

    /// The file's content: JSON with a line for each field, so that it can be read and compared.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Verdict;
    use windtunnel::Seed;

    fn saved() -> SavedFailure {
        let result = RunResult {
            test: "re_election".into(),
            seed: Seed(u64::MAX),
            verdict: Verdict::Failed,
            trace_hash: TraceHash(7),
            hash_at: None,
            events: 10,
            sim_ns: 5,
            faults: Default::default(),
            rough: Vec::new(),
            never_struck: Vec::new(),
            counted: BTreeMap::new(),
            messages: 1,
            bytes: 2,
            peak_heap_bytes: 3,
            failure: None,
        };
        SavedFailure {
            format: SavedFailure::FORMAT.into(),
            weather_version: 1,
            lab: "raft".into(),
            submission: "solutions/raft".into(),
            sources: TraceHash(9),
            files: BTreeMap::from([("sim/src/lib.rs".to_owned(), TraceHash(8))]),
            scenario: None,
            found_by: FoundBy::Check,
            result,
        }
    }

    fn read_text(name: &str, text: &str) -> Result<SavedFailure, SavedFailureError> {
        let path = std::env::temp_dir().join(format!("windtunnel-saved-{name}-{}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let read = SavedFailure::read(&path);
        std::fs::remove_file(&path).unwrap();
        read
    }

    #[test]
    fn a_saved_failure_is_read_back_whole() {
        assert_eq!(read_text("whole", &saved().to_text()).unwrap(), saved());
    }

    #[test]
    fn a_file_from_before_there_were_hashes_of_files_is_read() {
        let old = SavedFailure { files: BTreeMap::new(), ..saved() };
        assert!(!old.to_text().contains("\"files\""), "an old file has no such field");
        assert_eq!(read_text("old", &old.to_text()).unwrap(), old);
    }

    #[test]
    fn a_file_cut_anywhere_is_called_cut_off() {
        let text = saved().to_text();
        for end in 0..text.trim_end().len() {
            let error = read_text("cut", &text[..end]).unwrap_err();
            assert!(matches!(error, SavedFailureError::CutOff { .. }), "cut at {end}: {error}");
        }
    }

    #[test]
    fn another_file_is_told_apart() {
        assert!(matches!(read_text("other", "[]").unwrap_err(), SavedFailureError::Malformed { .. }));
        let other = saved().to_text().replace(SavedFailure::FORMAT, "notes");
        assert!(matches!(read_text("format", &other).unwrap_err(), SavedFailureError::OtherFormat { .. }));
    }
}
