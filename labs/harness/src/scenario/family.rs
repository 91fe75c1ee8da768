//! Families of faults: what may happen in a storm, how often, to whom and for how long.
//!
//! A run draws which families it has at all (`on_ppm`): uniform small rates everywhere hide bugs,
//! since one fault mends what another has broken (Groce et al., "Swarm testing", ISSTA 2012).

use super::place::Target;
use super::range::{Between, Drift, Factor, Rate};
use super::time::{Offset, Time};
use super::timing::{self, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One `[[fault]]` of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unevaluatedProperties" = false))]
pub struct Family {
    /// What it does.
    #[serde(flatten)]
    pub kind: Kind,
    /// When it strikes.
    #[serde(flatten)]
    pub timing: Timing,
}

/// The name of each family, in order: its own, or its kind and its place among the families of that kind.
pub(super) fn names(families: &[Family]) -> Vec<String> {
    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    let name = |family: &Family| {
        let place = places.entry(family.kind.name()).and_modify(|place| *place += 1).or_insert(1);
        family.timing.name.clone().unwrap_or_else(|| format!("{}-{place}", family.kind.name()))
    };
    families.iter().map(name).collect()
}

impl Family {
    /// The same under its name, in a run that has it.
    #[must_use]
    pub fn drawn(&self, name: &str) -> Family {
        let timing = Timing { name: Some(name.to_owned()), on_ppm: timing::ALWAYS, ..self.timing.clone() };
        Family { timing, kind: self.kind.clone() }
    }
}

/// The kinds of faults, written as `kind = "power-loss"`.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:literal $variant:ident,)*) => {
        /// What a family does; the key `kind` says which.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind")]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $name)] $variant($variant),)*
        }

        impl Kind {
            /// All kinds, as they are written.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// This kind, as it is written.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Kind::$variant(_) => $name,)*
                }
            }

            /// Reads the settings of the kind of that name; nothing if there is none.
            pub(super) fn read<'de, D: serde::Deserializer<'de>>(name: &str, settings: D) -> Option<Result<Self, D::Error>> {
                match name {
                    $($name => Some($variant::deserialize(settings).map(Kind::$variant)),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// Cuts the nodes into parts that do not hear each other.
    "partition" Partition,
    /// Cuts single links.
    "cut-link" CutLink,
    /// Makes links slow.
    "slow-link" SlowLink,
    /// Makes links lose messages.
    "lossy-link" LossyLink,
    /// Makes links deliver messages twice.
    "duplicate" Duplicate,
    /// Makes links deliver messages out of order.
    "reorder" Reorder,
    /// Ends a process; its disk keeps all that was written.
    "kill" Kill,
    /// Ends a host; its disk keeps what was synced, and of the rest what it likes.
    "power-loss" PowerLoss,
    /// Stops a process for a while, as a long garbage collection or a virtual machine that moves.
    "pause" Pause,
    /// Makes a process slow.
    "slow-node" SlowNode,
    /// Makes a node's clocks run too fast or too slow for a while.
    "clock-drift" ClockDrift,
    /// Sets a node's wall clock forward or back.
    "clock-jump" ClockJump,
    /// Makes a disk slow.
    "disk-slow" DiskSlow,
    /// Fills a disk (ENOSPC).
    "disk-full" DiskFull,
    /// Makes a disk fail now and then (EIO).
    "disk-error" DiskError,
    /// Lets a disk rot: now and then a read finds a flipped bit, which stays.
    "bit-rot" BitRot,
}

/// How a partition cuts the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Two parts as equal as can be.
    Halves,
    /// One node, and all others.
    IsolateOne,
    /// Two halves that only one node in the middle hears.
    Bridge,
    /// Each node hears its two neighbours in a drawn circle.
    Ring,
    /// Fewer than half of the nodes, and the rest.
    MajorityMinority,
    /// Each pair is cut or not by a throw of a coin.
    Random,
}

/// Whether what a fault does to a link, it does to the way back too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// One way, drawn for each strike.
    OneWay,
}

/// Which links of the struck node a fault takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Links {
    /// That to one other node, drawn.
    #[default]
    One,
    /// Those to all other nodes.
    Node,
    /// Every link there is, of all nodes.
    All,
}

/// Settings of a kind of fault.
macro_rules! settings {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($fields)* }
    };
}

/// Settings of a fault of links: the fields that say which, then its own.
macro_rules! link_settings {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        settings! {
            $(#[$doc])* $name {
                /// The node at one end of the links.
                #[serde(default, rename = "where")]
                pub target: Target,
                /// Which of its links.
                #[serde(default)]
                pub links: Links,
                /// Both ways, or one.
                #[serde(default)]
                pub direction: Direction,
                /// For how long.
                pub lasts: Between<Time>,
                $($fields)*
            }
        }
    };
}

/// Settings of a fault of nodes: whom, for how long (under that name), then its own.
macro_rules! node_settings {
    ($(#[$doc:meta])* $name:ident for $lasts:ident { $($fields:tt)* }) => {
        settings! {
            $(#[$doc])* $name {
                /// Whom.
                #[serde(default, rename = "where")]
                pub target: Target,
                /// For how long.
                pub $lasts: Between<Time>,
                $($fields)*
            }
        }
    };
}

settings! {
    /// A partition.
    Partition {
        /// One of these is drawn for each strike.
        pub shapes: Vec<Shape>,
        /// Both ways, or one.
        #[serde(default)]
        pub direction: Direction,
        /// Whom the shape `isolate-one` isolates.
        #[serde(default, rename = "where")]
        pub target: Target,
        /// For how long.
        pub lasts: Between<Time>,
    }
}

link_settings! { /** Links that carry nothing. */ CutLink {} }
link_settings! {
    /// Links that are slow.
    SlowLink {
        /// Every message takes that much longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub by: Option<Between<Time>>,
        /// Every message takes that many times as long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub times: Option<Between<Factor>>,
    }
}
link_settings! {
    /// Links that lose messages.
    LossyLink {
        /// How often.
        pub loss_ppm: Between<Rate>,
    }
}
link_settings! {
    /// Links that deliver messages twice.
    Duplicate {
        /// How often.
        pub duplicate_ppm: Between<Rate>,
    }
}
link_settings! {
    /// Links that deliver messages out of order.
    Reorder {
        /// How often.
        pub reorder_ppm: Between<Rate>,
        /// How long a message is held back.
        pub reorder_by: Between<Time>,
    }
}
node_settings! { /** A process that ends and is started again. */ Kill for down {} }
node_settings! { /** A host that loses power and is started again. */ PowerLoss for down {} }
node_settings! { /** A process that stands still. */ Pause for lasts {} }
node_settings! {
    /// A process that is slow.
    SlowNode for lasts {
        /// How long it takes to handle one event.
        pub per_event: Between<Time>,
    }
}
node_settings! {
    /// Clocks that run too fast or too slow.
    ClockDrift for lasts {
        /// By how much; below zero is slow.
        pub drift_ppm: Between<Drift>,
    }
}
settings! {
    /// A wall clock that jumps.
    ClockJump {
        /// Whose.
        #[serde(default, rename = "where")]
        pub target: Target,
        /// By how much; below zero is back.
        pub by: Between<Offset>,
    }
}
node_settings! {
    /// A disk that is slow.
    DiskSlow for lasts {
        /// Every operation takes that much longer.
        #[serde(default)]
        pub by: Between<Time>,
        /// Every fsync takes that much longer.
        #[serde(default)]
        pub sync_by: Between<Time>,
    }
}
node_settings! {
    /// A disk that is full.
    DiskFull for lasts {
        /// Bytes that can still be written, counted from the strike; with 0 no file grows at all.
        #[serde(default)]
        pub free_bytes: Between<u64>,
    }
}
node_settings! {
    /// A disk that fails.
    DiskError for lasts {
        /// How often an operation fails.
        #[serde(default)]
        pub error_ppm: Between<Rate>,
        /// How often an fsync fails.
        #[serde(default)]
        pub sync_error_ppm: Between<Rate>,
    }
}
node_settings! {
    /// A disk that rots.
    BitRot for lasts {
        /// How often a read finds a bit flipped.
        pub bit_rot_ppm: Between<Rate>,
    }
}

impl Kind {
    /// Whom each strike hits.
    #[must_use]
    pub fn target(&self) -> &Target {
        match self {
            Kind::Partition(Partition { target, .. })
            | Kind::CutLink(CutLink { target, .. })
            | Kind::SlowLink(SlowLink { target, .. })
            | Kind::LossyLink(LossyLink { target, .. })
            | Kind::Duplicate(Duplicate { target, .. })
            | Kind::Reorder(Reorder { target, .. })
            | Kind::Kill(Kill { target, .. })
            | Kind::PowerLoss(PowerLoss { target, .. })
            | Kind::Pause(Pause { target, .. })
            | Kind::SlowNode(SlowNode { target, .. })
            | Kind::ClockDrift(ClockDrift { target, .. })
            | Kind::ClockJump(ClockJump { target, .. })
            | Kind::DiskSlow(DiskSlow { target, .. })
            | Kind::DiskFull(DiskFull { target, .. })
            | Kind::DiskError(DiskError { target, .. })
            | Kind::BitRot(BitRot { target, .. }) => target,
        }
    }

    /// Which links a fault of links takes; nothing for other kinds.
    #[must_use]
    pub fn links(&self) -> Option<(Links, Direction)> {
        match self {
            Kind::CutLink(CutLink { links, direction, .. })
            | Kind::SlowLink(SlowLink { links, direction, .. })
            | Kind::LossyLink(LossyLink { links, direction, .. })
            | Kind::Duplicate(Duplicate { links, direction, .. })
            | Kind::Reorder(Reorder { links, direction, .. }) => Some((*links, *direction)),
            _ => None,
        }
    }

    /// Whether a server may stop for good on the disk that it strikes.
    #[must_use]
    pub const fn breaks_disks(&self) -> bool {
        matches!(self, Kind::DiskFull(_) | Kind::DiskError(_) | Kind::BitRot(_))
    }

    /// For how long a strike lasts; nothing for a jump, which has no end.
    #[must_use]
    pub fn lasts(&self) -> Option<Between<Time>> {
        match self {
            Kind::ClockJump(_) => None,
            Kind::Kill(Kill { down, .. }) | Kind::PowerLoss(PowerLoss { down, .. }) => Some(*down),
            Kind::Partition(Partition { lasts, .. })
            | Kind::CutLink(CutLink { lasts, .. })
            | Kind::SlowLink(SlowLink { lasts, .. })
            | Kind::LossyLink(LossyLink { lasts, .. })
            | Kind::Duplicate(Duplicate { lasts, .. })
            | Kind::Reorder(Reorder { lasts, .. })
            | Kind::Pause(Pause { lasts, .. })
            | Kind::SlowNode(SlowNode { lasts, .. })
            | Kind::ClockDrift(ClockDrift { lasts, .. })
            | Kind::DiskSlow(DiskSlow { lasts, .. })
            | Kind::DiskFull(DiskFull { lasts, .. })
            | Kind::DiskError(DiskError { lasts, .. })
            | Kind::BitRot(BitRot { lasts, .. }) => Some(*lasts),
        }
    }
}
