//! That the table of tests is whole.

use super::*;
use lab_harness::scenario::Scenario;
use lab_harness::table::{self, Rules};
use std::collections::BTreeMap;
use std::path::Path;
use windtunnel::Seed;

const MIT: [&str; 28] = [
    "TestInitialElection3A",
    "TestReElection3A",
    "TestManyElections3A",
    "TestBasicAgree3B",
    "TestRPCBytes3B",
    "TestFollowerFailure3B",
    "TestLeaderFailure3B",
    "TestFailAgree3B",
    "TestFailNoAgree3B",
    "TestConcurrentStarts3B",
    "TestRejoin3B",
    "TestBackup3B",
    "TestCount3B",
    "TestPersist13C",
    "TestPersist23C",
    "TestPersist33C",
    "TestFigure83C",
    "TestUnreliableAgree3C",
    "TestFigure8Unreliable3C",
    "TestReliableChurn3C",
    "TestUnreliableChurn3C",
    "TestSnapshotBasic3D",
    "TestSnapshotInstall3D",
    "TestSnapshotInstallUnreliable3D",
    "TestSnapshotInstallCrash3D",
    "TestSnapshotInstallUnCrash3D",
    "TestSnapshotAllCrash3D",
    "TestSnapshotInit3D",
];

#[test]
fn names_parts_and_points_are_right() {
    assert_eq!(table::names(&lab()), Ok(()));
    assert_eq!(table::points(&lab()), Ok(()));
}

#[test]
fn each_test_of_mit_is_there_once_in_the_part_of_its_alias_and_has_its_row() {
    assert_eq!(table::mit(&lab(), &MIT, include_str!("../../../../docs/MIT.md")), Ok(()));
}

#[test]
fn what_does_not_fly_is_a_story_of_the_suite() {
    assert_eq!(table::grounded(&lab(), grounded::GROUNDED), Ok(()));
}

#[test]
fn scenarios_can_be_read() {
    assert_eq!(table::scenarios(&lab()), Ok(()));
}

/// Whoever has come to parts election and log alone may forget everything at a restart.
#[test]
fn no_storm_before_part_persistence_restarts_a_server() {
    for test in lab().tests.into_iter().filter(|test| ["election", "log"].contains(&test.part)) {
        let Body::Storm { scenario, text } = test.body else { continue };
        let read = Scenario::parse(scenario, text).expect("the scenario can be read");
        for seed in 0..20 {
            assert!(!read.draw(Seed(seed)).restarts_nodes(), "{scenario} restarts servers");
        }
    }
}

/// Swarm testing wants each family on in some runs and off in others.
#[test]
fn in_a_thousand_storms_of_everything_each_family_is_on_in_20_to_80_percent() {
    let everything = lab().tests.into_iter().find(|test| test.name == "everything").expect("the storm of everything");
    let Body::Storm { scenario, text } = everything.body else { panic!("everything is a storm") };
    let scenario = Scenario::parse(scenario, text).expect("the scenario can be read");
    let mut on: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..1_000 {
        let drawn = scenario.draw(Seed(seed)).drawn;
        drawn.off.into_iter().for_each(|family| _ = on.entry(family).or_default());
        drawn.on.into_iter().for_each(|family| *on.entry(family).or_default() += 1);
    }
    assert!(on.len() >= 17, "{on:?}");
    for (family, runs) in on {
        assert!((200..=800).contains(&runs), "{family} is on in {runs} of 1,000 storms");
    }
}

#[test]
fn mutants_name_rules_that_there_are() {
    let of_the_judge = Rules::of(crate::invariants::ALL.iter().map(|rule| rule.name));
    let rules = of_the_suite().and(of_the_judge).and(Rules::of(["stopped-without-cause", "out-of-time"]));
    assert_eq!(rules.expected_by_mutants(&root().join("../../solutions/raft/mutants")), Ok(()));
}

/// The rules of the judge have a table of their own, whose rows begin with words.
#[test]
fn the_handout_has_a_row_for_each_rule_that_is_no_invariant() {
    assert_eq!(of_the_suite().and(Rules::of_all_labs()).explained_in(include_str!("../../README.md")), Ok(()));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rules that test bodies name.
fn of_the_suite() -> Rules {
    Rules::named_below(&root().join("src/suite"))
}
