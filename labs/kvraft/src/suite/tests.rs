//! That the table of tests is whole.

use super::*;
use lab_harness::history::LINEARIZABILITY;
use lab_harness::scenario::Scenario;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const MIT: [&str; 30] = [
    "TestBasic4A",
    "TestConcurrent4A",
    "TestLeaderFailure4A",
    "TestLeaderPartition4A",
    "TestRestartReplay4A",
    "TestShutdown4A",
    "TestRestartSubmit4A",
    "TestBasic4B",
    "TestSpeed4B",
    "TestConcurrent4B",
    "TestUnreliable4B",
    "TestOnePartition4B",
    "TestManyPartitionsOneClient4B",
    "TestManyPartitionsManyClients4B",
    "TestPersistOneClient4B",
    "TestPersistConcurrent4B",
    "TestPersistConcurrentUnreliable4B",
    "TestPersistPartition4B",
    "TestPersistPartitionUnreliable4B",
    "TestPersistPartitionUnreliableLinearizable4B",
    "TestSnapshot4C",
    "TestSnapshotRPC4C",
    "TestSnapshotSize4C",
    "TestSpeed4C",
    "TestSnapshotRecover4C",
    "TestSnapshotRecoverManyClients4C",
    "TestSnapshotUnreliable4C",
    "TestSnapshotUnreliableRecover4C",
    "TestSnapshotUnreliableRecoverConcurrentPartition4C",
    "TestSnapshotUnreliableRecoverConcurrentPartitionLinearizable4C",
];

#[test]
fn each_test_of_mit_is_there_once_and_has_its_row() {
    let map = include_str!("../../../../docs/MIT.md");
    let tests = lab().tests;
    assert_eq!(tests.iter().filter_map(|test| test.mit).collect::<Vec<_>>(), MIT);
    for test in tests.iter().filter(|test| test.mit.is_some()) {
        let row = format!("| {} | `{}` |", test.mit.expect("filtered"), test.name);
        assert!(map.contains(&row), "docs/MIT.md has no row that begins with {row}");
    }
}

#[test]
fn names_are_unique_and_parts_are_known() {
    let lab = lab();
    let names: BTreeSet<&str> = lab.tests.iter().map(|test| test.name).collect();
    assert_eq!(names.len(), lab.tests.len());
    assert!(lab.tests.iter().all(|test| lab.parts.iter().any(|part| part.name == test.part)));
}

#[test]
fn the_points_of_each_part_sum_to_100() {
    let mut points = BTreeMap::new();
    for test in lab().tests {
        *points.entry(test.part).or_insert(0) += test.points;
    }
    assert_eq!(points, BTreeMap::from([("rsm", 100), ("kv", 100), ("snapshot", 100)]));
}

#[test]
fn scenarios_can_be_read() {
    for test in lab().tests {
        let Body::Storm { scenario, text } = test.body else { continue };
        let read = Scenario::parse_for(scenario, text, observation::KINDS);
        assert!(read.is_ok(), "{scenario}: {:?}", read.err());
    }
}

/// A rule that a mutant names by a slip of the pen would never be broken, and the mutant be called missed.
#[test]
fn mutants_name_rules_that_there_are() {
    let sources = sources();
    for patch in files(&root().join("../../solutions/kvraft/mutants")) {
        let rules = patch.lines().find_map(|line| line.strip_prefix("rules: ")).unwrap_or_default();
        for rule in rules.split(", ").filter(|rule| !rule.is_empty()) {
            let of_all_labs = [LINEARIZABILITY, "stopped-without-cause"].contains(&rule);
            let of_raft = lab_raft::invariants::ALL.iter().any(|known| known.name == rule);
            let is_known = of_all_labs || of_raft || sources.contains(&format!("\"{rule}\""));
            assert!(is_known, "`{rule}` is no rule: {}", patch.lines().next().unwrap_or_default());
        }
    }
}

/// Who fails by a rule that no page names has nothing to look up.
#[test]
fn the_handout_has_a_row_for_each_rule() {
    let handout = include_str!("../../README.md");
    let sources = sources();
    let calls = sources.split("failed(").chain(sources.split("Failed::new("));
    let named = calls.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    let is_name = |name: &&str| name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let named: BTreeSet<&str> = named.filter(is_name).collect();
    assert!(named.len() > 8, "rules are not found in the sources: {named:?}");
    for rule in named.into_iter().chain([LINEARIZABILITY]) {
        assert!(handout.contains(&format!("| `{rule}` |")), "labs/kvraft/README.md has no row for `{rule}`");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All sources of judge and suite, without tests.
fn sources() -> String {
    let below = ["src/judge", "src/suite"].map(|below| files(&root().join(below)));
    below
        .into_iter()
        .flatten()
        .filter(|source| !source.starts_with("//! That the table"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What the files of a directory hold; nothing if there is none, as in a tree without solutions.
fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect()
}
