//! What `cargo lab` and a worker say to each other: JSON, one object a line, over the worker's
//! standard input and output (which the worker moves out of lab code's reach before anything else).
//!
//! ```text
//! worker                                  cargo lab
//!   │ ── hello ─────────────────────────────▶ │   first line: which lab, which tests
//!   │ ◀──────────────────────────────── run ── │
//!   │ ── row, row, …  (only when recording) ─▶ │
//!   │ ── result ────────────────────────────▶ │   or `refused`
//!   │ ◀─────────────────────────── schedule ── │
//!   │ ── schedule ──────────────────────────▶ │   or `refused`
//!   │ ◀─────────────────────────────── fly ── │   the last request
//!   │ ── flying, flying, … ─────────────────▶ │   once a second
//!   │ ── flown ─────────────────────────────▶ │   or `refused`
//!   │ ◀─────────────────────────────── quit ── │   or the end of the stream
//! ```
//!
//! A worker handles one request at a time and writes nothing unasked after its hello. While a run
//! is on it keeps the [`progress`] file up to date, so that whoever started it can still say where
//! it was when it died or stopped yielding.
//!
//! A binary that was started for a job of lab mapreduce speaks otherwise: [`job`].
//!
//! This module is data alone and builds without the simulated world. Next to read: [`request`],
//! then [`response`], then [`failure`].

#[cfg(test)]
mod pinned;

pub mod failure;
pub mod flight;
pub mod hello;
pub mod job;
pub mod progress;
pub mod request;
pub mod response;
pub mod result;
pub mod row;
pub mod saved;
pub mod trace_hash;

pub use failure::{Failure, LogRecord, OutputRecord, OutputStream};
pub use flight::{
    FlightBroken, FlightCourse, FlightLink, FlightLoad, FlightNode, FlightResult, FlightRow, FlightSkipped,
    FlightState, FlightVerdict, FlyRequest, per_1000,
};
pub use hello::{Hello, PartInfo, TestInfo};
pub use job::{
    JOB_ARGUMENT, JobAnswer, JobDone, JobInFlight, JobInTunnel, JobOnNodes, JobPlace, JobProgress, JobRequest,
    JobSkipped, JobWay,
};
pub use request::{Isolation, Request, RunRequest, ScenarioText, ScheduleRequest};
pub use response::{Refusal, RefusalKind, Response};
pub use result::{RunResult, Verdict};
pub use row::{Row, RowKind};
pub use saved::{FoundBy, SavedFailure, SavedFailureError};
pub use trace_hash::TraceHash;

/// Goes up with every change of a line or of its meaning: with a request or a field that is added too, since an older
/// worker would not know of it. A worker of another version is refused. What this version's lines look like stands in
/// `protocol/lines`.
pub const PROTOCOL_VERSION: u32 = 5;

/// The name of the test that a scenario file runs as when no test was chosen for it.
pub const SCENARIO_TEST: &str = "scenario";

/// The first argument with which `cargo lab` starts a submission's binary.
pub const WORKER_ARGUMENT: &str = "worker";
