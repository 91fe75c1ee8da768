//! A schedule: a scenario in which nothing is left to draw.

use super::action::{Action, ScheduledAction};
use super::file::DrawnLoad;
use super::range::{Between, Rate};
use super::time::Time;
use super::weather::{Link, Node};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use windtunnel::streams::{Purpose, Stream};
use windtunnel::{EventNumber, Nanos, NodeId, Ppm, Seed, fold};

/// All that a run is told about its weather. Written as TOML it is a scenario file, and drawing
/// from that file gives this again, whatever the seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// What it is about, in a line.
    pub about: String,
    /// How many nodes.
    pub nodes: u32,
    /// How long the storm lasts.
    pub duration: Time,
    /// Every link's weather, in order of `from` and `to`.
    pub link: Vec<Link>,
    /// Every node's weather, in order.
    pub node: Vec<Node>,
    /// What happens, in order of time; then what waits for an event's number; then what waits for an occasion.
    pub event: Vec<Event>,
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

/// When an event happens: exactly one of `at`, `at_event` and `after`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum When {
    /// At this time.
    #[serde(rename = "at")]
    At(Time),
    /// Just before the world's event of this number.
    #[serde(rename = "at_event")]
    AtEvent(#[schemars(with = "u64")] EventNumber),
    /// After every occasion of a kind, by chance.
    #[serde(rename = "after")]
    After(Trigger),
}

/// A strike that waits for an occasion; it may strike many times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The name of what is observed, as `"raft.applied"`.
    pub observed: String,
    /// The strike comes so soon after it, at a drawn moment.
    pub within: Time,
    /// How likely an occasion is taken.
    pub chance_ppm: Rate,
    /// How long each strike lasts; left out, it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Between<Time>>,
}

/// What a trigger does with one occasion that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    /// So long after the occasion.
    pub delay: Nanos,
    /// For so long, if it ends at all.
    pub lasts: Option<Nanos>,
}

impl Trigger {
    /// Whether and how the strike of that name takes its occasion number `occasion` (from 1): from
    /// a stream of that occasion alone, so one occasion more changes no other.
    #[must_use]
    pub fn fire(&self, seed: Seed, strike: &str, occasion: u64) -> Option<Firing> {
        let mut stream = Stream::keyed(seed, Purpose::Fault, [fold::of_bytes(strike.as_bytes()), occasion]);
        let taken = stream.chance(self.chance_ppm.ppm());
        let delay = stream.span(Nanos::ZERO, self.within.0);
        let lasts = self.lasts.map(|lasts| lasts.one(&mut stream).0);
        taken.then_some(Firing { delay, lasts })
    }
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
    /// How many strikes there are of each family. A trigger counts once here, however often it will fire.
    #[must_use]
    pub fn families(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for event in self.event.iter().filter(|event| !event.action.is_end()) {
            // A strike may begin with several events, one for each node or direction.
            if event.strike.as_deref().is_none_or(|strike| seen.insert(strike)) {
                *counts.entry(event.family().to_owned()).or_default() += 1;
            }
        }
        counts
    }

    /// Whether nodes are started again in this run: only a submission that persists survives that.
    #[must_use]
    pub fn restarts_nodes(&self) -> bool {
        self.event.iter().any(|event| matches!(event.action, Action::Kill { .. } | Action::PowerLoss { .. }))
    }

    /// The weather of one link.
    #[must_use]
    pub fn link(&self, from: NodeId, to: NodeId) -> Option<&Link> {
        self.link.iter().find(|link| link.from == from && link.to == to)
    }
}

impl fmt::Display for Schedule {
    /// One line: `5 nodes, 20s, loss up to 5000 ppm; partition 3, pause 7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = |rate: fn(&Link) -> Rate| self.link.iter().map(rate).max().unwrap_or_default();
        write!(f, "{} nodes, {}", self.nodes, self.duration)?;
        let rates = [
            ("loss", most(|link| link.loss_ppm)),
            ("duplicates", most(|link| link.duplicate_ppm)),
            ("reordering", most(|link| link.reorder_ppm)),
        ];
        for (name, rate) in rates.into_iter().filter(|(_, rate)| rate.ppm() != Ppm::NEVER) {
            write!(f, ", {name} up to {rate} ppm")?;
        }
        let families = self.families();
        let parts: Vec<String> = families.iter().map(|(family, count)| format!("{family} {count}")).collect();
        write!(f, "; {}", if parts.is_empty() { "no faults".to_owned() } else { parts.join(", ") })
    }
}
