//! A submission's binary: one line, so that no submission names the real machine.

use crate::contract::Raft;
use crate::{node, suite};
use lab_harness::worker;
pub use std::process::ExitCode;
use windtunnel::executor::Program;

/// The `main` of a submission's binary: judges `R` as `cargo lab` asks it to.
#[must_use]
pub fn worker<R: Raft>() -> ExitCode {
    worker::main(&suite::lab(), &Program::new(node::host::<R>))
}
