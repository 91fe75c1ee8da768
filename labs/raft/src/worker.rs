//! A submission's binary: one line, so that no submission names the real machine.

use crate::contract::Raft;
use crate::{node, suite};
use lab_harness::{WorkerAllocator, libtest, worker, worker_allocator};
pub use std::process::ExitCode;
use windtunnel::executor::Program;

/// Counts what each node holds, in every binary that links this lab.
#[global_allocator]
static ALLOCATOR: WorkerAllocator = worker_allocator();

/// The `main` of a submission's binary: judges `R` as `cargo lab` asks it to.
#[must_use]
pub fn worker<R: Raft>() -> ExitCode {
    worker::main(&suite::lab(), &Program::new(node::host::<R>))
}

/// The `main` of a test target with `harness = false`: the whole suite on `R`, under fixed seeds or
/// the one in `WINDTUNNEL_SEED`, for `cargo test` and nextest.
#[must_use]
pub fn suite_main<R: Raft>() -> ExitCode {
    libtest::main(suite::lab(), Program::new(node::host::<R>))
}
