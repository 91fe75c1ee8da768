//! What a run cost: wall time, and processor time of this program and its children.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::time::Instant;

/// Measures from when it is made.
#[derive(Debug)]
pub struct Stopwatch {
    began: Instant,
    processor_ms: u64,
}

impl Stopwatch {
    /// Begins now; children that ended before (a build) do not count.
    pub fn start() -> Self {
        Stopwatch { began: Instant::now(), processor_ms: processor_ms() }
    }

    /// Milliseconds of wall time.
    pub fn wall_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Milliseconds of processor time, of children that have ended and were waited for.
    pub fn cpu_ms(&self) -> u64 {
        processor_ms().saturating_sub(self.processor_ms)
    }
}

fn processor_ms() -> u64 {
    let of = |who| {
        let usage = getrusage(who).map(|usage| usage.user_time() + usage.system_time());
        usage.map_or(0, |time| u64::try_from(time.num_milliseconds()).unwrap_or(0))
    };
    of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN)
}
