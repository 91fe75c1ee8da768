//! A scenario file: what a storm is made of, before a seed has drawn it.

use super::family::Family;
use super::range::{Between, Clients, CommandBytes, SnapshotBytes, SnapshotEvery};
use super::schedule::{Drawn, Event};
use super::time::Time;
use super::weather::{Clock, Disk, Link, Network, Node, Process};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A scenario: the weather of a kind of storm, and what clients do meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is about, in a line.
    pub about: String,
    /// How many nodes.
    #[schemars(range(min = 1, max = 200))]
    pub nodes: u32,
    /// How many nodes of clients come after these, for labs whose clients are nodes. Faults strike them by `where = "client"`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub client_nodes: u32,
    /// Numbers that all nodes are told, by name: what names there are says the lab.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, u64>,
    /// How long the storm lasts, before all is healed.
    pub duration: Time,
    /// What clients do during the storm.
    #[serde(default)]
    pub load: Load,
    /// The network, as long as no fault changes it.
    #[serde(default)]
    pub network: Network,
    /// The disks, as long as no fault changes them.
    #[serde(default)]
    pub disk: Disk,
    /// The clocks, as long as no fault changes them.
    #[serde(default)]
    pub clock: Clock,
    /// The processes, as long as no fault changes them.
    #[serde(default)]
    pub process: Process,
    /// Families of faults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fault: Vec<Family>,
    /// Links whose weather is not drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub link: Vec<Link>,
    /// Nodes whose weather is not drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub node: Vec<Node>,
    /// Faults that are not drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event: Vec<Event>,
    /// In a schedule, where it was drawn from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Drawn>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks
pub(super) const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Scenario {
    /// The kinds of faults that it has, whether or not a run draws them.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<String> {
        let families = self.fault.iter().map(|family| family.kind.name().to_owned());
        let begins = self.event.iter().filter(|event| !event.action.is_end());
        families.chain(begins.map(|event| event.family().to_owned())).collect()
    }
}

/// What clients do during the storm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Load {
    /// How many there are.
    pub clients: Between<Clients>,
    /// How often each proposes a command.
    pub propose_every: Between<Time>,
    /// How long a command is.
    pub command_bytes: Between<CommandBytes>,
    /// After how many commands a state machine takes a snapshot; 0 for never.
    pub snapshot_every: Between<SnapshotEvery>,
    /// How large a snapshot is.
    pub snapshot_bytes: Between<SnapshotBytes>,
}

impl Default for Load {
    fn default() -> Self {
        Load {
            clients: Between::just(Clients(1)),
            propose_every: Between::just(Time::from_millis(50)),
            command_bytes: Between::just(CommandBytes(16)),
            snapshot_every: Between::just(SnapshotEvery(0)),
            snapshot_bytes: Between::just(SnapshotBytes(1_000)),
        }
    }
}

/// What clients do, all numbers drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DrawnLoad {
    /// How many there are.
    pub clients: u64,
    /// How often each proposes a command.
    pub propose_every: Time,
    /// How long a command is.
    pub command_bytes: u64,
    /// After how many commands a state machine takes a snapshot; 0 for never.
    pub snapshot_every: u64,
    /// How large a snapshot is.
    pub snapshot_bytes: u64,
    /// How many of a hundred operations are reads, of clients that read. A flight may say otherwise.
    #[serde(skip)]
    pub reads_percent: u64,
    /// How many the scenario asks for, whoever works in their stead in flight; nothing in calm weather, which is for measuring.
    #[serde(skip)]
    pub scenario_clients: Option<u64>,
    /// Whether clients who would each write keys of their own have some together. A flight through weather says so.
    #[serde(skip)]
    pub shares_keys: bool,
}

impl DrawnLoad {
    /// Half of all operations.
    pub const READS_PERCENT: u64 = 50;
}
