//! What the core costs in instructions, which do not wobble: `check-instructions.sh` runs it, by gungraun
//! and valgrind, and compares the counts with `instructions.txt`.

#[path = "peers/with_windtunnel.rs"]
mod with_windtunnel;
#[path = "peers/workload.rs"]
mod workload;

use gungraun::{Callgrind, EntryPoint, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use windtunnel::Seed;
use windtunnel::world::{Outcome, Simulation};

// A simulation has a thread of its own, which only counts if everything does.
#[library_benchmark(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::default().entry_point(EntryPoint::None))
)]
#[bench::rpc(with_windtunnel::rpc, 5_000)]
#[bench::messages(with_windtunnel::messages, 3)]
#[bench::timers(with_windtunnel::timers, 1)]
#[bench::starts(starts, 100)]
fn count(run: fn(u64) -> u64, amount: u64) -> u64 {
    run(amount)
}

/// Runs of five nodes that end as soon as they have begun.
fn starts(runs: u64) -> u64 {
    for seed in 0..runs {
        let report = Simulation::new(Seed(seed)).nodes(5, || async {}).run(|_| async {});
        assert!(matches!(report.outcome, Outcome::Finished(())));
    }
    runs
}

library_benchmark_group!(name = instructions, benchmarks = count);
main!(library_benchmark_groups = instructions);
