//! That the table of tests is whole.

use super::*;
use lab_harness::table::{self, Rules};
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
fn names_parts_and_points_are_right() {
    assert_eq!(table::names(&lab()), Ok(()));
    assert_eq!(table::points(&lab()), Ok(()));
}

#[test]
fn each_test_of_mit_is_there_once_and_has_its_row() {
    assert_eq!(table::mit(&lab(), &MIT, include_str!("../../../../docs/MIT.md")), Ok(()));
}

#[test]
fn what_does_not_fly_is_a_story_of_the_suite() {
    assert_eq!(table::grounded(&lab(), flight::GROUNDED), Ok(()));
}

#[test]
fn scenarios_can_be_read() {
    assert_eq!(table::scenarios(&lab()), Ok(()));
}

#[test]
fn mutants_name_rules_that_there_are() {
    let of_raft = Rules::of(lab_raft::invariants::ALL.iter().map(|rule| rule.name));
    let rules = rules().and(of_raft).and(Rules::of(["stopped-without-cause", "out-of-time"]));
    assert_eq!(rules.expected_by_mutants(&root().join("../../solutions/kvraft/mutants")), Ok(()));
}

#[test]
fn the_handout_has_a_row_for_each_rule() {
    assert_eq!(rules().explained_in(include_str!("../../README.md")), Ok(()));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Those of judge and suite.
fn rules() -> Rules {
    let named = ["src/judge", "src/suite"].map(|below| Rules::named_below(&root().join(below)));
    named.into_iter().fold(Rules::of_histories(), Rules::and)
}
