//! Submissions and applications for tests of `cargo lab job`: the reference and its own, and some that misbehave.

use super::lazy::{LAZY, Lazy};
use lab_mapreduce::Registry;
use lab_mapreduce::apps::{App, EmitPair, Group, Record, WordCount};
use std::process::ExitCode;

/// What a submission's `main` does.
pub fn submission() -> ExitCode {
    let apps = Registry::standard()
        .with("spins", |_| Ok(Box::new(Misfit(spin))))
        .with("aborts", |_| Ok(Box::new(Misfit(|| std::process::abort()))))
        .with("exits", |_| Ok(Box::new(Misfit(|| std::process::exit(7)))))
        .with("overflows", |_| Ok(Box::new(Misfit(|| _ = deeper(1)))));
    match std::env::var_os(LAZY) {
        None => lab_mapreduce::worker::<solution_mapreduce::Coordinator, solution_mapreduce::Worker>(apps),
        Some(_) => lab_mapreduce::worker::<Lazy, Lazy>(apps),
    }
}

/// Whose map function does that.
struct Misfit(fn());

fn spin() {
    loop {
        std::hint::spin_loop();
    }
}

#[allow(unconditional_recursion, reason = "that is the point")]
fn deeper(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    deeper(depth + 1) + room[(depth % 64) as usize]
}

impl App for Misfit {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        (self.0)();
        WordCount.map(record, emit);
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        WordCount.reduce(key)
    }
}
