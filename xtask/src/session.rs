//! What every command has at hand, and how it comes by a worker.

use crate::building;
use crate::console::Console;
use crate::error::LabError;
use crate::house::{House, Submission};
use crate::run_directory::RunDirectory;
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
    /// The submission's worker binary, built unless one was given, and kept in `directory`: what is built while this
    /// run lasts, in another terminal, is another run's.
    pub fn binary(&self, submission: &Submission, directory: &RunDirectory) -> Result<PathBuf, LabError> {
        self.worker_with(submission, directory, &[])
    }

    /// The same for a worker that flies nodes.
    pub fn pilot(&self, submission: &Submission, directory: &RunDirectory) -> Result<PathBuf, LabError> {
        self.worker_with(submission, directory, &["real"])
    }

    fn worker_with(
        &self,
        submission: &Submission,
        directory: &RunDirectory,
        features: &[&str],
    ) -> Result<PathBuf, LabError> {
        match self.worker {
            Some(worker) => Ok(self.house.here.join(worker)),
            None => {
                let built = building::build(self.house, submission, self.keep_words, features)?;
                directory.keep(&built, &format!("worker-of-{}", submission.package))
            }
        }
    }
}
