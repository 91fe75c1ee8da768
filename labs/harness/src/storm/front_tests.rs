//! What faults that overlap make of the world, and how they end.

use super::*;
use crate::scenario::{Factor, Offset, Rate, Scenario, Time};
use windtunnel::{Ppm, Seed};

const ONE: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);
const FIRST: Option<&str> = Some("first-1.1");
const SECOND: Option<&str> = Some("second-1.1");

fn front() -> Front {
    let text = "about = \"a test\"\nnodes = 3\nduration = \"10s\"\nnetwork = { latency = \"5ms\" }\n";
    Front::new(&Scenario::parse("test.toml", text).unwrap_or_else(|error| panic!("{error}")).draw(Seed(1)))
}

impl Front {
    /// What the world is told while each disk holds a hundred bytes.
    fn told(&mut self, strike: Option<&str>, action: ResolvedAction) -> Vec<Command> {
        self.commands(strike, &action, |_| 100)
    }
}

fn cut() -> ResolvedAction {
    ResolvedAction::Cut { from: vec![ONE], to: vec![TWO] }
}

fn mend() -> ResolvedAction {
    ResolvedAction::Mend { from: vec![ONE], to: vec![TWO] }
}

const MENDED: [Command; 1] = [Command::Mend { from: ONE, to: TWO }];

fn links(change: LinkChange) -> ResolvedAction {
    ResolvedAction::LinkWeather { from: vec![ONE], to: vec![TWO], weather: change }
}

fn calm_links() -> ResolvedAction {
    ResolvedAction::LinkCalm { from: vec![ONE], to: vec![TWO] }
}

fn lossy(ppm: u32) -> LinkChange {
    LinkChange { loss_ppm: Some(Rate(ppm)), ..LinkChange::default() }
}

fn disk(change: DiskChange) -> ResolvedAction {
    ResolvedAction::DiskWeather { node: ONE, weather: change }
}

fn full(free: u64) -> DiskChange {
    DiskChange { free_bytes: Some(free), ..DiskChange::default() }
}

fn loss(commands: &[Command]) -> Ppm {
    match commands {
        [Command::Link { weather, .. }] => weather.loss_ppm,
        other => panic!("{other:?}"),
    }
}

fn capacity(commands: &[Command]) -> Option<u64> {
    match commands {
        [Command::Disk { weather, .. }] => weather.capacity,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_that_two_strikes_have_cut_opens_when_both_are_over() {
    let mut front = front();
    assert_eq!(front.told(FIRST, cut()), [Command::Cut { from: ONE, to: TWO }]);
    front.told(SECOND, cut());
    assert_eq!(front.told(FIRST, mend()), []);
    assert_eq!(front.told(FIRST, mend()), [], "its own cut is over already");
    assert_eq!(front.told(SECOND, mend()), MENDED);
}

#[test]
fn an_end_without_a_strike_ends_all_cuts_there_and_nowhere_else() {
    let mut front = front();
    front.told(FIRST, cut());
    front.told(None, cut());
    let back = |action: fn(Vec<NodeId>, Vec<NodeId>) -> ResolvedAction| action(vec![TWO], vec![ONE]);
    front.told(FIRST, back(|from, to| ResolvedAction::Cut { from, to }));
    assert_eq!(front.told(None, mend()), MENDED);
    assert_eq!(front.told(SECOND, back(|from, to| ResolvedAction::Mend { from, to })), [], "the way back stays cut");
}

#[test]
fn a_cut_without_a_strike_outlasts_the_end_of_another_one() {
    let mut front = front();
    front.told(None, cut());
    front.told(FIRST, cut());
    assert_eq!(front.told(FIRST, mend()), []);
    assert_eq!(front.told(None, mend()), MENDED);
}

#[test]
fn changes_of_a_link_add_up_and_end_one_by_one_or_all_at_once() {
    let mut front = front();
    assert_eq!(loss(&front.told(FIRST, links(lossy(10)))), Ppm(10));
    let slow = LinkChange { times_slower: Some(Factor(3)), slower_by: Some(Time::from_millis(1)), ..lossy(20) };
    match &front.told(SECOND, links(slow))[..] {
        [Command::Link { weather, .. }] => {
            assert_eq!((weather.latency, weather.loss_ppm), ([Nanos::from_millis(16); 2], Ppm(20)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(loss(&front.told(SECOND, calm_links())), Ppm(10));
    front.told(SECOND, links(lossy(30)));
    assert_eq!(loss(&front.told(None, calm_links())), Ppm(0));
}

#[test]
fn nodes_start_and_resume_when_nobody_holds_them() {
    let mut front = front();
    assert_eq!(front.told(FIRST, ResolvedAction::Kill { node: ONE }), [Command::Kill(ONE)]);
    front.told(SECOND, ResolvedAction::PowerLoss { node: ONE });
    assert_eq!(front.told(FIRST, ResolvedAction::Start { node: ONE }), []);
    front.told(FIRST, ResolvedAction::Kill { node: ONE });
    assert_eq!(front.told(None, ResolvedAction::Start { node: ONE }), [Command::Start(ONE)]);
    assert_eq!(front.told(FIRST, ResolvedAction::Pause { node: ONE }), [Command::Pause(ONE)]);
    front.told(SECOND, ResolvedAction::Pause { node: ONE });
    assert_eq!(front.told(SECOND, ResolvedAction::Resume { node: ONE }), []);
    assert_eq!(front.told(None, ResolvedAction::Resume { node: ONE }), [Command::Resume(ONE)]);
}

#[test]
fn clocks_gain_what_all_drifts_make_and_the_slowest_pace_counts() {
    let mut front = front();
    let drift = |ppm| ResolvedAction::ClockDrift { node: ONE, drift_ppm: Drift(ppm) };
    front.told(FIRST, drift(400));
    assert_eq!(front.told(SECOND, drift(-100)), [Command::ClockDrift { node: ONE, ppm: 300 }]);
    let calm = ResolvedAction::ClockCalm { node: ONE };
    assert_eq!(front.told(None, calm), [Command::ClockDrift { node: ONE, ppm: 0 }]);
    let slow = |millis| ResolvedAction::Slow { node: ONE, per_event: Time::from_millis(millis) };
    front.told(FIRST, slow(9));
    let told = |millis| [Command::Slow { node: ONE, per_event: Nanos::from_millis(millis) }];
    assert_eq!(front.told(SECOND, slow(2)), told(9));
    assert_eq!(front.told(FIRST, ResolvedAction::FullSpeed { node: ONE }), told(2));
    assert_eq!(front.told(None, ResolvedAction::FullSpeed { node: ONE }), told(0));
    let jump = ResolvedAction::ClockJump { node: ONE, by: Offset { nanos: -5 } };
    assert_eq!(front.told(FIRST, jump), [Command::ClockJump { node: ONE, by_ns: -5 }]);
}

#[test]
fn free_bytes_are_counted_once_when_the_disk_fills_up() {
    let mut front = front();
    assert_eq!(capacity(&front.told(FIRST, disk(full(50)))), Some(150));
    let failing = DiskChange { error_ppm: Some(Rate(9)), ..DiskChange::default() };
    let later = front.commands(SECOND, &disk(failing), |_| 140);
    assert_eq!(capacity(&later), Some(150), "another fault of the disk moves nothing");
    assert_eq!(capacity(&front.commands(SECOND, &ResolvedAction::DiskCalm { node: ONE }, |_| 150)), Some(150));
    assert_eq!(capacity(&front.told(SECOND, disk(full(0)))), Some(0));
    assert_eq!(capacity(&front.told(None, ResolvedAction::DiskCalm { node: ONE })), None);
}

#[test]
fn a_disk_that_rots_and_fails_does_both_until_each_is_over() {
    let mut front = front();
    let rot = |ppm| DiskChange { bit_rot_ppm: Some(Rate(ppm)), ..DiskChange::default() };
    let failing = DiskChange { error_ppm: Some(Rate(9)), ..DiskChange::default() };
    let rates = |commands: &[Command]| match commands {
        [Command::Disk { node: ONE, weather }] => (weather.bit_rot_ppm, weather.error_ppm),
        other => panic!("{other:?}"),
    };
    assert_eq!(rates(&front.told(FIRST, disk(rot(7)))), (Ppm(7), Ppm(0)));
    assert_eq!(rates(&front.told(SECOND, disk(failing))), (Ppm(7), Ppm(9)));
    assert_eq!(rates(&front.told(FIRST, ResolvedAction::DiskCalm { node: ONE })), (Ppm(0), Ppm(9)));
}

#[test]
fn to_heal_is_to_end_everything() {
    let mut front = front();
    front.told(FIRST, cut());
    let calm = LinkWeather { latency: [Nanos::ZERO; 2], ..LinkWeather::default() };
    let healed = front.heal(calm);
    assert_eq!(healed[0], Command::ForgetAtEvents);
    assert!(healed.contains(&MENDED[0]) && healed.contains(&Command::Start(ONE)));
    assert_eq!(healed.len(), 1 + 6 * 2 + 3 * 5);
    let links = healed
        .iter()
        .filter_map(|command| if let Command::Link { weather, .. } = command { Some(weather) } else { None });
    let links: Vec<&LinkWeather> = links.collect();
    assert_eq!(links, [&calm; 6], "not the storm's 5 ms, and what is calm here");
}
