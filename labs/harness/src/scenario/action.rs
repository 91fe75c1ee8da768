//! The vocabulary of a schedule: what can be done to the world.

use super::place::{Place, Places};
use super::range::Drift;
use super::time::{Offset, Time};
use super::weather::{DiskChange, LinkChange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use windtunnel::NodeId;

/// An action as a schedule says it: roles are not yet resolved.
pub type ScheduledAction = Action<Place, Places>;

/// An action on known nodes.
pub type ResolvedAction = Action<NodeId, Vec<NodeId>>;

/// All actions, as they are written.
pub const NAMES: &[&str] = &[
    "cut",
    "mend",
    "link-weather",
    "link-calm",
    "kill",
    "power-loss",
    "start",
    "pause",
    "resume",
    "slow",
    "full-speed",
    "clock-jump",
    "clock-drift",
    "clock-calm",
    "disk-weather",
    "disk-calm",
    "heal-all",
];

/// The keys of the action of that name, besides `do`.
#[must_use]
pub fn keys(name: &str) -> &'static [&'static str] {
    match name {
        "cut" | "mend" | "link-calm" => &["from", "to"],
        "link-weather" => &["from", "to", "weather"],
        "slow" => &["node", "per_event"],
        "clock-jump" => &["node", "by"],
        "clock-drift" => &["node", "drift_ppm"],
        "disk-weather" => &["node", "weather"],
        "heal-all" => &[],
        _ => &["node"],
    }
}

/// One thing done to the world; the key `do` says which.
///
/// Links go from each node of `from` to each node of `to`; a node has no link to itself.
/// What ends a fault undoes what the event of the same strike did, and nothing else: a link that
/// two strikes have cut is open again when both have mended it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action<One, Many> {
    /// Cuts links.
    Cut {
        /// Who sends.
        from: Many,
        /// Who receives.
        to: Many,
    },
    /// Ends a cut.
    Mend {
        /// Who sends.
        from: Many,
        /// Who receives.
        to: Many,
    },
    /// Changes the weather of links.
    LinkWeather {
        /// Who sends.
        from: Many,
        /// Who receives.
        to: Many,
        /// To what.
        weather: LinkChange,
    },
    /// Ends a change of the weather of links.
    LinkCalm {
        /// Who sends.
        from: Many,
        /// Who receives.
        to: Many,
    },
    /// Ends a process.
    Kill {
        /// Whose.
        node: One,
    },
    /// Ends a host.
    PowerLoss {
        /// Which.
        node: One,
    },
    /// Starts a node that is down.
    Start {
        /// Which.
        node: One,
    },
    /// Stops a process.
    Pause {
        /// Whose.
        node: One,
    },
    /// Lets a process run again.
    Resume {
        /// Whose.
        node: One,
    },
    /// Makes a process slow.
    Slow {
        /// Whose.
        node: One,
        /// How long it takes to handle one event.
        per_event: Time,
    },
    /// Ends a slowness.
    FullSpeed {
        /// Whose.
        node: One,
    },
    /// Sets a wall clock forward or back.
    ClockJump {
        /// Whose.
        node: One,
        /// By how much; below zero is back.
        by: Offset,
    },
    /// Changes how fast clocks run.
    ClockDrift {
        /// Whose.
        node: One,
        /// By how much, on top of the node's own drift; below zero is slow.
        drift_ppm: Drift,
    },
    /// Ends a change of how fast clocks run.
    ClockCalm {
        /// Whose.
        node: One,
    },
    /// Changes the weather of a disk.
    DiskWeather {
        /// Whose.
        node: One,
        /// To what.
        weather: DiskChange,
    },
    /// Ends a change of the weather of a disk.
    DiskCalm {
        /// Whose.
        node: One,
    },
    /// Ends every fault: mends links, starts and resumes nodes, calms the weather of links, clocks and disks.
    HealAll,
}

impl<One, Many> Action<One, Many> {
    /// The same on other names of nodes; nothing if one of them is nobody.
    pub fn translate<O, M>(
        self,
        mut one: impl FnMut(One) -> Option<O>,
        mut pair: impl FnMut(Many, Many) -> Option<(M, M)>,
    ) -> Option<Action<O, M>> {
        Some(match self {
            Action::Cut { from, to } => pair(from, to).map(|(from, to)| Action::Cut { from, to })?,
            Action::Mend { from, to } => pair(from, to).map(|(from, to)| Action::Mend { from, to })?,
            Action::LinkWeather { from, to, weather } => {
                pair(from, to).map(|(from, to)| Action::LinkWeather { from, to, weather })?
            }
            Action::LinkCalm { from, to } => pair(from, to).map(|(from, to)| Action::LinkCalm { from, to })?,
            Action::Kill { node } => Action::Kill { node: one(node)? },
            Action::PowerLoss { node } => Action::PowerLoss { node: one(node)? },
            Action::Start { node } => Action::Start { node: one(node)? },
            Action::Pause { node } => Action::Pause { node: one(node)? },
            Action::Resume { node } => Action::Resume { node: one(node)? },
            Action::Slow { node, per_event } => Action::Slow { node: one(node)?, per_event },
            Action::FullSpeed { node } => Action::FullSpeed { node: one(node)? },
            Action::ClockJump { node, by } => Action::ClockJump { node: one(node)?, by },
            Action::ClockDrift { node, drift_ppm } => Action::ClockDrift { node: one(node)?, drift_ppm },
            Action::ClockCalm { node } => Action::ClockCalm { node: one(node)? },
            Action::DiskWeather { node, weather } => Action::DiskWeather { node: one(node)?, weather },
            Action::DiskCalm { node } => Action::DiskCalm { node: one(node)? },
            Action::HealAll => Action::HealAll,
        })
    }

    /// The action as it is written after `do`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Action::Cut { .. } => "cut",
            Action::Mend { .. } => "mend",
            Action::LinkWeather { .. } => "link-weather",
            Action::LinkCalm { .. } => "link-calm",
            Action::Kill { .. } => "kill",
            Action::PowerLoss { .. } => "power-loss",
            Action::Start { .. } => "start",
            Action::Pause { .. } => "pause",
            Action::Resume { .. } => "resume",
            Action::Slow { .. } => "slow",
            Action::FullSpeed { .. } => "full-speed",
            Action::ClockJump { .. } => "clock-jump",
            Action::ClockDrift { .. } => "clock-drift",
            Action::ClockCalm { .. } => "clock-calm",
            Action::DiskWeather { .. } => "disk-weather",
            Action::DiskCalm { .. } => "disk-calm",
            Action::HealAll => "heal-all",
        }
    }
}

impl<One: Clone, Many: Clone> Action<One, Many> {
    /// What ends this; nothing for what has no end and for what is an end itself.
    #[must_use]
    pub fn end(&self) -> Option<Self> {
        let ends = match self.clone() {
            Action::Cut { from, to } => Action::Mend { from, to },
            Action::LinkWeather { from, to, .. } => Action::LinkCalm { from, to },
            Action::Kill { node } | Action::PowerLoss { node } => Action::Start { node },
            Action::Pause { node } => Action::Resume { node },
            Action::Slow { node, .. } => Action::FullSpeed { node },
            Action::ClockDrift { node, .. } => Action::ClockCalm { node },
            Action::DiskWeather { node, .. } => Action::DiskCalm { node },
            _ => return None,
        };
        Some(ends)
    }

    /// Whether this ends a fault.
    #[must_use]
    pub fn is_end(&self) -> bool {
        self.end().is_none() && !matches!(self, Action::ClockJump { .. })
    }
}

impl ScheduledAction {
    /// The nodes that are named, each with its key.
    #[must_use]
    pub fn places(&self) -> Vec<(&'static str, Places)> {
        match self.clone() {
            Action::Cut { from, to }
            | Action::Mend { from, to }
            | Action::LinkWeather { from, to, .. }
            | Action::LinkCalm { from, to } => vec![("from", from), ("to", to)],
            Action::Kill { node }
            | Action::PowerLoss { node }
            | Action::Start { node }
            | Action::Pause { node }
            | Action::Resume { node }
            | Action::Slow { node, .. }
            | Action::FullSpeed { node }
            | Action::ClockJump { node, .. }
            | Action::ClockDrift { node, .. }
            | Action::ClockCalm { node }
            | Action::DiskWeather { node, .. }
            | Action::DiskCalm { node } => vec![("node", node.into())],
            Action::HealAll => Vec::new(),
        }
    }
}
