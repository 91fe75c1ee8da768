//! That the table of tests is whole.

use super::*;
use lab_harness::grounded::{DISKS, POWER};
use lab_harness::table::{self, Rules};
use std::collections::BTreeSet;
use std::path::Path;

/// As the Go tests of the Spring 2026 edition are called.
const MIT: [&str; 7] = [
    "TestWc",
    "TestIndexer",
    "TestMapParallel",
    "TestReduceParallel",
    "TestJobCount",
    "TestEarlyExit",
    "TestCrashWorker",
];

/// Whoever skips one record of a task and forgets the other shows, of records and of keys.
#[test]
fn two_deadly_records_are_of_one_task_and_so_are_two_deadly_keys() {
    let is_deadly = |bytes: &[u8]| bytes.windows(text::DEADLY.len()).any(|window| window == text::DEADLY);
    let places = |of: &[&[u8]]| of.iter().enumerate().filter(|(_, of)| is_deadly(of)).map(|(place, _)| place).collect();
    let apart = |places: Vec<usize>| matches!(places[..], [one, other] if other > one + 1);
    assert!(apart(places(&text::DEADLY_LINES.split(|byte| *byte == b'\n').collect::<Vec<_>>())));
    let words: BTreeSet<&[u8]> = mapreduce_apps::words(text::DEADLY_LINES).map(str::as_bytes).collect();
    for reduces in [2, 3, bounds::REDUCES] {
        let of = |word: &[u8]| mapreduce_apps::by_hash(word, reduces);
        let task = of(text::DEADLY);
        let keys: Vec<&[u8]> = words.iter().copied().filter(|word| of(word) == task).collect();
        assert_eq!(keys.iter().filter(|key| is_deadly(key)).count(), 2, "{reduces}");
        assert!(reduces > 2 || apart(places(&keys)), "{keys:?}");
    }
}

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
fn scenarios_can_be_read() {
    assert_eq!(table::scenarios(&lab()), Ok(()));
}

#[test]
fn stories_of_power_and_of_disks_do_not_fly_and_some_others_do() {
    assert_eq!(table::grounded(&lab(), flight::GROUNDED), Ok(()));
    for (word, reason) in [("power", POWER), ("disk", DISKS)] {
        let stories = lab().tests.into_iter().filter(|test| test.name.contains(word));
        let found: Vec<_> = stories.map(|test| (test.name, test.grounded)).collect();
        assert!(!found.is_empty(), "{word}");
        found.iter().for_each(|(name, grounded)| assert_eq!(*grounded, Some(reason), "{name}"));
    }
}

#[test]
fn the_handout_has_a_row_for_each_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = ["src/judge", "src/suite"].map(|below| Rules::named_below(&root.join(below)));
    let rules = named.into_iter().fold(Rules::of(["own-observations"]), Rules::and);
    assert_eq!(rules.explained_in(include_str!("../../README.md")), Ok(()));
}
