//! A strike behind the last event of a job passes everybody. The stories that strike behind any event count those that fall into
//! their jobs (`scenes`); this asks that on the reference most do.

#[path = "../../raft/tests/support/mod.rs"]
mod support;

use support::scenes_of;

/// Under so many seeds.
const SEEDS: u64 = if cfg!(debug_assertions) { 10 } else { 100 };

/// Stories, how often each strikes in a run, and how many of all strikes must fall into a job, of a hundred. A job goes on while whoever was
/// struck is away, so the last strikes of one job come when it is over more often than the first.
const STRIKES: [(&str, u64, u64); 3] =
    [("workers_die", 6, 85), ("cut_off_at_any_event", 6, 85), ("coordinator_dies", 4, 85)];

#[test]
fn strikes_behind_any_event_fall_into_jobs_on_the_reference() {
    for (story, in_a_run, of_a_hundred) in STRIKES {
        let strikes = scenes_of(env!("CARGO_BIN_EXE_solution-mapreduce"), story, SEEDS);
        let (least, all): (u64, u64) = (in_a_run * SEEDS * of_a_hundred / 100, strikes.iter().sum());
        assert!(all >= least, "{all} strikes of {story} fell into a job, and {least} are asked for: {strikes:?}");
    }
}
