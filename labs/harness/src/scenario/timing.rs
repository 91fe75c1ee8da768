//! When a family of faults strikes.

use super::range::{Between, Rate};
use super::time::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a family strikes: exactly one of `every`, `at` and `when`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// What its draws are named for, as `"pause-2"`; left out, its kind and its place among the families of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How likely a run has this family at all; half of the runs unless said otherwise.
    #[serde(default = "every_other_run")]
    pub on_ppm: Rate,
    /// From one strike to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Between<Time>>,
    /// At these times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Vec<Time>>,
    /// Whenever something was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Occasion>,
    /// How likely each of these strikes happens; always unless said otherwise.
    #[serde(default = "always")]
    pub chance_ppm: Rate,
}

/// An occasion to strike: something that a node shows to the tester.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Occasion {
    /// The name of what is observed, as `"raft.applied"`.
    pub after: String,
    /// The strike comes so soon after it, at a drawn moment.
    pub within: Time,
}

fn every_other_run() -> Rate {
    Rate(500_000)
}

/// In every run, at every strike.
pub const ALWAYS: Rate = Rate(1_000_000);

fn always() -> Rate {
    ALWAYS
}

impl Timing {
    /// The keys that every kind of fault takes.
    pub const KEYS: [&'static str; 7] = ["kind", "name", "on_ppm", "every", "at", "when", "chance_ppm"];
}
