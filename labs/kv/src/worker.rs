//! A submission's binary: one line, so that no submission names the real machine.

use crate::contract::{Clerk, Lock, Server};
use crate::node;
pub use std::process::ExitCode;
use windtunnel::executor::Program;
#[cfg(feature = "sim")]
use {
    crate::suite,
    lab_harness::{libtest, worker},
};

/// The `main` of a submission's binary: judges it as `cargo lab` asks it to, or flies it as a node.
#[must_use]
pub fn worker<S: Server, C: Clerk, L: Lock<C>>() -> ExitCode {
    let program = Program::new(node::host::<S, C, L>);
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
    eprintln!("this is a node of the lab kv: start it as `node --config FILE`");
    ExitCode::from(2)
}

/// The `main` of a test target with `harness = false`: the whole suite, under fixed seeds or the one in
/// `WINDTUNNEL_SEED`, for `cargo test` and nextest.
#[cfg(feature = "sim")]
#[must_use]
pub fn suite_main<S: Server, C: Clerk, L: Lock<C>>() -> ExitCode {
    libtest::main(suite::lab(), Program::new(node::host::<S, C, L>))
}
