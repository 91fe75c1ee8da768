//! The tester's side of flight, with real processes. This executable is also the node, and a tester that is killed.
#![allow(clippy::disallowed_methods)] // real time, which is what flight is about

mod bodies;
mod deaths;
mod fsyncs;
mod order;
mod puppet;
mod worlds;

use libtest_mimic::{Arguments, Failed, Trial};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use windtunnel::Nanos;
use windtunnel::executor::Program;
use windtunnel::flight::{Flight, NodeBinary};
use windtunnel::real::main_if_asked;

fn main() -> ExitCode {
    if let Some(code) = main_if_asked(&Program::new(puppet::main)) {
        return code;
    }
    if let Some(code) = deaths::fly_until_killed_if_asked() {
        return code;
    }
    let tests = bodies::TESTS.iter().chain(deaths::TESTS).chain(fsyncs::TESTS).chain(order::TESTS).chain(worlds::TESTS);
    let trials =
        tests.map(|(name, test)| Trial::test(*name, move || catch_unwind(test).map_err(|_| Failed::without_message())));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// A test and its name.
type Test = (&'static str, fn());

/// A directory of its own for one flight, gone when the test passes.
struct Ground(PathBuf);

impl Ground {
    fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("windtunnel-flight-{}-{}", std::process::id(), NUMBER.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a directory for temporary files");
        Ground(path)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// A flight of so many puppets.
fn flight(nodes: u32, directory: &Path) -> Flight {
    let binary = NodeBinary::at(std::env::current_exe().expect("this executable has a path"));
    Flight::new(binary, nodes, directory).with(|options| options.time_budget = Nanos::from_secs(20))
}
