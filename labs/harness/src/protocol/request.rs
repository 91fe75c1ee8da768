//! What a worker is asked.

use serde::{Deserialize, Serialize};
use windtunnel::Seed;
use windtunnel::line::LogLevel;

/// One line to a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// Runs a test under a seed. Answer: [`Response::Result`](super::Response::Result).
    Run(Box<RunRequest>),
    /// Expands a seed into all it decides. Answer: [`Response::Schedule`](super::Response::Schedule).
    Schedule(ScheduleRequest),
    /// Flies nodes in processes of their own. Answer: [`Response::Flown`](super::Response::Flown).
    Fly(Box<super::FlyRequest>),
    /// Ends the worker; so does the end of the stream.
    Quit,
}

/// One test under one seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// A test of the hello, or [`SCENARIO_TEST`](super::SCENARIO_TEST).
    pub test: String,
    /// From which everything is drawn.
    pub seed: Seed,
    /// The weather to run under instead of the test's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<ScenarioText>,
    /// Where the nodes live.
    #[serde(default)]
    pub isolate: Isolation,
    /// Sends the last events and effects as [`Row`](super::Row)s before the result.
    #[serde(default)]
    pub record: bool,
    /// With `record`: all of them, however many.
    #[serde(default)]
    pub whole: bool,
    /// Ends the run, as out of events, once so many have been handled: what led to an event that its worker did not survive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_after: Option<u64>,
    /// What must not matter is made different: a repeated run of `--check`. The hash must stay.
    #[serde(default)]
    pub check: bool,
    /// The log lines to keep; none of them ever counts in the hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogLevel>,
    /// Asks for the trace hash as it was after that many events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_at: Option<u64>,
}

impl RunRequest {
    /// A plain run: the test's own weather, nodes in the worker's thread, nothing recorded.
    #[must_use]
    pub fn new(test: impl Into<String>, seed: Seed) -> Self {
        RunRequest {
            test: test.into(),
            seed,
            scenario: None,
            isolate: Isolation::None,
            record: false,
            whole: false,
            stop_after: None,
            check: false,
            log: None,
            hash_at: None,
        }
    }
}

/// Whose schedule is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRequest {
    /// As in [`RunRequest`].
    pub test: String,
    /// As in [`RunRequest`].
    pub seed: Seed,
    /// As in [`RunRequest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<ScenarioText>,
}

/// A scenario file as it was read: the worker needs no file of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioText {
    /// What messages call it: its path, or its name.
    pub name: String,
    /// The file's content.
    pub text: String,
}

/// Where the nodes of a run live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// In the world's own thread.
    #[default]
    None,
    /// Each in an operating-system process of its own.
    Process,
}
