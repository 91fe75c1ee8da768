//! The same seed is the same run, whatever is beside it.

mod workload;

use windtunnel::fold::Fold;
use windtunnel::line::LogLevel;
use windtunnel::world::{Decisions, Recorded, WEATHER_VERSION};
use workload::{Extra, run, run_with, run_without_slow_nodes};

const SEEDS: u64 = 1_000;
/// Seeds of what runs each of them several times over: in release all.
const SEVERAL: u64 = if cfg!(debug_assertions) { SEEDS / 20 } else { SEEDS };

#[test]
fn a_thousand_seeds_run_twice_give_equal_hashes() {
    let hashes = |seeds: &mut dyn Iterator<Item = u64>| -> Vec<(u64, u64)> {
        seeds.map(|seed| (seed, run(seed).trace_hash)).collect()
    };
    let forwards = hashes(&mut (0..SEEDS));
    // Backwards, so that each seed has others before it than the first time.
    let mut backwards = hashes(&mut (0..SEEDS).rev());
    backwards.reverse();
    assert_eq!(forwards, backwards);
    let mut distinct: Vec<u64> = forwards.iter().map(|(_, hash)| *hash).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), SEEDS as usize, "two seeds gave the same run");
    // Debug and release both run this, and must come to the same.
    let mut all = Fold::default();
    forwards.iter().for_each(|(_, hash)| all.word(*hash));
    assert_eq!(all.value(), 0xb8b6_55c8_8fe2_fab7, "{:#018x}", all.value());
}

#[test]
fn runs_in_two_threads_at_once_give_the_hashes_they_give_alone() {
    let alone: Vec<u64> = (0..SEVERAL).map(|seed| run(seed).trace_hash).collect();
    let together: Vec<u64> = std::thread::scope(|scope| {
        let threads = [0..SEVERAL / 2, SEVERAL / 2..SEVERAL]
            .map(|seeds| scope.spawn(move || seeds.map(|seed| run(seed).trace_hash).collect::<Vec<u64>>()));
        threads.into_iter().flat_map(|thread| thread.join().expect("the runs pass")).collect()
    });
    assert_eq!(alone, together);
}

#[test]
fn recording_and_log_levels_leave_the_hash_as_it_is() {
    let extra = Extra { log_line: true, ..Extra::default() };
    for seed in 0..SEVERAL {
        let plain = run_with(seed, extra, |_| {}).trace_hash;
        let recorded = run_with(seed, extra, |options| options.record = Recorded::Everything);
        assert!(recorded.recording.is_some_and(|recording| !recording.records.is_empty()));
        assert_eq!(plain, recorded.trace_hash, "seed {seed}, recording");
        for level in [LogLevel::Error, LogLevel::Info, LogLevel::Trace] {
            let logged = run_with(seed, extra, |options| options.log_level = Some(level));
            assert_eq!(plain, logged.trace_hash, "seed {seed}, log level {level:?}");
        }
    }
}

/// Frozen: if this test fails and you meant to change the weather, raise `WEATHER_VERSION` and
/// record the new hashes; if you did not, something that must not reach a decision did.
#[test]
fn golden_hashes_of_the_frozen_workload() {
    const GOLDEN: [u64; 4] =
        [0x5f19_27da_3b16_d295, 0xcb9b_84da_74dd_e1b7, 0x57f5_d0bb_733a_e627, 0x70bb_a3ab_9536_cae4];
    assert_eq!(WEATHER_VERSION, 7, "the golden hashes below are those of version 7");
    let hashes: Vec<u64> = [1, 2, 42, u64::MAX].map(|seed| run(seed).trace_hash).to_vec();
    assert_eq!(hashes, GOLDEN, "{hashes:#018x?}");
}

/// Everything that node 1 doing one thing more must not move: all decisions but those of its own
/// new RPC. What the edit makes node 1 itself say when, it may move.
fn decisions_of_others(decisions: &Decisions) -> Decisions {
    let mut others = decisions.clone();
    others.links.retain(|link| link.method != "probe");
    others
}

#[test]
fn one_thing_more_on_a_node_leaves_all_other_decisions_as_they_were() {
    let extras = [
        ("a log line", Extra { log_line: true, ..Extra::default() }),
        ("a timer", Extra { timer: true, ..Extra::default() }),
        ("a map of the facade", Extra { map: true, ..Extra::default() }),
        ("a new kind of RPC", Extra { new_rpc: true, ..Extra::default() }),
    ];
    for seed in 0..100 {
        let before = decisions_of_others(&run_without_slow_nodes(seed, Extra::default()).decisions);
        assert!(!before.links.is_empty() && before.disks.len() == workload::NODES as usize);
        assert!(before.faults.iter().any(|fault| fault.kind == "start"));
        for (what, extra) in extras {
            let after = run_without_slow_nodes(seed, extra);
            assert_eq!(before, decisions_of_others(&after.decisions), "seed {seed}: {what} moved other decisions");
        }
    }
}

#[test]
fn a_std_map_more_on_a_node_moves_nothing_where_their_keys_are_kept_apart() {
    if !windtunnel::executor::std_hash_keys_are_kept_apart() {
        eprintln!("skipped: this std keeps its hash keys elsewhere");
        return;
    }
    for seed in 0..30 {
        let before = decisions_of_others(&run_without_slow_nodes(seed, Extra::default()).decisions);
        let after = run_without_slow_nodes(seed, Extra { std_map: true, ..Extra::default() });
        assert_eq!(before, decisions_of_others(&after.decisions), "seed {seed}");
    }
}
