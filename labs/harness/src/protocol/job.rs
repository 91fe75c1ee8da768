//! What `cargo lab job` and a submission's binary say to each other: one request as a line of JSON on its standard input, answers
//! as lines on its standard output, which it moves out of lab code's reach first, as a worker does.
//!
//! ```text
//! BINARY job                              cargo lab
//!   │ ◀──────────────────────────────── job ── │
//!   │ ── progress, progress, … ─────────────▶ │
//!   │ ── done ──────────────────────────────▶ │   or `failed`, `undecided`, or `refused`
//! ```
//!
//! In flight whatever comes after the request, the end of the stream too, lands it.
//!
//! The parts of the output are files of a directory that `cargo lab` has made and removes again if anything goes wrong.

use super::{Failure, FlightSkipped, Refusal, ScenarioText, TraceHash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use windtunnel::Seed;

/// The first argument with which `cargo lab` starts a submission's binary for a job.
pub const JOB_ARGUMENT: &str = "job";

/// A job over real files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRequest {
    /// The name of the application.
    pub app: String,
    /// What it is opened with; if nothing was said it is up to the lab.
    pub parameters: Option<Vec<u8>>,
    /// The input files, as [`file_names::escaped`](crate::file_names::escaped) gives them.
    pub inputs: Vec<String>,
    /// A map task reads about so many bytes.
    pub split_bytes: u64,
    /// How many reduce tasks there are.
    pub reduces: u32,
    /// The directory for the parts, escaped as the inputs are. It is there, and empty.
    pub directory: String,
    /// A directory that is removed afterwards, escaped as well: what does not have to be in memory may be there.
    pub scratch: String,
    /// Where it is done.
    pub way: JobWay,
}

/// Where a job is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum JobWay {
    /// In one go, without nodes.
    Sequential,
    /// In the tunnel.
    Tunnel {
        /// What everything is drawn from.
        seed: Seed,
        /// How many workers; nothing: as many as the scenario says.
        workers: Option<u32>,
        /// The weather; calm without.
        scenario: Option<ScenarioText>,
    },
    /// On real processes.
    Flight {
        /// What weather, tester and nodes draw from.
        seed: Seed,
        /// How many workers; nothing: as many as the scenario says.
        workers: Option<u32>,
        /// The weather; calm without. What flight cannot make is left out.
        scenario: Option<ScenarioText>,
        /// The nodes' executable, escaped as the inputs are.
        node_binary: String,
        /// Where everything of the flight is left, escaped as well.
        directory: String,
        /// After so many seconds without a finished task, or without an answer, it is undecided.
        patience_s: u32,
    },
}

/// One line of answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum JobAnswer {
    /// How far it is.
    Progress(JobProgress),
    /// In flight, once a second: nothing new, and it goes on.
    GoesOn,
    /// All parts are in the directory.
    Done(Box<JobDone>),
    /// The job has failed.
    Failed(Box<Failure>),
    /// It is not done, and only a bound of time was missed: in flight that proves nothing.
    Undecided(Box<Failure>),
    /// It was not begun.
    Refused(Refusal),
}

/// How far a job is: tasks that are done, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobProgress {
    /// Of map tasks.
    pub maps: [u32; 2],
    /// Of reduce tasks.
    pub reduces: [u32; 2],
}

/// What there is to tell of a job that is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobDone {
    /// How long the input was.
    pub input_bytes: u64,
    /// How many map tasks there were.
    pub maps: u32,
    /// How many parts of the output are empty.
    pub empty_parts: u32,
    /// How long the output is.
    pub output_bytes: u64,
    /// Records that map was called for, but for those that were skipped. Here and below: of each task that attempt counts whose result
    /// does.
    pub records: u64,
    /// Pairs that map functions emitted for them.
    pub pairs: u64,
    /// Records that the application died of.
    pub skipped: Vec<JobSkipped>,
    /// The application's last words when it died while it combined, if it did; in one go nobody combines.
    pub uncombined: Option<String>,
    /// What there is to tell of the nodes, unless it was done in one go.
    pub nodes: Option<JobOnNodes>,
    /// What only the tunnel knows.
    pub tunnel: Option<JobInTunnel>,
    /// What only flight has.
    pub flight: Option<JobInFlight>,
}

/// What there is to tell of a job that was done by a coordinator and workers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOnNodes {
    /// How many workers there were.
    pub workers: u32,
    /// Bytes that reduce tasks fetched from other workers. This and the next only the submission knows: it is the coordinator's word.
    pub shuffled_bytes: u64,
    /// Bytes that reduce tasks found on their own disk.
    pub local_bytes: u64,
    /// Attempts that workers have begun.
    pub attempts: u64,
    /// Of these, attempts at tasks that had been finished before, beside nobody.
    pub reruns: u64,
    /// Of these, attempts beside one that was running.
    pub backups: u64,
    /// How often each family of faults struck: each kind that the scenario has, also if it never did.
    pub faults: BTreeMap<String, u64>,
    /// Time from submitting the job to its end, in nanoseconds: virtual in the tunnel, real in flight.
    pub took_ns: u64,
}

/// What only the tunnel knows of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobInTunnel {
    /// Messages on the network, replies included.
    pub messages: u64,
    /// The most heap that any one node held.
    pub peak_heap_bytes: u64,
    /// How many events there were.
    pub events: u64,
    /// The fold over events and effects.
    pub trace_hash: TraceHash,
}

/// What there is to tell of a job's flight.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobInFlight {
    /// Fsyncs of all nodes together, of files and of directories.
    pub fsyncs: u64,
    /// What flight cannot make and was left out of the weather.
    pub unmade: Vec<FlightSkipped>,
    /// Nodes that did not end as asked, in words.
    pub unclean: Vec<String>,
    /// The longest time for which the machine let the tester stand still.
    pub stood_still_ms: u64,
}

/// A record that the application died of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSkipped {
    /// `map 3`, `reduce 0`.
    pub task: String,
    /// Of a map task the number of the record, of a reduce task that of the key, from 0.
    pub record: u64,
    /// Where the record is; nothing of a reduce task.
    pub place: Option<JobPlace>,
    /// The application's last words, if they were heard.
    pub why: Option<String>,
}

/// A record's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobPlace {
    /// The input file, escaped.
    pub input: String,
    /// The line, from 1.
    pub line: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written() {
        let place = Some(JobPlace { input: "a".into(), line: 7 });
        let skipped = JobSkipped { task: "map 0".into(), record: 6, place, why: Some("boom".into()) };
        let nodes = Some(JobOnNodes { workers: 4, ..JobOnNodes::default() });
        let flight = Some(JobInFlight { fsyncs: 7, ..JobInFlight::default() });
        let answers = [
            JobAnswer::GoesOn,
            JobAnswer::Progress(JobProgress { maps: [1, 2], reduces: [0, 3] }),
            JobAnswer::Done(Box::new(JobDone { skipped: vec![skipped], nodes, flight, ..JobDone::default() })),
            JobAnswer::Failed(Box::default()),
            JobAnswer::Undecided(Box::default()),
        ];
        for answer in answers {
            let line = serde_json::to_string(&answer).expect("it is plain data");
            assert_eq!(serde_json::from_str::<JobAnswer>(&line).expect("it was written here"), answer, "{line}");
        }
        let (seed, node_binary, directory) = (Seed(u64::MAX), "node".to_owned(), "\\xff".to_owned());
        let tunnel = JobWay::Tunnel { seed, workers: None, scenario: None };
        let (workers, scenario, patience_s) = (Some(3), None, 60);
        for way in [tunnel, JobWay::Flight { seed, workers, scenario, node_binary, directory, patience_s }] {
            let line = serde_json::to_string(&way).expect("it is plain data");
            assert_eq!(serde_json::from_str::<JobWay>(&line).expect("it was written here"), way, "{line}");
        }
    }
}
