//! Storms that are too gentle to show anything pass everybody. What must happen in many of them is counted here over a
//! few; `cargo lab test raft --tag storm --seeds 450 --spread` counts it over many, and docs/MIT.md says how much it is.

use lab_harness::suite::Body;
use lab_harness::worker::run_here;
use lab_raft::host;
use lab_raft::suite::lab;
use solution_raft::Raft;
use std::collections::BTreeMap;
use windtunnel::Seed;
use windtunnel::executor::Program;

/// Each storm four times.
const STORMS: u64 = 60;

/// In how many of them each must happen at least: well below the marks, which are 90, 30, 30 and 10 %.
const FLOORS: [(&str, u64); 4] =
    [("leader-change", 49), ("unsynced-power-loss", 12), ("one-way-cut", 12), ("long-pause", 3)];

#[test]
fn storms_unseat_leaders_lose_power_cut_links_one_way_and_pause_for_long() {
    let lab = lab();
    let storms: Vec<_> = lab.tests.iter().filter(|test| matches!(test.body, Body::Storm { .. })).collect();
    assert_eq!(STORMS % storms.len() as u64, 0, "as often each");
    let program = Program::new(host::<Raft>);
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 0..STORMS {
        let storm = storms[seed as usize % storms.len()];
        let marks = run_here(&lab, storm, &program, Seed(seed)).unwrap_or_else(|message| panic!("{message}"));
        marks.into_iter().for_each(|mark| *seen.entry(mark).or_default() += 1);
    }
    for (mark, floor) in FLOORS {
        let times = seen.get(mark).copied().unwrap_or_default();
        assert!(times >= floor, "{mark} in {times} of {STORMS} storms, where {floor} is little: {seen:?}");
    }
}
