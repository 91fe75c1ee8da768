//! That each check finds what it is for.

use super::{Rules, grounded, mit, names, points, scenarios};
use crate::cluster::Cluster;
use crate::failed::Failed;
use crate::grounded::Grounded;
use crate::judge::{Interest, Judge};
use crate::suite::{Body, Lab, Part, Test};
use std::fs;
use std::path::{Path, PathBuf};
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

struct Nobody;

impl Judge for Nobody {
    fn new(_: u32) -> Self {
        Nobody
    }

    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Result<Interest, Failed> {
        Ok(Interest::None)
    }
}

fn test(name: &'static str, mit: Option<&'static str>, part: &'static str, points: u32) -> Test<Nobody> {
    fn run(_: Cluster<Nobody>) -> crate::suite::Running {
        Box::pin(async { Ok(()) })
    }
    let body = Body::Directed { nodes: 1, client_nodes: 0, settings: &[], time_budget: Nanos::from_secs(1), run };
    Test { name, mit, part, points, about: name, grounded: None, body }
}

fn storm(text: &'static str) -> Test<Nobody> {
    Test::storm("second", "storm", 40, "a storm", "a-storm", text)
}

const STORM: &str = "about = \"x\"\nnodes = 3\nduration = \"1s\"\n[[fault]]\nkind = \"kill\"\ndown = \"1s\"\n\
                     when = { after = \"seen\", within = \"1ms\" }\n";

const PAGE: &str = "| TestOne1A | `one` | 3 |\n| TestTwo1B | `two` | 5 |\n";

/// A lab of two parts with these tests.
fn lab(tests: Vec<Test<Nobody>>) -> Lab<Nobody> {
    Lab {
        parts: vec![Part { name: "first", alias: "1A" }, Part { name: "second", alias: "1B" }],
        tests,
        observations: &["seen"],
        ..Lab::bare("table")
    }
}

fn one() -> Test<Nobody> {
    test("one", Some("TestOne1A"), "first", 100)
}

fn two() -> Test<Nobody> {
    test("two", Some("TestTwo1B"), "second", 60)
}

#[test]
fn nothing_is_wrong_with_a_whole_table() {
    let lab = lab(vec![one(), two(), storm(STORM)]);
    assert_eq!(names(&lab), Ok(()));
    assert_eq!(points(&lab), Ok(()));
    assert_eq!(mit(&lab, &["TestOne1A", "TestTwo1B"], PAGE), Ok(()));
    assert_eq!(scenarios(&lab), Ok(()));
}

#[test]
fn what_is_grounded_and_no_story_or_twice_and_a_suite_of_which_nothing_flies_are_told() {
    let whole = lab(vec![one(), two()]);
    assert_eq!(grounded(&whole, &[("it is heavy", &["two"])]), Ok(()));
    let table: &Grounded = &[("it is heavy", &["two", "three"]), ("it is late", &["two"])];
    let wrong = grounded(&whole, table);
    assert_eq!(wrong.unwrap_err(), "three is grounded, and no story of the suite\ntwo is grounded twice");
    let heavy = Test { grounded: Some("it is heavy"), ..one() };
    assert_eq!(grounded(&lab(vec![heavy]), &[("it is heavy", &["one"])]).unwrap_err(), "no story flies");
}

#[test]
fn names_that_are_double_odd_or_of_no_part_are_told() {
    let wrong = names(&lab(vec![one(), one(), test("Two", None, "second", 0), test("three", None, "third", 0)]));
    assert_eq!(
        wrong,
        Err("two tests are named one\nTwo is not in snake_case\nthree is of part third, which there is not".to_owned())
    );
}

#[test]
fn a_part_without_its_hundred_points_is_told() {
    assert_eq!(points(&lab(vec![one(), two()])), Err("the points of part second sum to 60".to_owned()));
    assert_eq!(points(&lab(vec![one()])), Err("the points of part second sum to 0".to_owned()));
}

#[test]
fn a_test_of_mit_that_is_missing_misplaced_or_without_a_row_is_told() {
    let all = ["TestOne1A", "TestTwo1B"];
    let missing = mit(&lab(vec![one()]), &all, PAGE).expect_err("one is missing");
    assert!(missing.contains("should be [\"TestOne1A\", \"TestTwo1B\"]"), "{missing}");
    let renamed = test("twice", Some("TestTwo1B"), "second", 60);
    let unknown = mit(&lab(vec![one(), renamed]), &all, PAGE);
    assert_eq!(unknown, Err("there is not one row that begins with | TestTwo1B | `twice` |".to_owned()));
    let double = mit(&lab(vec![one(), two()]), &all, &format!("{PAGE}{PAGE}")).expect_err("two rows each");
    assert_eq!(double.lines().count(), 2, "{double}");
    let misplaced = mit(&lab(vec![one(), test("two", Some("TestTwo1B"), "first", 60)]), &all, PAGE);
    assert_eq!(misplaced, Err("TestTwo1B is of part second, and here of first".to_owned()));
}

#[test]
fn weather_that_cannot_be_read_or_waits_for_nothing_is_told() {
    let wrong = scenarios(&lab(vec![storm("about = 3\n")])).expect_err("it is no scenario");
    assert!(wrong.starts_with("a-storm:1:9"), "{wrong}");
    let unseen: &str = Box::leak(STORM.replace("seen", "heard").into_boxed_str());
    let wrong = scenarios(&lab(vec![storm(unseen)])).expect_err("nobody shows it");
    assert!(wrong.contains("no node of this lab ever shows `heard`"), "{wrong}");
}

/// A directory of this test's own, gone when dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let place = Place(std::env::temp_dir().join(format!("windtunnel-table-{name}-{}", std::process::id())));
        for (path, text) in files {
            let path = place.0.join(path);
            fs::create_dir_all(path.parent().expect("it lies in a directory")).expect("a directory is made");
            fs::write(path, text).expect("a file is written");
        }
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn rules_are_found_where_failures_are_made_and_not_in_tests() {
    let here = "Failed::new(\"a-rule\", title); failed(\n \"another-rule\", x); failed(title, \"no-rule\"); failed(\"Not one\")\n\
                #[cfg(test)]\nmod tests { failed(\"of-a-test\", x) }";
    let place = Place::new(
        "sources",
        &[
            ("suite.rs", here),
            ("suite/below/deep.rs", "Failed::new(\"deep-rule\", title)"),
            ("suite/tests.rs", "failed(\"of-a-test\", x)"),
            ("judge/tests/one.rs", "failed(\"of-a-test\", x)"),
        ],
    );
    assert_eq!(Rules::named_below(&place.0), Rules::of(["a-rule", "another-rule", "deep-rule"]));
    assert_eq!(Rules::named_below(&place.0.join("nowhere")), Rules::default());
}

#[test]
fn a_rule_without_a_row_a_row_without_a_rule_and_a_second_row_are_told() {
    let rules = Rules::of(["a-rule", "another"]);
    let page = "| `Server` | answers |\n| `std::fs` | no |\n| `a-rule` | one |\n";
    assert_eq!(rules.explained_in(page), Err("the handout has no row for `another`".to_owned()));
    let page = format!("{page}| `another` | two |\n");
    assert_eq!(rules.explained_in(&page), Ok(()));
    let stale = rules.explained_in(&format!("{page}| `gone` | three |\n"));
    assert_eq!(stale, Err("the handout has a row for `gone`, which is no rule".to_owned()));
    let twice = rules.explained_in(&format!("{page}| `another` | two |\n"));
    assert_eq!(twice, Err("a rule has two rows in the handout".to_owned()));
}

#[test]
fn a_mutant_that_expects_what_is_no_rule_is_told() {
    let rules = Rules::of(["a-rule", "another"]);
    let place = Place::new("mutants", &[("right.patch", "what: it is wrong\nrules: a-rule, another\n\n--- a\n")]);
    assert_eq!(rules.expected_by_mutants(&place.0), Ok(()));
    assert_eq!(rules.expected_by_mutants(Path::new("nowhere")), Ok(()), "a tree without solutions");
    fs::write(place.0.join("wrong.patch"), "what: it is wrong\nrules: a-rule, anothr\n").expect("a file is written");
    assert_eq!(rules.expected_by_mutants(&place.0), Err("`anothr` is no rule: what: it is wrong".to_owned()));
}

#[test]
fn what_ends_runs_and_workers_is_known() {
    let known = Rules::of_all_labs();
    for rule in ["panic", "out-of-time", "stopped-without-cause", "never-yields", "nondeterminism"] {
        assert_eq!(known.clone().and(Rules::of([rule])), known, "{rule} is not among {known:?}");
    }
}
