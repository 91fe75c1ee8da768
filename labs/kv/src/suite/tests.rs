//! That the table of tests is whole.

use super::*;
use lab_harness::table::{self, Rules};
use std::path::Path;

const MIT: [&str; 8] = [
    "TestReliablePut",
    "TestPutConcurrentReliable",
    "TestMemPutManyClientsReliable",
    "TestUnreliableNet",
    "TestOneClientReliable",
    "TestManyClientsReliable",
    "TestOneClientUnreliable",
    "TestManyClientsUnreliable",
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
    let rules = rules().and(Rules::of(["stopped-without-cause"]));
    assert_eq!(rules.expected_by_mutants(&root().join("../../solutions/kv/mutants")), Ok(()));
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
