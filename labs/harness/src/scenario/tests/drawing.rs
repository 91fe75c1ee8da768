//! What a draw promises: it is a pure function, edits stay local, and a schedule gives itself.

use super::super::{Action, Between, Drawn, Event, Link, Place, Places, Rate, Scenario, Schedule, Time, When};
use super::{on_nodes, scenario};
use proptest::prelude::*;
use std::collections::BTreeSet;
use windtunnel::{Nanos, NodeId, Ppm, Seed};

const EVERYTHING: &str = include_str!("../../../../../scenarios/raft/everything.toml");
const PAUSE: &str = "[[fault]]\nkind = \"pause\"\nevery = { from = \"100ms\", to = \"900ms\" }\nlasts = { from = \"1ms\", to = \"1s\" }\n";
const KILL: &str = "[[fault]]\nkind = \"kill\"\nwhere = \"minority\"\nevery = { from = \"100ms\", to = \"900ms\" }\ndown = \"100ms\"\n";

fn everything() -> Scenario {
    Scenario::parse("everything.toml", EVERYTHING).unwrap()
}

fn of_family<'a>(schedule: &'a Schedule, family: &str) -> Vec<&'a Event> {
    schedule.event.iter().filter(|event| event.family().starts_with(family)).collect()
}

fn at(event: &Event) -> Time {
    match event.when {
        When::At(time) => time,
        _ => panic!("no time: {event:?}"),
    }
}

/// The schedule of a scenario whose families are all on.
fn storm(lines: &str) -> Schedule {
    scenario(&lines.replace("[[fault]]\n", "[[fault]]\non_ppm = 1_000_000\n")).draw(Seed(7))
}

#[test]
fn one_seed_gives_one_schedule_and_another_seed_another() {
    assert_eq!(everything().draw(Seed(1)), everything().draw(Seed(1)));
    assert_ne!(everything().draw(Seed(1)).event, everything().draw(Seed(2)).event);
    assert_ne!(everything().draw(Seed(1)).link, everything().draw(Seed(2)).link);
}

#[test]
fn editing_one_family_leaves_the_draws_of_the_others() {
    for seed in (0..50).map(Seed) {
        let before = scenario(&format!("{KILL}{PAUSE}")).draw(seed);
        let edited = scenario(&format!("{}{PAUSE}", KILL.replace("900ms", "300ms"))).draw(seed);
        let removed = scenario(PAUSE).draw(seed);
        let another =
            scenario(&format!("{KILL}{PAUSE}{}", PAUSE.replace("pause", "power-loss").replace("lasts", "down")));
        for after in [edited, removed, another.draw(seed)] {
            assert_eq!(of_family(&before, "pause"), of_family(&after, "pause"));
            assert_eq!((&before.link, &before.node, &before.load), (&after.link, &after.node, &after.load));
        }
    }
}

#[test]
fn a_longer_strike_moves_no_other_strike() {
    let times = |lines: &str| {
        of_family(&storm(lines), "pause")
            .iter()
            .filter(|event| !event.action.is_end())
            .map(|event| at(event))
            .collect::<Vec<_>>()
    };
    let longer = PAUSE.replace("to = \"1s\"", "to = \"3s\"");
    assert!(times(PAUSE).len() > 5);
    assert_eq!(times(PAUSE), times(&longer));
}

#[test]
fn late_copies_move_no_other_draw_and_are_saved_where_there_are_any() {
    let network =
        |line: &str| scenario(&format!("[network]\nloss_ppm = {{ from = 0, to = 50_000 }}\n{line}")).draw(Seed(5));
    let (without, with) = (network(""), network("late_copy_ppm = { from = 1_000, to = 200_000 }\n"));
    assert!(!without.to_toml().contains("late_copy_ppm") && with.to_toml().contains("late_copy_ppm"));
    for (without, with) in without.link.iter().zip(&with.link) {
        assert!(with.late_copy_ppm.ppm() >= Ppm(1_000));
        assert_eq!(Link { late_copy_ppm: Rate::default(), ..with.clone() }, *without);
    }
    let again = Scenario::parse("saved.toml", &with.to_toml()).expect("it was saved by us").draw(Seed(99));
    assert_eq!(again.link, with.link);
}

#[test]
fn another_node_leaves_the_weather_of_the_links_between_the_others() {
    let few = on_nodes(&everything(), 4).draw(Seed(3));
    let many = on_nodes(&everything(), 5).draw(Seed(3));
    assert_eq!((few.link.len(), many.link.len()), (12, 20));
    assert!(few.link.iter().all(|link| many.link.contains(link)));
    assert_eq!(few.node[..], many.node[..4]);
}

#[test]
fn families_are_on_as_often_as_they_say() {
    let often = |on: &str| {
        let scenario = scenario(&PAUSE.replace("[[fault]]\n", &format!("[[fault]]\n{on}\n")));
        (0..400).filter(|seed| scenario.draw(Seed(*seed)).drawn.on == ["pause-1"]).count()
    };
    assert!((160..240).contains(&often("")), "{} of 400", often(""));
    assert_eq!((often("on_ppm = 0"), often("on_ppm = 1_000_000")), (0, 400));
}

#[test]
fn a_rate_that_may_be_nothing_is_nothing_everywhere_in_half_of_the_runs() {
    let lossy = |range: &str| {
        let scenario = scenario(&format!("[network]\nloss_ppm = {range}\n"));
        let lossy = |seed| scenario.draw(Seed(seed)).link.iter().filter(|link| link.loss_ppm > Rate(0)).count();
        (0..200).map(lossy).collect::<Vec<usize>>()
    };
    let often = lossy("{ from = 0, to = 500_000 }");
    assert_eq!(often.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([0, 6]));
    assert!((70..130).contains(&often.iter().filter(|links| **links == 0).count()));
    assert_eq!(lossy("{ from = 1, to = 500_000 }"), [6; 200]);
}

#[test]
fn strikes_come_in_order_within_the_storm_and_end_by_their_name() {
    for seed in (0..50).map(Seed) {
        let schedule = everything().draw(seed);
        assert!(schedule.event.is_sorted_by_key(at));
        assert_eq!(
            schedule.event.last().map(|event| (at(event), &event.action)),
            Some((schedule.duration, &Action::HealAll))
        );
        for end in schedule.event.iter().filter(|event| event.action.is_end() && event.action != Action::HealAll) {
            let begins = |event: &&Event| {
                event.ending().is_some_and(|ending| Event { when: end.when.clone(), ..ending } == *end)
            };
            let begin = schedule.event.iter().find(begins).unwrap_or_else(|| panic!("{end:?} ends nothing"));
            assert!(at(begin) < at(end));
        }
    }
}

#[test]
fn minorities_and_majorities_have_their_size() {
    let struck = |place: &str, nodes: u32| -> BTreeSet<usize> {
        let lines = KILL.replace("minority", place).replace("[[fault]]\n", "[[fault]]\non_ppm = 1_000_000\n");
        let schedules = (0..50).map(|seed| on_nodes(&scenario(&lines), nodes).draw(Seed(seed)));
        let mut sizes = BTreeSet::new();
        for schedule in schedules {
            let kills = schedule.event.iter().filter(|event| matches!(event.action, Action::Kill { .. }));
            let mut strikes = std::collections::BTreeMap::<_, usize>::new();
            kills.for_each(|event| *strikes.entry(event.strike.clone()).or_default() += 1);
            sizes.extend(strikes.into_values());
        }
        sizes
    };
    assert_eq!(struck("minority", 5), BTreeSet::from([1, 2]));
    assert_eq!(struck("majority", 5), BTreeSet::from([3, 4, 5]));
    assert_eq!(struck("majority", 4), BTreeSet::from([3, 4]));
    assert_eq!(struck("any", 5), BTreeSet::from([1]));
}

/// The directed pairs that the first partition of that shape cuts, among five nodes.
fn cuts(shape: &str, direction: &str, seed: u64) -> BTreeSet<(NodeId, NodeId)> {
    let lines = format!(
        "[[fault]]\nkind = \"partition\"\nshapes = [\"{shape}\"]\ndirection = \"{direction}\"\nat = [\"1s\"]\nlasts = \"1s\"\non_ppm = 1_000_000\n"
    );
    let schedule = on_nodes(&scenario(&lines), 5).draw(Seed(seed));
    let mut cut = BTreeSet::new();
    for event in &schedule.event {
        if let Action::Cut { from: Places::Nodes(from), to: Places::Nodes(to) } = &event.action {
            cut.extend(from.iter().flat_map(|from| to.iter().map(|to| (*from, *to))));
        }
    }
    cut
}

/// How many nodes each node still hears, sorted.
fn degrees(cut: &BTreeSet<(NodeId, NodeId)>) -> Vec<usize> {
    let mut degrees: Vec<usize> =
        (1..=5).map(|to| 4 - cut.iter().filter(|(_, heard)| *heard == NodeId(to)).count()).collect();
    degrees.sort_unstable();
    degrees
}

#[test]
fn shapes_cut_what_they_are_named_for() {
    for seed in 0..50 {
        assert_eq!(degrees(&cuts("isolate-one", "both", seed)), [0, 3, 3, 3, 3]);
        assert_eq!(degrees(&cuts("halves", "both", seed)), [1, 1, 2, 2, 2]);
        assert_eq!(degrees(&cuts("bridge", "both", seed)), [2, 2, 2, 2, 4]);
        let minority = degrees(&cuts("majority-minority", "both", seed));
        assert!(minority == [0, 3, 3, 3, 3] || minority == [1, 1, 2, 2, 2], "{minority:?}");
        assert!(!cuts("random", "both", seed).is_empty());
    }
}

#[test]
fn two_way_cuts_are_symmetric_and_one_way_cuts_are_not() {
    for seed in 0..50 {
        for shape in ["halves", "isolate-one", "bridge", "majority-minority", "random"] {
            let back = |(from, to): &(NodeId, NodeId)| (*to, *from);
            let both = cuts(shape, "both", seed);
            assert!(both.iter().all(|link| both.contains(&back(link))), "{shape}");
            let one = cuts(shape, "one-way", seed);
            assert!(one.iter().all(|link| !one.contains(&back(link))), "{shape}");
        }
    }
}

#[test]
fn a_ring_leaves_each_node_two_neighbours() {
    let ring =
        "[[fault]]\nkind = \"partition\"\nshapes = [\"ring\"]\nat = [\"1s\"]\nlasts = \"1s\"\non_ppm = 1_000_000\n";
    let text = format!("about = \"x\"\nnodes = 5\nduration = \"10s\"\n{ring}");
    let scenario = Scenario::parse("ring.toml", &text).unwrap();
    for seed in (0..50).map(Seed) {
        let mut cut = BTreeSet::new();
        for event in &scenario.draw(seed).event {
            if let Action::Cut { from: Places::Nodes(from), to: Places::Nodes(to) } = &event.action {
                cut.extend(from.iter().flat_map(|from| to.iter().map(|to| (*from, *to))));
            }
        }
        assert_eq!(degrees(&cut), [2, 2, 2, 2, 2]);
    }
}

#[test]
fn a_leader_stays_a_role_until_it_is_struck() {
    let schedule = storm(&PAUSE.replace("kind", "where = \"leader\"\nkind"));
    assert!(of_family(&schedule, "pause").len() > 5);
    for event in of_family(&schedule, "pause") {
        let node = Place::Leader;
        assert!(event.action == Action::Pause { node } || event.action == Action::Resume { node });
    }
}

#[test]
fn what_is_picked_at_the_strike_is_drawn_before_it() {
    let picks = |place: &str| -> BTreeSet<Option<u32>> {
        let schedule = storm(&PAUSE.replace("kind", &format!("where = {place}\nkind")));
        of_family(&schedule, "pause").iter().map(|event| event.pick).collect()
    };
    assert!(picks("\"follower\"").len() > 5 && !picks("\"follower\"").contains(&None));
    assert_eq!((picks("\"leader\""), picks("2")), (BTreeSet::from([None]), BTreeSet::from([None])));
}

/// All strikes of a family of pauses that waits for an occasion.
fn after_occasions(lines: &str, occasions: u64) -> Vec<Vec<Event>> {
    let schedule = storm(&format!(
        "[[fault]]\nwhen = {{ after = \"reply\", within = \"2ms\" }}\nlasts = {{ from = \"50ms\", to = \"2s\" }}\n{lines}\n"
    ));
    assert_eq!(schedule.event.len(), 1, "only the heal-all has a time");
    let mut waiting = schedule.occasions();
    (1..=occasions).flat_map(|_| waiting.seen("reply", Nanos::from_secs(1))).collect()
}

#[test]
fn an_occasion_is_taken_by_chance_and_each_strike_is_drawn_alone() {
    let strikes = after_occasions("kind = \"pause\"\nchance_ppm = 250_000", 1_000);
    assert!((200..300).contains(&strikes.len()), "{} of 1,000 at 25 %", strikes.len());
    let mut struck = BTreeSet::new();
    for events in &strikes {
        let [begin, end] = &events[..] else { panic!("{events:?}") };
        let (from, to) = (at(begin).0, at(end).0);
        assert!((Nanos::from_millis(1_000)..=Nanos::from_millis(1_002)).contains(&from), "{from:?}");
        assert!((Nanos::from_millis(50)..=Nanos::from_millis(2_000)).contains(&(to - from)), "{from:?} to {to:?}");
        assert_eq!(
            (begin.strike.as_ref(), begin.ending().map(|end| end.action)),
            (end.strike.as_ref(), Some(end.action.clone()))
        );
        let Action::Pause { node: Place::Node(node) } = begin.action else { panic!("{begin:?}") };
        struck.insert(node);
    }
    assert_eq!(struck.len(), 3, "not always the same node");
    let names: BTreeSet<&Option<String>> = strikes.iter().map(|events| &events[0].strike).collect();
    assert_eq!(names.len(), strikes.len(), "each strike has a name of its own");
}

#[test]
fn shapes_sizes_and_followers_too_are_drawn_for_each_strike_of_an_occasion() {
    let first = |lines: &str| -> BTreeSet<String> {
        after_occasions(lines, 50).iter().map(|events| format!("{:?} {:?}", events[0].action, events[0].pick)).collect()
    };
    assert!(first("kind = \"partition\"\nshapes = [\"isolate-one\", \"random\"]").len() >= 4);
    assert!(first("kind = \"lossy-link\"\nlinks = \"all\"\nloss_ppm = { from = 1, to = 1_000_000 }").len() > 40);
    assert!(first("kind = \"slow-link\"\nlinks = \"all\"\nby = { from = \"1ms\", to = \"1s\" }").len() > 40);
    assert!(first("kind = \"pause\"\nwhere = \"follower\"").len() > 40);
}

/// What waits for an occasion keeps its name and its draws in a saved schedule, though it moves among the families.
#[test]
fn a_saved_fault_that_waits_for_an_occasion_strikes_as_it_did() {
    let waits =
        PAUSE.replace("every = { from = \"100ms\", to = \"900ms\" }", "when = { after = \"reply\", within = \"2ms\" }");
    let schedule = storm(&format!("{PAUSE}{waits}"));
    assert_eq!(schedule.drawn.on, ["pause-1", "pause-2"]);
    let again = Scenario::parse("saved.toml", &schedule.to_toml()).unwrap().draw(Seed(99));
    assert_eq!(again, schedule);
    let strikes = |schedule: &Schedule| -> Vec<Vec<Event>> {
        let mut occasions = schedule.occasions();
        (1..50).flat_map(|_| occasions.seen("reply", Nanos::ZERO)).collect()
    };
    assert_eq!(strikes(&again), strikes(&schedule));
    assert_eq!(strikes(&again)[0][0].strike.as_deref(), Some("pause-2.1"));
    assert!(schedule.occasions().seen("view", Nanos::ZERO).is_empty());
    let other = Schedule { drawn: Drawn { seed: Seed(8), ..schedule.drawn.clone() }, ..schedule.clone() };
    assert_ne!(strikes(&other), strikes(&schedule), "another seed, other strikes");
}

#[test]
fn links_and_nodes_draw_within_what_the_scenario_says() {
    let scenario = everything();
    for schedule in (0..50).map(|seed| scenario.draw(Seed(seed))) {
        let inside = |part: Between<Time>, whole: Between<Time>| whole.from <= part.from && part.to <= whole.to;
        for link in &schedule.link {
            assert!(inside(link.latency, scenario.network.latency) && link.loss_ppm <= Rate(20_000));
        }
        for node in &schedule.node {
            assert!(inside(node.disk.sync_latency, scenario.disk.sync_latency));
            assert!(scenario.clock.offset.from <= node.offset && node.offset <= scenario.clock.offset.to);
        }
        assert!((1..=4).contains(&schedule.load.clients));
    }
}

#[test]
fn a_schedule_says_whether_nodes_restart() {
    let restarts = |lines: &str| storm(lines).restarts_nodes();
    assert!(!restarts(PAUSE));
    assert!(restarts(KILL));
    assert!(restarts(
        &KILL.replace("every = { from = \"100ms\", to = \"900ms\" }", "when = { after = \"reply\", within = \"2ms\" }")
    ));
}

#[test]
fn a_written_schedule_reads_as_people_expect() {
    let text = storm(
        "[[fault]]\nkind = \"pause\"\nwhere = 2\nat = [\"1s\"]\nlasts = \"310ms\"\n[[fault]]\nkind = \"kill\"\ndown = \"1s\"\nwhen = { after = \"reply\", within = \"2ms\" }\n",
    )
    .to_toml();
    let end = text.find("\n[drawn]").expect("it says where it was drawn from");
    assert_eq!(
        &text[end..],
        r#"
[drawn]
seed = "7"
on = ["pause-1", "kill-1"]
off = []

[[fault]]
kind = "kill"
where = "any"
down = "1s"
name = "kill-1"
on_ppm = 1000000
when = { after = "reply", within = "2ms" }
chance_ppm = 1000000

[[event]]
at = "1s"
do = "pause"
node = 2
strike = "pause-1.1"

[[event]]
at = "1.31s"
do = "resume"
node = 2
strike = "pause-1.1"

[[event]]
at = "10s"
do = "heal-all"
"#
    );
    assert!(
        text.starts_with("# A schedule: nothing is left to draw. See docs/SCENARIOS.md.\nabout = \"a test\"\n"),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_written_schedule_gives_itself_whatever_the_seed(seed: u64, other: u64, nodes in 4_u32..7, occasion: bool) {
        let mut scenario = on_nodes(&everything(), nodes);
        if occasion {
            let text = include_str!("../../../../../scenarios/raft/leaders-without-power.toml");
            scenario.fault.extend(Scenario::parse("x", text).unwrap().fault);
        }
        let schedule = scenario.draw(Seed(seed));
        let text = schedule.to_toml();
        let again = Scenario::parse("schedule.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        prop_assert_eq!(&again.draw(Seed(other)), &schedule);
        prop_assert_eq!(again.draw(Seed(other)).to_toml(), text);
    }

    #[test]
    fn a_scenario_file_with_anything_in_it_never_panics(line in "[a-z_]{1,8} = [\\[{\"0-9a-z= ,}\\]]{0,12}", at in 0_usize..40) {
        let mut lines: Vec<&str> = EVERYTHING.lines().collect();
        lines.insert(at, &line);
        if let Err(error) = Scenario::parse("x.toml", &lines.join("\n")) {
            prop_assert!(error.to_string().lines().all(|line| line.chars().count() <= 80), "{}", error);
        }
    }
}
