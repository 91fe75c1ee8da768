//! What a submission implements, and the words it is written in.
//!
//! - [`Coordinator`], [`Worker`]: the two traits; [`Status`], [`Report`]: what a coordinator says of its job;
//! - [`Job`], [`Task`]: what is to be done;
//! - [`store`]: the service that has inputs and outputs;
//! - [`Lines`]: the records of a split;
//! - [`Apps`](crate::Apps), [`Attempt`](crate::Attempt) (in `attempt`): how a worker calls the functions of an application.

mod coordinator;
mod job;
mod lines;
pub mod store;
mod worker;

pub use coordinator::{Coordinator, Counters, Progress, Refused, Report, Skipped, Status};
pub use job::{Job, JobId, Split, Task, part_name};
pub use lines::Lines;
pub use worker::Worker;

/// A worker holds no more than this in memory, whatever the size of inputs, of what map functions emit, and of outputs. The rest is
/// on its disk.
pub const WORKER_HEAP: u64 = 256 << 10;

/// The longest record, in bytes. A longer line is as many records as it takes.
pub const LONGEST_RECORD: usize = 8 << 10;

/// A record of which an application has died so often is skipped from then on. (The paper, section 4.6: "more than one failure")
pub const DEATHS: u32 = 2;
