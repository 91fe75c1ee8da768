//! Weather that a lab's contract rules out: under it a right submission would be called wrong.

use super::action::Action;
use super::check::Step::{Item, Key};
use super::check::{Checked, Impossible, Step};
use super::family::Kind;
use super::file::Scenario;
use super::place::{Places, Target};
use windtunnel::{NodeId, Ppm};

/// What a lab rules out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuledOut {
    /// Nodes of clients are killed, lose their power, or have disks that rot.
    LossOfClients,
    /// Requests come once more when they were answered.
    LateCopies,
}

/// Fails at the first that a lab rules out; `why` is told with it.
pub(super) fn check(scenario: &Scenario, what: RuledOut, why: &str) -> Checked {
    let found = match what {
        RuledOut::LossOfClients => lost_clients(scenario),
        RuledOut::LateCopies => late_copies(scenario),
    };
    let message = match what {
        RuledOut::LossOfClients => "this lab promises that its nodes of clients lose nothing, and are there",
        RuledOut::LateCopies => "no request of this lab may come again when it was answered",
    };
    let wrong = |path| Impossible { path, message: message.to_owned(), help: vec![why.to_owned()] };
    found.map_or(Ok(()), |path| Err(wrong(path)))
}

fn lost_clients(scenario: &Scenario) -> Option<Vec<Step>> {
    let of_clients = |node: &NodeId| node.0 > scenario.nodes;
    let fault = |index: usize| {
        let kind = &scenario.fault[index].kind;
        let loses = matches!(kind, Kind::Kill(_) | Kind::PowerLoss(_) | Kind::BitRot(_));
        let strikes = match kind.target() {
            Target::Client => true,
            Target::Nodes(nodes) => nodes.iter().any(of_clients),
            _ => false,
        };
        (loses && strikes).then(|| vec![Key("fault"), Item(index), Key("where")])
    };
    let event = |index: usize| {
        let action = &scenario.event[index].action;
        let loses = match action {
            Action::Kill { .. } | Action::PowerLoss { .. } => true,
            Action::DiskWeather { weather, .. } => weather.bit_rot_ppm.is_some_and(|rate| rate.ppm() > Ppm::NEVER),
            _ => false,
        };
        let strikes = action.places().into_iter().any(|(_, end)| match end {
            Places::Nodes(nodes) => nodes.iter().any(of_clients),
            _ => false,
        });
        (loses && strikes).then(|| vec![Key("event"), Item(index), Key("node")])
    };
    (0..scenario.fault.len()).find_map(fault).or_else(|| (0..scenario.event.len()).find_map(event))
}

fn late_copies(scenario: &Scenario) -> Option<Vec<Step>> {
    const KEY: Step = Key("late_copy_ppm");
    if scenario.network.late_copy_ppm.to.ppm() > Ppm::NEVER {
        return Some(vec![Key("network"), KEY]);
    }
    let link = scenario.link.iter().position(|link| link.late_copy_ppm.ppm() > Ppm::NEVER);
    link.map(|index| vec![Key("link"), Item(index), KEY])
}
