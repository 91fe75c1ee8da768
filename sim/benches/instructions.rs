//! What the core costs in instructions, which do not wobble: see `check-instructions.sh`.
//!
//! Runs one small workload, named by its argument, under valgrind; nothing is measured in here.

#[path = "peers/with_windtunnel.rs"]
mod with_windtunnel;
#[path = "peers/workload.rs"]
mod workload;

use windtunnel::Seed;
use windtunnel::world::{Outcome, Simulation};

fn main() {
    let Some(name) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) else {
        return println!(
            "names a workload: rpc, messages, timers, starts; sim/benches/check-instructions.sh counts them"
        );
    };
    let count = match name.as_str() {
        "rpc" => with_windtunnel::rpc(5_000),
        "messages" => with_windtunnel::messages(3),
        "timers" => with_windtunnel::timers(1),
        "starts" => starts(100),
        other => panic!("no workload is called {other}: rpc, messages, timers, starts"),
    };
    println!("{name} {count}");
}

/// Runs of five nodes that end as soon as they have begun.
fn starts(runs: u64) -> u64 {
    for seed in 0..runs {
        let report = Simulation::new(Seed(seed)).nodes(5, || async {}).run(|_| async {});
        assert!(matches!(report.outcome, Outcome::Finished(())));
    }
    runs
}
