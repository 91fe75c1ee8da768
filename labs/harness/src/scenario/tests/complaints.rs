//! Wrong files, and every word of what is said about them.

use super::super::{RuledOut, Scenario, ScenarioError, Vocabulary};
use super::complaint;

const HEAD: &str = "about = \"a test\"\nnodes = 5\nduration = \"10s\"\n";

fn of(lines: &str) -> String {
    complaint(&format!("{HEAD}{lines}"))
}

#[test]
fn a_wrong_key_is_shown_with_the_nearest_right_one() {
    let said = of("[network]\nlatency = \"5ms\"\nloss_pmm = 5\n");
    assert_eq!(
        said,
        "\
storm.toml:6:1
  there is no key `loss_pmm` here

  6 | loss_pmm = 5
    | ^^^^^^^^

  did you mean `loss_ppm`?

  allowed here: latency, tail_ppm, tail, loss_ppm, duplicate_ppm, reorder_ppm,
  reorder_by, bandwidth, late_copy_ppm"
    );
}

#[test]
fn a_wrong_key_of_a_fault_is_found_inside_it() {
    let said = of("[[fault]]\nkind = \"pause\"\nevery = \"1s\"\nlast = \"2s\"\n");
    assert_eq!(
        said,
        "\
storm.toml:7:1
  there is no key `last` here

  7 | last = \"2s\"
    | ^^^^

  did you mean `lasts`?

  allowed here: where, lasts, kind, name, on_ppm, every, at, when, chance_ppm"
    );
}

#[test]
fn a_wrong_type_is_named() {
    let said = of("[[fault]]\nkind = \"pause\"\nevery = \"1s\"\nlasts = 2\n");
    assert_eq!(
        said,
        "\
storm.toml:7:9
  invalid type: integer `2`, expected a time in quotes, as \"250ms\"

  7 | lasts = 2
    |         ^"
    );
}

#[test]
fn a_rate_over_a_million_is_refused() {
    let said = of(
        "[[fault]]\nkind = \"lossy-link\"\nevery = \"1s\"\nlasts = \"1s\"\nloss_ppm = { from = 0, to = 2_000_000 }\n",
    );
    assert_eq!(
        said,
        "\
storm.toml:8:29
  2000000 is no rate: parts per million, 0 (never) to 1_000_000 (always)

  8 | loss_ppm = { from = 0, to = 2_000_000 }
    |                             ^^^^^^^^^"
    );
}

#[test]
fn a_range_that_ends_before_it_begins_is_refused() {
    let said = of("[network]\nlatency = { from = \"2s\", to = \"50ms\" }\n");
    assert_eq!(
        said,
        "\
storm.toml:5:11
  the range is empty: from 2s is more than to 50ms

  5 | latency = { from = \"2s\", to = \"50ms\" }
    |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    );
}

#[test]
fn a_node_that_is_not_there_is_refused() {
    let said = of("[[fault]]\nkind = \"kill\"\nwhere = [1, 9]\nevery = \"1s\"\ndown = \"1s\"\n");
    assert_eq!(
        said,
        "\
storm.toml:6:13
  there is no node 9 among 5

  6 | where = [1, 9]
    |             ^

  allowed here: 1 to 5"
    );
}

#[test]
fn an_unknown_kind_is_shown_with_the_nearest_right_one() {
    let said = of("[[fault]]\nkind = \"powerloss\"\n");
    assert_eq!(
        said,
        "\
storm.toml:5:8
  there is no kind of fault `powerloss`

  5 | kind = \"powerloss\"
    |        ^^^^^^^^^^^

  did you mean `power-loss`?

  allowed here: partition, cut-link, slow-link, lossy-link, duplicate, reorder,
  kill, power-loss, pause, slow-node, clock-drift, clock-jump, disk-slow,
  disk-full, disk-error, bit-rot"
    );
}

#[test]
fn a_missing_key_points_at_its_fault() {
    let said = of("\n[[fault]]\nkind = \"pause\"\nevery = \"1s\"\n");
    assert_eq!(
        said,
        "\
storm.toml:5:1
  the key `lasts` is missing

  5 | [[fault]]
    | ^^^^^^^^^"
    );
}

#[test]
fn a_role_where_no_node_is_hit_is_refused() {
    let said = of(
        "[[fault]]\nkind = \"partition\"\nshapes = [\"halves\"]\nwhere = \"leader\"\nevery = \"1s\"\nlasts = \"1s\"\n",
    );
    assert_eq!(
        said,
        "\
storm.toml:7:9
  only the shape `isolate-one` has a `where`: other shapes hit no node in
  particular

  7 | where = \"leader\"
    |         ^^^^^^^^

  leave out `where`, or use `shapes = [\"isolate-one\"]`"
    );
}

#[test]
fn a_long_event_is_shown_in_part_and_in_eighty_columns() {
    let said = of(
        "event = [\n  { at = \"1s\", strike = \"a-name-as-long-as-a-line-that-nobody-would-want-to-read-1.1\", do = \"kill\", nod = 1 },\n]\n",
    );
    assert!(said.contains("there is no key `nod` here"), "{said}");
    assert!(said.contains("did you mean `node`?"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    let caret = lines[4].find('^').unwrap();
    let source: Vec<char> = lines[3].chars().collect();
    assert_eq!(source[caret..caret + 3].iter().collect::<String>(), "nod", "{said}");
}

/// The line that is shown and the message, for cases whose layout is that of the tests above.
fn place_and_message(said: &str) -> (usize, String) {
    let line = said.split(':').nth(1).unwrap().parse().unwrap();
    let message: Vec<&str> = said.lines().skip(1).take_while(|line| !line.is_empty()).map(str::trim).collect();
    (line, message.join(" "))
}

#[test]
fn what_makes_no_sense_is_refused_at_its_line() {
    let pause = |line: &str| format!("[[fault]]\nkind = \"pause\"\nlasts = \"1s\"\n{line}\n");
    let link = |line: &str| format!("[[fault]]\nkind = \"cut-link\"\nlasts = \"1s\"\nevery = \"1s\"\n{line}\n");
    let event = |line: &str| format!("event = [\n  {{ {line} }},\n]\n");
    let cases: &[(String, usize, &str)] = &[
        ("[network]\nlatency = \"0s\"\n".into(), 5, "no message arrives in no time"),
        ("[network]\nbandwidth = 0\n".into(), 5, "a bandwidth of 0 lets nothing through"),
        ("[disk]\ncapacity = 0\n".into(), 5, "a disk that holds nothing cannot start a node"),
        ("[load]\npropose_every = \"0s\"\n".into(), 5, "clients that never wait stop time"),
        (
            "[clock]\noffset = \"3 parsecs\"\n".into(),
            5,
            "`3 parsecs` is no time: write a number and a unit, as \"250ms\" (units: ns, us, ms, s, min)",
        ),
        ("fault = 3\n".into(), 4, "`fault` is a list: write [[fault]]"),
        ("[[fault]]\nlasts = \"1s\"\n".into(), 4, "this fault does not say what it is: `kind` is missing"),
        (pause(""), 5, "a fault says when it strikes by exactly one of `every`, `at` and `when`"),
        (
            pause("every = \"1s\"\nat = [\"1s\"]"),
            5,
            "a fault says when it strikes by exactly one of `every`, `at` and `when`",
        ),
        (pause("every = \"0s\""), 7, "strikes with no time between them stop time"),
        (pause("every = \"1us\""), 7, "that may be 10000000 strikes in a storm of 10s"),
        (pause("at = [\"1s\", \"11s\"]"), 7, "11s is after the storm, which ends at 10s"),
        (pause("at = []"), 7, "the list names no time"),
        (pause("every = \"1s\"\nwhere = \"leder\""), 8, "`leder` is not allowed here"),
        (pause("every = \"1s\"\nwhere = [2, 2]"), 8, "node 2 is named twice"),
        (pause("when = { after = \"\", within = \"1ms\" }"), 7, "the name of what is observed is empty"),
        (
            link("where = \"leader\"\nlinks = \"all\""),
            8,
            "links of all nodes are those of no node in particular: `where` has no meaning here",
        ),
        (link("where = [1, 2, 3, 4, 5]"), 8, "no node is left at the other end of the links"),
        (
            "[[fault]]\nkind = \"slow-link\"\nlasts = \"1s\"\nevery = \"1s\"\n".into(),
            5,
            "a slow link says how slow: by `by`, by `times`, or both",
        ),
        (
            "[[fault]]\nkind = \"kill\"\ndown = \"0s\"\nevery = \"1s\"\n".into(),
            6,
            "a fault that ends as it begins is none",
        ),
        (event("at = \"1s\", do = \"kil\", node = 1"), 5, "there is no action `kil`"),
        (event("do = \"kill\", node = 1"), 5, "an event says when it happens by exactly one of `at` and `at_event`"),
        (event("at = \"11s\", do = \"kill\", node = 1"), 5, "11s is after the storm, which ends at 10s"),
        (event("at = \"1s\", do = \"kill\", node = 6"), 5, "there is no node 6 among 5"),
        (event("at = \"1s\", do = \"kill\", node = [1, 2]"), 5, "this action takes one node: write an event for each"),
        (
            event("at = \"1s\", do = \"cut\", from = \"other\", to = \"others\""),
            5,
            "`other` and `others` mean whoever is not at the other end, so one end has to say who",
        ),
    ];
    for (lines, line, message) in cases {
        assert_eq!(place_and_message(&of(lines)), (*line, (*message).to_owned()), "in {lines}");
    }
}

#[test]
fn impossible_heads_and_broken_syntax_are_refused_at_their_line() {
    let cases = [
        ("about = \"x\"\nnodes = 0\nduration = \"1s\"\n", 2, "0 nodes cannot be run"),
        ("about = \"x\"\nnodes = 3\nduration = \"0s\"\n", 3, "a storm of no duration is none"),
        ("about = \"x\"\nnodes = 3\n", 1, "the key `duration` is missing"),
        ("about = \"x\nnodes = 3\n", 1, "invalid basic string, expected `\"`"),
    ];
    for (text, line, message) in cases {
        assert_eq!(place_and_message(&complaint(text)), (line, message.to_owned()), "in {text}");
    }
}

#[test]
fn a_shape_that_needs_more_nodes_is_refused() {
    let ring = |nodes: u32| {
        let head = HEAD.replace('5', &nodes.to_string());
        format!("{head}[[fault]]\nkind = \"partition\"\nshapes = [\"ring\"]\nevery = \"1s\"\nlasts = \"1s\"\n")
    };
    assert!(Scenario::parse("storm.toml", &ring(4)).is_ok());
    let refused = place_and_message(&complaint(&ring(3)));
    assert_eq!(refused, (6, "this shape needs 4 nodes, and there are 3".to_owned()));
}

/// Numbers that would fill the memory, or stop time.
#[test]
fn numbers_that_no_run_can_bear_are_refused_at_their_line() {
    let slow = |line: &str| format!("[[fault]]\nkind = \"slow-link\"\nlasts = \"1s\"\nevery = \"1s\"\n{line}\n");
    let event = |line: &str| format!("event = [\n  {{ {line} }},\n]\n");
    let named = |name: &str| format!("[[fault]]\nkind = \"pause\"\nlasts = \"1s\"\nevery = \"1s\"\n{name}\n");
    let cases: &[(String, usize, &str)] = &[
        ("[load]\nclients = 1_000_000_000\n".into(), 5, "1000000000 is no number of clients: 0 to 1_000"),
        (
            "[load]\ncommand_bytes = 4_000_000_000\n".into(),
            5,
            "4000000000 is no size of a command: 0 to 1_048_576 bytes",
        ),
        ("[load]\npropose_every = \"1us\"\n".into(), 5, "that may be 10000000 commands in a storm of 10s"),
        (
            "[load]\nclients = 10\ncommand_bytes = { from = 1, to = 100_000 }\n".into(),
            6,
            "that may be 200000000 bytes of commands in a storm of 10s",
        ),
        (
            "[network]\nlatency = \"25000h\"\n".into(),
            5,
            "`25000h` is no time: write a number and a unit, as \"250ms\" (units: ns, us, ms, s, min)",
        ),
        ("[network]\nlatency = \"1441min\"\n".into(), 5, "`1441min` is too long: a day (1440min) is the most"),
        ("[clock]\noffset = \"-1441min\"\n".into(), 5, "`1441min` is too long: a day (1440min) is the most"),
        (slow("times = 9_000_000_000_000_000_000"), 8, "9000000000000000000 is no factor: 1 to 1_000"),
        (slow("times = 0"), 8, "0 is no factor: 1 to 1_000"),
        (
            event("at = \"1s\", do = \"link-weather\", from = 1, to = 2, weather = { times_slower = 0 }"),
            5,
            "0 is no factor: 1 to 1_000",
        ),
        (
            event("at_event = 9, do = \"disk-weather\", node = 1, weather = { free_bytes = 1 }"),
            5,
            "between two events nobody counts what is on a disk",
        ),
        (named("name = \"nap\""), 8, "`nap` is no name of this fault: its kind and a number"),
        (format!("{}{}", named("name = \"pause-2\""), named("")), 10, "two faults are named `pause-2`"),
    ];
    for (lines, line, message) in cases {
        assert_eq!(place_and_message(&of(lines)), (*line, (*message).to_owned()), "in {lines}");
    }
    for (head, line, message) in [
        ("about = \"x\"\nnodes = 201\nduration = \"1s\"\n", 2, "201 nodes cannot be run"),
        ("about = \"x\"\nnodes = 3\nduration = \"1441min\"\n", 3, "`1441min` is too long: a day (1440min) is the most"),
    ] {
        assert_eq!(place_and_message(&complaint(head)), (line, message.to_owned()));
    }
    let most = "[load]\nclients = 1_000\npropose_every = \"1s\"\n[network]\nlatency = \"1440min\"\n";
    assert!(Scenario::parse("storm.toml", &format!("{HEAD}{most}{}", slow("times = 1_000"))).is_ok());
}

const OF_A_LAB: Vocabulary<'_> = Vocabulary {
    observations: &["raft.view", "raft.applied", "raft.persisted"],
    settings: &["log_limit"],
    client_nodes: false,
    ruled_out: &[],
};

fn of_trigger(lines: &str) -> String {
    match Scenario::parse_for("storm.toml", &format!("{HEAD}{lines}"), OF_A_LAB) {
        Err(error @ ScenarioError::Wrong(_)) => error.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}

/// Also in a fault that hardly any run has.
#[test]
fn a_fault_that_waits_for_what_is_never_shown_is_refused() {
    let said = of_trigger(
        "[[fault]]\nkind = \"pause\"\non_ppm = 0\nlasts = \"1s\"\nwhen = { after = \"raft.appleid\", within = \"2ms\" }\n",
    );
    assert_eq!(
        said,
        "\
storm.toml:8:18
  no node of this lab ever shows `raft.appleid`, so this fault would never
  strike

  8 | when = { after = \"raft.appleid\", within = \"2ms\" }
    |                  ^^^^^^^^^^^^^^

  did you mean `raft.applied`?

  shown are: raft.view, raft.applied, raft.persisted"
    );
}

/// In a file that says that it has them.
#[test]
fn what_a_lab_does_not_know_is_refused() {
    let said = of_trigger("client_nodes = 2\n");
    assert!(said.contains("clients of this lab have no nodes of their own"), "{said}");
    let said = of_trigger("settings = { log_limt = 5 }\n");
    assert!(
        said.contains("no node of this lab asks for `log_limt`") && said.contains("known are: log_limit"),
        "{said}"
    );
    let text = format!("{HEAD}client_nodes = 2\nsettings = {{ log_limit = 5 }}\n");
    let lab = Vocabulary { client_nodes: true, ..OF_A_LAB };
    assert!(Scenario::parse_for("storm.toml", &text, lab).is_ok());
}

/// By the line that asks for it, also on fewer nodes than the file says.
#[test]
fn what_a_lab_rules_out_is_refused() {
    let lab = Vocabulary {
        client_nodes: true,
        ruled_out: &[(RuledOut::LossOfClients, "the store never dies"), (RuledOut::LateCopies, "they would be done")],
        ..OF_A_LAB
    };
    let parsed = |lines: &str| Scenario::parse_for("storm.toml", &format!("{HEAD}client_nodes = 1\n{lines}"), lab);
    let said = |lines: &str| parsed(lines).map(|_| ()).map_err(|error| error.to_string());
    let fault = |kind: &str, place: &str| {
        let keys = if kind == "pause" { "lasts" } else { "down" };
        format!("[[fault]]\nkind = \"{kind}\"\nwhere = {place}\nevery = \"1s\"\n{keys} = \"1s\"\n")
    };
    let clients = "this lab promises that its nodes of clients lose nothing, and are there";
    let copies = "no request of this lab may come again when it was answered";
    for (lines, line, message) in [
        (fault("kill", "\"client\""), 7, clients),
        (fault("power-loss", "[1, 6]"), 7, clients),
        ("[[event]]\nat = \"500ms\"\ndo = \"kill\"\nnode = 6\n".to_owned(), 8, clients),
        ("[network]\nlate_copy_ppm = { from = 0, to = 5 }\n".to_owned(), 6, copies),
    ] {
        let said = said(&lines).expect_err("it is ruled out");
        assert!(said.starts_with(&format!("storm.toml:{line}:")), "{lines}\n{said}");
        assert!(said.contains(message), "{lines}\n{said}");
    }
    for lines in [
        fault("pause", "\"client\""),
        fault("kill", "[1, 3]"),
        "[network]\nlate_copy_ppm = 0\n".to_owned(),
        "[[event]]\nat = \"500ms\"\ndo = \"pause\"\nnode = 6\n".to_owned(),
    ] {
        assert_eq!(said(&lines), Ok(()), "{lines}");
    }
    let lines = fault("kill", "3");
    let text = format!("{HEAD}client_nodes = 1\n{lines}");
    let fewer = parsed(&lines).expect("node 3 is none of clients").on_nodes(2, "storm.toml", &text, lab);
    assert!(fewer.is_err_and(|error| error.to_string().contains(clients)));
}

#[test]
fn a_clients_requests_never_come_twice() {
    let fault = "client_nodes = 1\n[[fault]]\nkind = \"duplicate\"\nwhere = \"client\"\nduplicate_ppm = 5\nevery = \"1s\"\nlasts = \"1s\"\nlinks = \"node\"\n";
    let said = match Scenario::parse("storm.toml", &format!("{HEAD}{fault}")) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("not refused"),
    };
    assert!(said.contains("a client's requests never come twice"), "{said}");
    assert!(Scenario::parse("storm.toml", &format!("{HEAD}{}", fault.replace("\"client\"", "\"any\""))).is_ok());
}
