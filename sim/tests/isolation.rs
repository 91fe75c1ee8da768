//! Nodes in processes of their own do what nodes in the world's thread do.
//!
//! A target without libtest, since this executable is also the node process.

mod workload;

use std::process::ExitCode;
use windtunnel::executor::Program;
use windtunnel::isolate::run_node_if_asked;
use workload::{Extra, in_processes, run};

const SEEDS: u64 = 12;

fn main() -> ExitCode {
    let program = Program::new(|| workload::main(Extra::default()));
    if let Some(code) = run_node_if_asked(&program) {
        return code;
    }
    // nextest asks every target for its tests.
    if std::env::args().any(|argument| argument == "--list") {
        if !std::env::args().any(|argument| argument == "--ignored") {
            println!("processes_give_the_hash_of_the_thread: test");
        }
        return ExitCode::SUCCESS;
    }
    for seed in 0..SEEDS {
        let (thread, processes) = (run(seed), in_processes(seed));
        assert_eq!(thread.trace_hash, processes.trace_hash, "seed {seed}");
        assert_eq!(thread.events, processes.events, "seed {seed}");
    }
    println!("test processes_give_the_hash_of_the_thread ... ok\n");
    println!("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
    ExitCode::SUCCESS
}
