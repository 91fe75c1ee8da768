//! A worker's first line: which lab it judges, by which tests.

use serde::{Deserialize, Serialize};

/// Which lab a worker is for and what it can run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL_VERSION`](super::PROTOCOL_VERSION) of the worker.
    pub protocol: u32,
    /// The meaning of its weather: seeds of another version are other runs.
    pub weather_version: u32,
    /// The lab: `raft`.
    pub lab: String,
    /// The lab's parts, in the order of the handout.
    pub parts: Vec<PartInfo>,
    /// All tests, part after part.
    pub tests: Vec<TestInfo>,
}

/// A part of a lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartInfo {
    /// Its name: `election`.
    pub name: String,
    /// Its name at MIT: `3A`.
    pub alias: Option<String>,
    /// What it is worth: the sum over its tests.
    pub points: u32,
}

/// A test of a lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestInfo {
    /// Its name, unique in the lab: `re_election`.
    pub name: String,
    /// Its name at MIT: `TestReElection3A`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mit: Option<String>,
    /// The name of its part.
    pub part: String,
    /// `mit`, `storm`.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What it is worth.
    pub points: u32,
    /// What it is about, in one line.
    pub about: String,
    /// The name of the scenario it runs, if it is a storm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<String>,
    /// Why it does not fly, if it does not; of storms only a worker that flies knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounded: Option<String>,
    /// Which faults and weather of its scenario flight leaves out, if it is a storm that flies; only a worker that flies knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
}
