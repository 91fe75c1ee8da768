//! That the table of tests is whole.

use super::*;
use lab_harness::scenario::Scenario;
use std::collections::{BTreeMap, BTreeSet};
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
fn each_test_of_mit_is_there_once_in_the_part_of_its_alias() {
    let lab = lab();
    let here: Vec<&str> = lab.tests.iter().filter_map(|test| test.mit).collect();
    assert_eq!(here, MIT);
    for test in lab.tests.iter() {
        let part = lab.parts.iter().find(|part| part.name == test.part).expect("its part is one of the lab's");
        assert!(test.mit.is_none_or(|mit| mit.ends_with(part.alias)), "{} is in part {}", test.name, part.name);
    }
}

#[test]
fn names_are_unique_and_plain() {
    let lab = lab();
    let names: BTreeSet<&str> = lab.tests.iter().map(|test| test.name).collect();
    assert_eq!(names.len(), lab.tests.len());
    for name in names {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(name.bytes().all(plain), "{name} is not in snake_case");
    }
}

#[test]
fn the_points_of_each_part_sum_to_100() {
    let mut points = BTreeMap::new();
    for test in lab().tests {
        *points.entry(test.part).or_insert(0) += test.points;
    }
    assert_eq!(points, BTreeMap::from([("election", 100), ("log", 100), ("persistence", 100), ("snapshot", 100)]));
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

#[test]
fn the_map_from_mit_names_them_all() {
    let map = include_str!("../../../../docs/MIT.md");
    for test in lab().tests.iter().filter(|test| test.mit.is_some()) {
        let row = format!("| {} | `{}` |", test.mit.expect("filtered"), test.name);
        assert!(map.contains(&row), "docs/MIT.md has no row that begins with {row}");
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

/// A rule that a mutant names by a slip of the pen would never be broken, and the mutant be called missed.
#[test]
fn mutants_name_rules_that_there_are() {
    let of_the_judge = crate::invariants::ALL.iter().map(|rule| rule.name.to_owned());
    let of_the_harness = ["stopped-without-cause", "out-of-time"].map(str::to_owned);
    let known: BTreeSet<String> = of_the_suite().into_iter().chain(of_the_judge).chain(of_the_harness).collect();
    for patch in files(&root().join("../../solutions/raft/mutants")) {
        let rules = patch.lines().find_map(|line| line.strip_prefix("rules: ")).unwrap_or_default();
        for rule in rules.split(", ").filter(|rule| !rule.is_empty()) {
            assert!(known.contains(rule), "`{rule}` is no rule: {}", patch.lines().next().unwrap_or_default());
        }
    }
}

/// Who fails by a rule that no page names has nothing to look up.
#[test]
fn the_handout_has_a_row_for_each_rule_that_is_no_invariant() {
    let handout = include_str!("../../README.md");
    let (_, table) = handout.split_once("<!-- other rules table -->\n").expect("the handout marks where it begins");
    let (table, _) = table.split_once("<!-- end of other rules table -->").expect("the handout marks where it ends");
    let rows = table.lines().skip(2); // behind the heading
    let name = |row: &str| row.strip_prefix("| `")?.split_once('`').map(|(name, _)| name.to_owned());
    let shown: Vec<String> = rows.map(|row| name(row).unwrap_or_else(|| panic!("{row} names no rule"))).collect();
    let there_are: BTreeSet<String> = of_the_suite().into_iter().chain(of_the_harness()).collect();
    assert!(there_are.len() > 30, "rules are not found in the sources: {there_are:?}");
    assert_eq!(shown.iter().cloned().collect::<BTreeSet<_>>(), there_are, "left: the handout, right: the sources");
    assert_eq!(shown.len(), there_are.len(), "a rule has two rows");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rules that test bodies name.
fn of_the_suite() -> BTreeSet<String> {
    let suite = ["src/suite", "src/suite/cluster"].map(|below| files(&root().join(below)));
    let sources = suite.into_iter().flatten().map(|source| code(&source).to_owned());
    let sources = sources.collect::<Vec<_>>().join("\n");
    let calls = sources.split("failed(").chain(sources.split("Failed::new("));
    let names = calls.filter_map(|call| Some(call.trim_start().strip_prefix('"')?.split_once('"')?.0));
    names.filter(|name| is_name(name)).map(str::to_owned).collect()
}

/// A source without its tests.
fn code(source: &str) -> &str {
    source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

fn is_name(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// The rules that every lab has: what ends a run in the world, and what ends a worker.
fn of_the_harness() -> BTreeSet<String> {
    let names = |file: &str, with_hyphen: bool| {
        let source = std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let texts = code(&source).split('"').skip(1).step_by(2).filter(|text| is_name(text));
        texts.filter(|text| !with_hyphen || text.contains('-')).map(str::to_owned).collect::<Vec<_>>()
    };
    let of_runs = ["wording.rs", "stopped.rs"].map(|file| names(&format!("../harness/src/{file}"), false));
    let of_workers = names("../../xtask/src/worker/death.rs", true);
    of_runs.into_iter().flatten().chain(of_workers).chain(["nondeterminism".to_owned()]).collect()
}

/// What the files of a directory hold; nothing if there is none, as in a tree without solutions.
fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect()
}
