//! A submission's binary: one line, so that no submission names the real machine.

use crate::contract::{Coordinator, Worker};
use crate::node;
use mapreduce_apps::Registry;
pub use std::process::ExitCode;
use windtunnel::executor::Program;
#[cfg(feature = "sim")]
use {
    crate::{job, suite},
    lab_harness::{libtest, worker},
};

/// What the nodes of a submission run, with these applications.
#[must_use]
pub fn program<C: Coordinator, W: Worker>(apps: Registry) -> Program {
    Program::new(move || node::host::<C, W>(apps.clone()))
}

/// The `main` of a submission's binary: judges it or does a job as `cargo lab` asks it to, or flies it as a node. `apps` are the applications that
/// its workers know: [`Registry::standard`], and your own.
#[must_use]
pub fn worker<C: Coordinator, W: Worker>(apps: Registry) -> ExitCode {
    let program = program::<C, W>(apps.clone());
    #[cfg(feature = "sim")]
    if let Some(code) = job::main_if_asked(&program, &apps) {
        return code;
    }
    #[cfg(feature = "real")]
    if let Some(code) = windtunnel::real::main_if_asked(&program) {
        return code;
    }
    judge(&program)
}

#[cfg(feature = "sim")]
fn judge(program: &Program) -> ExitCode {
    worker::main(&suite::lab(), program)
}

#[cfg(not(feature = "sim"))]
fn judge(_program: &Program) -> ExitCode {
    eprintln!("this is a node of the lab mapreduce: start it as `node --config FILE`");
    ExitCode::from(2)
}

/// The `main` of a test target with `harness = false`: the whole suite, under fixed seeds or the one in
/// `WINDTUNNEL_SEED`, for `cargo test` and nextest.
#[cfg(feature = "sim")]
#[must_use]
pub fn suite_main<C: Coordinator, W: Worker>() -> ExitCode {
    libtest::main(suite::lab(), program::<C, W>(Registry::standard()))
}
