//! A submission's binary: one line, so that no submission names the real machine.

use crate::contract::Raft;
use crate::{node, suite};
use lab_harness::{CountingAllocator, worker};
pub use std::process::ExitCode;
use windtunnel::executor::Program;

/// Counts what each node holds, in every binary that links this lab.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// The `main` of a submission's binary: judges `R` as `cargo lab` asks it to.
#[must_use]
pub fn worker<R: Raft>() -> ExitCode {
    worker::main(&suite::lab(), &Program::new(node::host::<R>))
}
