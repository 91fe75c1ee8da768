//! What a worker is asked to fly, what it says meanwhile, and how the flight ended.

use super::ScenarioText;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use windtunnel::{NodeId, Seed};

/// One flight. It is the last request of its worker: whatever comes after it, the end of the stream too, lands it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlyRequest {
    /// What is flown.
    pub course: FlightCourse,
    /// What tester and nodes draw from. What happens is not drawn from it: a flight does not repeat.
    pub seed: Seed,
    /// Where everything is left; data that is there is what the nodes start with.
    pub directory: PathBuf,
    /// The node's executable.
    pub node_binary: PathBuf,
}

/// What is flown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "course", rename_all = "kebab-case")]
pub enum FlightCourse {
    /// A test of the suite.
    Test {
        /// Its name.
        test: String,
    },
    /// The weather of a scenario file.
    Scenario {
        /// The file.
        scenario: ScenarioText,
        /// How many nodes, instead of the scenario's.
        nodes: Option<u32>,
        /// What clients do instead of the scenario's load; the storm lasts as long as they work.
        load: Option<FlightLoad>,
    },
    /// Clients at work in calm weather.
    Calm {
        /// How many nodes.
        nodes: u32,
        /// What clients do.
        load: FlightLoad,
    },
}

/// Clients who ask again as soon as they were answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightLoad {
    /// For how long, in nanoseconds.
    pub lasts_ns: u64,
    /// How many requests are outstanding.
    pub window: u64,
    /// How long a request is.
    pub bytes: u64,
    /// After how many requests each state machine takes a snapshot, unless the scenario says so: a log without them grows
    /// as long as the load goes on.
    pub snapshot_every: u64,
    /// How large it is.
    pub snapshot_bytes: u64,
    /// How many of a hundred operations are reads, if that was said; only of a lab whose clients read.
    pub reads_percent: Option<u64>,
}

impl FlightLoad {
    /// Requests that are outstanding unless told otherwise.
    pub const WINDOW: u64 = 64;
    /// Bytes of a request unless told otherwise.
    pub const BYTES: u64 = 256;
    /// Requests between two snapshots unless told otherwise: a follower that is away for seconds misses one.
    pub const SNAPSHOT_EVERY: u64 = 2_000;
    /// Bytes of a snapshot unless told otherwise.
    pub const SNAPSHOT_BYTES: u64 = 64 << 10;

    /// A load of that length, with all else as usual.
    #[must_use]
    pub const fn lasting(lasts_ns: u64) -> Self {
        FlightLoad {
            lasts_ns,
            window: FlightLoad::WINDOW,
            bytes: FlightLoad::BYTES,
            snapshot_every: FlightLoad::SNAPSHOT_EVERY,
            snapshot_bytes: FlightLoad::SNAPSHOT_BYTES,
            reads_percent: None,
        }
    }
}

/// How a flight goes, once a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightRow {
    /// Real time since the nodes were started.
    pub at_ms: u64,
    /// The nodes, in order.
    pub nodes: Vec<FlightNode>,
    /// Operations that were answered since the last row; nothing if nobody counts them.
    pub operations: Option<u64>,
    /// Of those, what 99 in 100 took at most; nothing if there were none.
    pub p99_us: Option<u64>,
    /// Faults that struck so far, by family.
    pub faults: BTreeMap<String, u64>,
    /// Directed links that are cut at the moment: from, to.
    #[serde(default)]
    pub cut: Vec<[NodeId; 2]>,
    /// Directed links that are later than the loopback at the moment.
    #[serde(default)]
    pub late: Vec<FlightLink>,
}

/// A directed link that is late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightLink {
    /// Sending end.
    pub from: NodeId,
    /// Receiving end.
    pub to: NodeId,
    /// What an ordinary message takes at the most.
    pub up_to_us: u64,
}

/// Whether a node's process runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlightState {
    /// It runs.
    #[default]
    Up,
    /// It is there and stands still.
    Paused,
    /// There is none.
    Down,
}

/// A node, as its judge knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightNode {
    /// Which.
    pub node: NodeId,
    /// `leader`, `follower`, `down`, ….
    pub role: String,
    /// Its term.
    pub term: u64,
    /// How much of its log is committed.
    pub commit: u64,
    /// How much of it its state machine has.
    #[serde(default)]
    pub applied: u64,
    /// Whether its process runs.
    #[serde(default)]
    pub state: FlightState,
}

/// How a flight ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightResult {
    /// How it is judged.
    pub verdict: FlightVerdict,
    /// What broke, or why nothing can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<FlightBroken>,
    /// Operations that were answered; nothing if nobody counts them, as in a story whose clients put and get nothing.
    pub operations: Option<u64>,
    /// Operations that may or may not have happened: no answer came while the load lasted, or the story.
    pub unknown: Option<u64>,
    /// Answered operations a second of the load; nothing without a load.
    pub ops_per_s: Option<u64>,
    /// What half of them took at most.
    pub p50_us: Option<u64>,
    /// What 99 in 100 took at most.
    pub p99_us: Option<u64>,
    /// Fsyncs of all nodes together, of files and of directories.
    pub fsyncs: u64,
    /// Of those, so many for each thousand operations that were answered.
    pub fsyncs_per_1000: Option<u64>,
    /// Faults that struck, by family.
    pub faults: BTreeMap<String, u64>,
    /// What flight cannot make and was left out.
    pub skipped: Vec<FlightSkipped>,
    /// Nodes that did not end as asked, in words.
    pub unclean: Vec<String>,
    /// The longest time for which the machine let the tester stand still.
    pub stood_still_ms: u64,
    /// Real time from the start of the nodes to the end.
    pub wall_ms: u64,
    /// Why the history is not whole, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_error: Option<String>,
}

/// How many there are for each thousand; nothing if there are none of these.
#[must_use]
pub fn per_1000(count: u64, of: u64) -> Option<u64> {
    count.saturating_mul(1_000).checked_div(of)
}

/// The verdict on a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlightVerdict {
    /// Nothing that was seen breaks a rule, and all came to rest.
    Safe,
    /// The same, and one order of all operations explains every answer that a client had.
    Linearizable,
    /// Nothing breaks a rule, but a bound of time was missed: on a real machine that proves nothing.
    Undecided,
    /// It was landed from outside before its end.
    Interrupted,
    /// A rule was broken.
    Violated,
}

/// What broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightBroken {
    /// The rule's name for machines.
    pub rule: String,
    /// A sentence.
    pub title: String,
    /// Where the rule comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How things stood, a line each, if the rule can say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// Real time since the nodes were started.
    pub at_ms: u64,
}

/// Something that flight cannot make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightSkipped {
    /// What: a family of faults, or a part of the weather.
    pub what: String,
    /// Why.
    pub why: String,
    /// How often it was asked for.
    pub count: u64,
}
