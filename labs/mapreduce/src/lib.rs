//! The MapReduce lab: the contract a submission implements, and the suite that judges it.
//!
//! | module | holds |
//! |---|---|
//! | [`contract`] | the traits [`Coordinator`] and [`Worker`], jobs, and the store: begin here |
//! | [`attempt`] | [`Apps`] and [`Attempt`]: how a worker calls map and reduce |
//! | [`apps`] | the applications (package `mapreduce-apps`) |
//! | [`node`] | the glue that hosts a submission: node 1 is the coordinator, those behind it are workers; and the store |
//! | [`control`] | what the tester may ask of a node |
//! | [`observation`] | what the judge sees of a node |
//! | [`sequential`] | a job done by nobody but itself: what its output must be |
//! | `judge` | watches a run: tasks, attempts, and what comes into the store |
//! | `suite` | the tests, by part |
//! | `job` | `cargo lab job`: a job over real files |
//!
//! README.md is the handout. With feature `sim` (the default) come the suite and its judge; without it the rest still
//! builds. With feature `real` the binary of a submission is a node that flies.

pub mod attempt;
pub mod contract;
pub mod control;
#[cfg(feature = "sim")]
mod doomed;
#[cfg(feature = "sim")]
mod job;
#[cfg(feature = "sim")]
pub mod judge;
pub mod node;
pub mod observation;
pub mod sequential;
#[cfg(feature = "sim")]
pub mod suite;
#[cfg(any(feature = "sim", feature = "real"))]
mod worker;

pub use attempt::{AppFailure, Apps, Attempt, EmitTo, Values};
pub use contract::{
    Coordinator, Counters, DEATHS, Job, JobId, LONGEST_RECORD, Lines, Progress, Refused, Report, Skipped, Split,
    Status, Task, WORKER_HEAP, Worker, part_name, store,
};
pub use mapreduce_apps as apps;
pub use mapreduce_apps::{NotOpened, Record, Registry};
pub use node::host;
#[cfg(feature = "sim")]
pub use worker::suite_main;
#[cfg(any(feature = "sim", feature = "real"))]
pub use worker::{ExitCode, program, worker};
