//! Keeps a run with node processes on one core.

/// Pins this thread, and the processes it starts from now on, to the core it runs on.
///
/// World and nodes take turns and never run at once; across cores a round trip over a pipe takes
/// ten times as long. Where it cannot be done (a system other than Linux, a sandbox) the run is
/// slow and nothing else.
pub(crate) fn pin_to_one_core() {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
        let mut core = CpuSet::new();
        core.set(sched_getcpu());
        let _ = sched_setaffinity(None, &core);
    }
}
