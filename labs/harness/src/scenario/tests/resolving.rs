//! Who is struck.

use super::super::{Action, Event, Scenario, Strikes};
use super::scenario;
use windtunnel::{NodeId, Seed};

/// The events of these lines, without the heal-all at the end.
fn events(lines: &str) -> Vec<Event> {
    let scenario: Scenario = scenario(&format!("event = [\n{lines}\n]"));
    let mut events = scenario.draw(Seed(0)).event;
    assert_eq!(events.pop().map(|event| event.action), Some(Action::HealAll));
    events
}

const ONE: Option<NodeId> = Some(NodeId(1));
const TWO: Option<NodeId> = Some(NodeId(2));

#[test]
fn the_end_of_a_strike_meets_the_node_that_was_struck() {
    let events = events(
        "{ at = \"1s\", do = \"pause\", node = \"leader\", strike = \"pause-1.1\" },
         { at = \"2s\", do = \"resume\", node = \"leader\", strike = \"pause-1.1\" },",
    );
    let mut strikes = Strikes::new(3);
    assert_eq!(strikes.resolve(&events[0], ONE), Some(Action::Pause { node: NodeId(1) }));
    assert_eq!(strikes.resolve(&events[1], TWO), Some(Action::Resume { node: NodeId(1) }));
    let next = Event { strike: Some("pause-1.2".to_owned()), ..events[0].clone() };
    assert_eq!(strikes.resolve(&next, TWO), Some(Action::Pause { node: NodeId(2) }), "the next strike");
}

#[test]
fn a_strike_of_a_leader_that_is_not_there_stays_without_effect() {
    let events = events(
        "{ at = \"1s\", do = \"kill\", node = \"leader\", strike = \"kill-1.1\" },
         { at = \"2s\", do = \"start\", node = \"leader\", strike = \"kill-1.1\" },",
    );
    let mut strikes = Strikes::new(3);
    assert_eq!(strikes.resolve(&events[0], None), None);
    assert_eq!(strikes.resolve(&events[1], ONE), None);
}

#[test]
fn without_a_name_each_event_stands_alone() {
    let events = events("{ at = \"1s\", do = \"pause\", node = \"leader\" }");
    let mut strikes = Strikes::new(3);
    assert_eq!(strikes.resolve(&events[0], ONE), Some(Action::Pause { node: NodeId(1) }));
    assert_eq!(strikes.resolve(&events[0], TWO), Some(Action::Pause { node: NodeId(2) }));
}

#[test]
fn others_are_those_at_neither_end_and_a_follower_never_leads() {
    let events = events(
        "{ at = \"1s\", do = \"cut\", from = \"leader\", to = \"others\" },
         { at = \"2s\", do = \"cut\", from = \"other\", to = \"leader\", pick = 4 },
         { at = \"3s\", do = \"kill\", node = \"follower\", pick = 3 },
         { at = \"4s\", do = \"mend\", from = \"all\", to = [2, 3] },",
    );
    let mut strikes = Strikes::new(3);
    let (one, two, three) = (NodeId(1), NodeId(2), NodeId(3));
    assert_eq!(strikes.resolve(&events[0], TWO), Some(Action::Cut { from: vec![two], to: vec![one, three] }));
    assert_eq!(strikes.resolve(&events[1], TWO), Some(Action::Cut { from: vec![one], to: vec![two] }));
    assert_eq!(strikes.resolve(&events[2], TWO), Some(Action::Kill { node: three }));
    assert_eq!(
        strikes.resolve(&events[3], None),
        Some(Action::Mend { from: vec![one, two, three], to: vec![two, three] })
    );
    assert_eq!(strikes.resolve(&events[0], None), None);
}
