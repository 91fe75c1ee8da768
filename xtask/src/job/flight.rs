//! What a job on real processes needs besides: a node, and a directory for its files.

use super::LAB;
use crate::cli::JobOptions;
use crate::error::LabError;
use crate::fly;
use crate::house::{House, Submission};
use crate::run_directory::RunDirectory;
use crate::session::Session;
use lab_harness::file_names::escaped;
use lab_harness::protocol::{Failure, JobWay, ScenarioText};
use std::path::PathBuf;
use windtunnel::Seed;

/// How long a flown job may stand still: WINDTUNNEL_FLIGHT_PATIENCE_S seconds, 60 unless told otherwise.
fn patience_s() -> u32 {
    let told = std::env::var("WINDTUNNEL_FLIGHT_PATIENCE_S").ok().and_then(|text| text.parse::<u32>().ok());
    told.filter(|seconds| *seconds > 0).unwrap_or(60)
}

/// Where a job takes off.
#[derive(Debug)]
pub struct Hangar {
    node_binary: PathBuf,
    /// Below the run's own, and gone with it.
    directory: PathBuf,
}

impl Hangar {
    /// Builds the node, if the job is to fly.
    pub fn build(
        session: &Session<'_>,
        options: &JobOptions,
        submission: &Submission,
        directory: &RunDirectory,
    ) -> Result<Option<Self>, LabError> {
        if !options.fly {
            return Ok(None);
        }
        let node_binary = fly::node(session, options.node_binary.as_deref(), submission, directory)?;
        Ok(Some(Hangar { node_binary, directory: directory.file("flight") }))
    }

    pub fn way(&self, seed: Seed, workers: Option<u32>, scenario: Option<ScenarioText>) -> JobWay {
        let (node_binary, directory) = (escaped(&self.node_binary), escaped(&self.directory));
        JobWay::Flight { seed, workers, scenario, node_binary, directory, patience_s: patience_s() }
    }

    /// Of a job that went wrong in flight somebody may want to see the logs: they are put where they stay, and the error says where.
    pub fn left(&self, house: &House, error: LabError) -> LabError {
        let told = |mut failure: Box<Failure>| {
            let stays = house.output.join("flights").join(format!("{LAB}-job"));
            let _ = std::fs::remove_dir_all(&stays); // those of an earlier one
            let moved = std::fs::create_dir_all(house.output.join("flights"));
            if moved.and_then(|()| std::fs::rename(&self.directory, &stays)).is_ok() {
                failure.facts.push(format!("files: {}", house.shown(&stays)));
            }
            failure
        };
        match error {
            LabError::JobFailed(failure) => LabError::JobFailed(told(failure)),
            LabError::JobUndecided(failure) => LabError::JobUndecided(told(failure)),
            other => other,
        }
    }
}
