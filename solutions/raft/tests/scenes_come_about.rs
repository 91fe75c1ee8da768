//! A story whose scene never comes about passes everybody. The suite counts how often one did (`scenes`); this asks
//! that on the reference it nearly always does.

mod support;

use support::{answers_to, scenes_of};

const WORKER: &str = env!("CARGO_BIN_EXE_solution-raft");

/// Under so many seeds.
const SEEDS: u64 = if cfg!(debug_assertions) { 10 } else { 100 };

/// Stories, how often each sets its scene in a run, and how often it must come about in all, of a hundred.
const SCENES: [(&str, u64, u64); 15] = [
    ("late_append", 3, 100),
    ("late_reply", 4, 95),
    ("late_confirmations", 2, 90),
    ("halves", 2, 100),
    ("double_vote", 4, 90),
    ("unsynced_votes", 4, 100),
    ("unsynced_append", 5, 100),
    ("unsynced_copies", 4, 100),
    ("kill_and_then_power_loss", 4, 95),
    ("unsound_disks", 3, 90),
    ("unsynced_snapshot", 2, 100),
    ("power_loss_around_snapshots", 12, 100),
    ("stale_snapshot", 4, 90),
    ("large_snapshot", 3, 90),
    ("rotten_snapshots", 2, 90),
];

#[test]
fn scenes_that_stories_set_come_about_on_the_reference() {
    for (story, in_a_run, of_a_hundred) in SCENES {
        let scenes = scenes_of(WORKER, story, SEEDS);
        let (least, all): (u64, u64) = (in_a_run * SEEDS * of_a_hundred / 100, scenes.iter().sum());
        assert!(all >= least, "the scene of {story} came about {all} times, and {least} are asked for: {scenes:?}");
    }
}

/// That a server has ended itself does not say that its snapshot had rotted, and not its journal. The reference does.
#[test]
fn what_rots_in_rotten_snapshots_is_a_snapshot_in_four_runs_of_five() {
    let ends = |line: &String| line.contains("stops: it cannot start: raft.snapshot: record 0 at byte 0 is damaged");
    let runs = answers_to(WORKER, "rotten_snapshots", SEEDS, r#","record":true,"whole":true"#);
    let rotten = runs.iter().filter(|lines| lines.iter().any(ends)).count() as u64;
    assert!(5 * rotten >= 4 * SEEDS, "under {rotten} of {SEEDS} seeds");
}
