//! A schedule: a scenario in which nothing is left to draw, but for strikes that wait for an occasion.

use super::action::{Action, ScheduledAction};
use super::family::{Family, Kind};
use super::file::{DrawnLoad, is_zero};
use super::time::Time;
use super::weather::{Link, Node};
use crate::lineup::Lineup;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeMap;
use windtunnel::{EventNumber, Seed};

/// All that a run is told about its weather. Written as TOML it is a scenario file, and drawing
/// from that file gives this again, whatever the seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// What it is about, in a line.
    pub about: String,
    /// How many nodes.
    pub nodes: u32,
    /// How many nodes of clients come after these.
    #[serde(skip_serializing_if = "is_zero")]
    pub client_nodes: u32,
    /// Numbers that all nodes are told, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, u64>,
    /// How long the storm lasts.
    pub duration: Time,
    /// Every link's weather, in order of `from` and `to`.
    pub link: Vec<Link>,
    /// Every node's weather, in order.
    pub node: Vec<Node>,
    /// What happens, in order of time; then what waits for an event's number.
    pub event: Vec<Event>,
    /// What waits for an occasion, each under its name. Its strikes are drawn as they come, from the seed in `drawn`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fault: Vec<Family>,
    /// What clients do.
    pub load: DrawnLoad,
    /// Where it was drawn from.
    pub drawn: Drawn,
}

/// What a schedule was drawn from. The world still needs the seed: a schedule says how often
/// messages are lost, the streams say which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// The seed, in quotes (TOML's integers end at 63 bits).
    #[serde(serialize_with = "write_seed", deserialize_with = "read_seed")]
    #[schemars(with = "String")]
    pub seed: Seed,
    /// Families that the run has.
    pub on: Vec<String>,
    /// Families that the run does not have.
    pub off: Vec<String>,
}

fn write_seed<S: Serializer>(seed: &Seed, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(seed)
}

fn read_seed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Seed, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| de::Error::custom(format_args!("`{text}` is no seed: decimal or 0x…, 64 bits")))
}

/// One thing that happens in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unevaluatedProperties" = false))]
pub struct Event {
    /// When.
    #[serde(flatten)]
    pub when: When,
    /// What.
    #[serde(flatten)]
    pub action: ScheduledAction,
    /// Names the strike that this event belongs to, as `"pause-1.4"`: events of one strike mean the same nodes
    /// by the same role, and the end of a strike undoes what its begin did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike: Option<String>,
    /// Which node is meant by `"follower"` and `"other"`: candidates are counted round and round up to this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pick: Option<u32>,
}

/// When an event happens: exactly one of `at` and `at_event`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum When {
    /// At this time.
    #[serde(rename = "at")]
    At(Time),
    /// Right after the world's event of this number, before the next.
    #[serde(rename = "at_event")]
    AtEvent(#[schemars(with = "u64")] EventNumber),
}

impl Event {
    /// The event that ends this one, at the same time still; nothing if it has no end.
    #[must_use]
    pub fn ending(&self) -> Option<Event> {
        self.action.end().map(|action| Event { action, ..self.clone() })
    }

    /// The family the event comes from, as `"pause"`; for an event written by hand, what it does.
    #[must_use]
    pub fn family(&self) -> &str {
        let family = self.strike.as_deref().and_then(|strike| strike.rsplit_once('-')).map(|(family, _)| family);
        family.unwrap_or(self.action.name())
    }
}

impl Schedule {
    /// Who takes part.
    #[must_use]
    pub fn lineup(&self) -> Lineup {
        Lineup { nodes: self.nodes, client_nodes: self.client_nodes, settings: self.settings.clone() }
    }

    /// Whether nodes are started again in this run: only a submission that persists survives that.
    #[must_use]
    pub fn restarts_nodes(&self) -> bool {
        let restarts = |kind: &Kind| matches!(kind, Kind::Kill(_) | Kind::PowerLoss(_));
        self.event.iter().any(|event| matches!(event.action, Action::Kill { .. } | Action::PowerLoss { .. }))
            || self.fault.iter().any(|family| restarts(&family.kind))
    }
}
