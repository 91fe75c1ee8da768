//! A submission of lab mapreduce that takes a job and does nothing.

use lab_mapreduce::{Apps, Job, JobId, Progress, Refused, Status};
use std::io;

/// The environment variable that makes an executable this submission; with `panics` its workers do.
pub const LAZY: &str = "WINDTUNNEL_TEST_LAZY";

/// Takes a job and does nothing.
#[derive(Clone, Copy, Debug)]
pub struct Lazy;

impl lab_mapreduce::Coordinator for Lazy {
    async fn start() -> io::Result<Self> {
        Ok(Lazy)
    }

    async fn submit(&self, _: Job) -> Result<(), Refused> {
        Ok(())
    }

    fn status(&self) -> Status {
        Status::Running { job: JobId(1), progress: Progress::default() }
    }
}

impl lab_mapreduce::Worker for Lazy {
    async fn start(_: Apps) -> io::Result<Self> {
        assert!(std::env::var_os(LAZY).is_none_or(|how| how != "panics"), "I know no better");
        Ok(Lazy)
    }
}
