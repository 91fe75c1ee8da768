//! Wrong values in lists of tables: where they are shown, and what is said to be allowed.

use super::super::{ScheduledAction, action};
use super::complaint;

/// The place of a complaint and what it says, in one line.
fn in_a_line(lines: &str) -> String {
    let said = complaint(&format!("about = \"a test\"\nnodes = 5\nduration = \"10s\"\n{lines}"));
    let place = said.lines().next().unwrap_or_default().trim_start_matches("storm.toml:");
    let words = said.lines().skip(1).filter(|line| !line.contains(" | ")).flat_map(str::split_whitespace);
    format!("{place} {}", words.collect::<Vec<_>>().join(" "))
}

/// What stands in an `[[event]]`, and what is said of it. Line 5 is its first key.
const IN_AN_EVENT: &[(&str, &str)] = &[
    ("at = 5\ndo = \"kill\"\nnode = 1", "5:6 invalid type: integer `5`, expected a time in quotes, as \"250ms\""),
    (
        "at = \"5 parsecs\"\ndo = \"kill\"\nnode = 1",
        "5:6 `5 parsecs` is no time: write a number and a unit, as \"250ms\" (units: ns, us, ms, s, min)",
    ),
    ("at_event = \"5\"\ndo = \"kill\"\nnode = 1", "5:12 invalid type: string \"5\", expected a whole number"),
    (
        "at = \"1s\"\ndo = \"kill\"\nnode = \"leder\"",
        "7:8 `leder` is not allowed here did you mean `leader`? allowed here: leader, follower, a node",
    ),
    (
        "at = \"1s\"\ndo = \"kill\"\nnode = 1.5",
        "7:8 invalid type: floating point `1.5`, expected \"leader\", \"follower\" or a node",
    ),
    ("at = \"1s\"\ndo = \"kill\"\nnode = [1, 2]", "7:8 this action takes one node: write an event for each"),
    ("at = \"1s\"\ndo = \"cut\"\nfrom = 1\nto = [2, 2]", "8:6 node 2 is named twice"),
    (
        "at = \"1s\"\ndo = \"cut\"\nfrom = \"lader\"\nto = 2",
        "7:8 `lader` is not allowed here did you mean `leader`? allowed here: leader, follower, other, others, all, a node, a list of nodes",
    ),
    (
        "at = \"1s\"\ndo = \"cut\"\nfrom = [1, \"two\"]\nto = 2",
        "7:12 invalid type: string \"two\", expected a whole number",
    ),
    (
        "at = \"1s\"\ndo = \"slow\"\nnode = 1\nper_event = 3",
        "8:13 invalid type: integer `3`, expected a time in quotes, as \"250ms\"",
    ),
    (
        "at = \"1s\"\ndo = \"clock-jump\"\nnode = 1\nby = \"far\"",
        "8:6 `far` is no time: write a number and a unit, as \"250ms\" (units: ns, us, ms, s, min)",
    ),
    (
        "at = \"1s\"\ndo = \"clock-drift\"\nnode = 1\ndrift_ppm = 500_001",
        "8:13 500001 is no drift: parts per million, -500_000 to 500_000",
    ),
    (
        "at = \"1s\"\ndo = \"link-weather\"\nfrom = 1\nto = 2\nweather = { loss_ppm = 1_000_001 }",
        "9:24 1000001 is no rate: parts per million, 0 (never) to 1_000_000 (always)",
    ),
    (
        "at = \"1s\"\ndo = \"link-weather\"\nfrom = 1\nto = 2\nweather = { los_ppm = 1 }",
        "9:13 there is no key `los_ppm` here did you mean `loss_ppm`? allowed here: slower_by, times_slower, loss_ppm, duplicate_ppm, reorder_ppm, reorder_by",
    ),
    (
        "at = \"1s\"\ndo = \"disk-weather\"\nnode = 1\nweather = { free_bytes = \"few\" }",
        "8:26 invalid type: string \"few\", expected a whole number",
    ),
    ("at = \"1s\"\ndo = \"disk-weather\"\nnode = 1\nweather = 7", "8:11 invalid type: integer `7`, expected a table"),
    (
        "at = \"1s\"\ndo = \"kill\"\nnode = 1\npick = \"first\"",
        "8:8 invalid type: string \"first\", expected a whole number",
    ),
    ("at = \"1s\"\ndo = \"kill\"\nnode = 1\nstrike = 7", "8:10 invalid type: integer `7`, expected text in quotes"),
    (
        "at = \"1s\"\ndo = 3\nnode = 1",
        "6:6 `do` is a name in quotes allowed here: cut, mend, link-weather, link-calm, kill, power-loss, start, pause, resume, slow, full-speed, clock-jump, clock-drift, clock-calm, disk-weather, disk-calm, heal-all",
    ),
    (
        "at = \"1s\"\ndo = \"kill\"\nnod = 1",
        "7:1 there is no key `nod` here did you mean `node`? allowed here: node, at, at_event, strike, pick",
    ),
    ("at = \"1s\"\ndo = \"kill\"", "4:1 the key `node` is missing"),
    (
        "at = \"1s\"\ndo = \"heal-all\"\nnode = 3",
        "7:1 there is no key `node` here allowed here: at, at_event, strike, pick",
    ),
];

/// What stands in other tables, whose head is line 4.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "[[fault]]\nkind = \"pause\"\nwhen = { after = \"x\", withn = \"3ms\" }\n",
        "6:23 there is no key `withn` here did you mean `within`? allowed here: after, within",
    ),
    ("[[link]]\nfrom = 1\nto = \"two\"\n", "6:6 invalid type: string \"two\", expected a whole number"),
    (
        "[[link]]\nfrom = 1\nto = 2\nlatency = 3\n",
        "7:11 invalid type: integer `3`, expected a time in quotes, as \"250ms\"",
    ),
    (
        "[[node]]\nnode = 1\noffset = 3\n",
        "6:10 invalid type: integer `3`, expected a signed time in quotes, as \"-250ms\"",
    ),
    ("[[node]]\nnode = 1\ndisk = { torn_writes = 1 }\n", "6:24 invalid type: integer `1`, expected true or false"),
    ("[[node]]\nnode = -1\n", "5:8 invalid value: integer `-1`, expected a whole number"),
    (
        "[[fault]]\nkind = \"pause\"\non_ppm = \"often\"\n",
        "6:10 invalid type: string \"often\", expected a whole number",
    ),
    (
        "[[fault]]\nkind = \"pause\"\nwhen = { after = \"x\", within = 2 }\n",
        "6:32 invalid type: integer `2`, expected a time in quotes, as \"250ms\"",
    ),
    (
        "[[fault]]\nkind = \"partition\"\nshapes = [\"halfs\"]\n",
        "6:11 `halfs` is not allowed here did you mean `halves`? allowed here: halves, isolate-one, bridge, ring, majority-minority, random",
    ),
    (
        "[[fault]]\nkind = \"cut-link\"\ndirection = \"oneway\"\n",
        "6:13 `oneway` is not allowed here did you mean `one-way`? allowed here: both, one-way",
    ),
    ("[drawn]\nseed = 5\non = []\noff = []\n", "5:8 invalid type: integer `5`, expected text in quotes"),
    ("[drawn]\nseed = \"x\"\non = []\noff = []\n", "5:8 `x` is no seed: decimal or 0x…, 64 bits"),
    ("[load]\nclients = \"some\"\n", "5:11 invalid type: string \"some\", expected a whole number"),
];

#[test]
fn a_wrong_value_in_a_list_of_tables_is_shown_at_its_own_line_with_what_is_allowed() {
    for (lines, expected) in IN_AN_EVENT {
        assert_eq!(in_a_line(&format!("[[event]]\n{lines}\n")), *expected, "in {lines}");
    }
    for (lines, expected) in ELSEWHERE {
        assert_eq!(in_a_line(lines), *expected, "in {lines}");
    }
}

#[test]
fn each_action_has_the_keys_that_the_schema_gives_it() {
    let schema = schemars::schema_for!(ScheduledAction).to_value();
    let actions = schema["oneOf"].as_array();
    let mut names = Vec::new();
    for described in actions.expect("actions are a choice") {
        let properties = described["properties"].as_object().expect("each is an object");
        let name = properties["do"]["const"].as_str().expect("it says its name");
        let keys: Vec<&str> = properties.keys().map(String::as_str).filter(|key| *key != "do").collect();
        let mut ours = action::keys(name).to_vec();
        ours.sort_unstable();
        assert_eq!(ours, keys, "{name}");
        names.push(name.to_owned());
    }
    assert_eq!(names, action::NAMES);
}
