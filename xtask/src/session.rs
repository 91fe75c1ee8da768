//! What every command has at hand, and how it comes by a worker.

use crate::building;
use crate::console::Console;
use crate::error::LabError;
use crate::house::{House, Submission};
use std::path::{Path, PathBuf};

/// One invocation of `cargo lab`.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    pub house: &'a House,
    pub console: &'a Console,
    /// A worker that is built already.
    pub worker: Option<&'a Path>,
    /// Whether errors carry the compiler's words: somebody reads them elsewhere than on standard error.
    pub keep_words: bool,
}

impl Session<'_> {
    /// The submission's worker binary, built unless one was given.
    pub fn binary(&self, submission: &Submission) -> Result<PathBuf, LabError> {
        match self.worker {
            Some(worker) => Ok(self.house.here.join(worker)),
            None => building::build(self.house, submission, self.keep_words),
        }
    }

    /// The same for a worker that flies nodes.
    pub fn pilot(&self, submission: &Submission) -> Result<PathBuf, LabError> {
        match self.worker {
            Some(worker) => Ok(self.house.here.join(worker)),
            None => building::build_with(self.house, submission, self.keep_words, &["real"]),
        }
    }
}
