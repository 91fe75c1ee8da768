//! The weather that lasts all run: as ranges in a scenario, as numbers per link and node in a schedule.
//!
//! One rule for all of it: a rate or a size that is a range is drawn once for each directed link
//! or node (and a rate that may be 0 is 0 everywhere in half of the runs); a time that the world
//! draws again for each message or operation (`latency`, `tail`, `reorder_by`, …) stays a range,
//! and each link or node draws its own part of it.

use super::range::{Between, Drift, Factor, Rate};
use super::time::{Offset, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use windtunnel::NodeId;
use windtunnel::streams::Stream;

/// The network's weather: each directed link draws its own within these ranges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// How long a message takes.
    pub latency: Between<Time>,
    /// How often a message takes `tail` longer.
    pub tail_ppm: Between<Rate>,
    /// How much longer messages of the tail take.
    pub tail: Between<Time>,
    /// How often a message is lost.
    pub loss_ppm: Between<Rate>,
    /// How often a message arrives twice; the copy is late by up to `tail`.
    pub duplicate_ppm: Between<Rate>,
    /// How often a message is held back so that later ones overtake it.
    pub reorder_ppm: Between<Rate>,
    /// How long such a message is held back.
    pub reorder_by: Between<Time>,
    /// Bytes a second on each link; left out, there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Between<u64>>,
    /// How often a request comes once more when it was answered, late by up to `tail`; what it is answered then reaches nobody.
    #[serde(skip_serializing_if = "is_default")]
    pub late_copy_ppm: Between<Rate>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for Network {
    fn default() -> Self {
        let millis = |from, to| Between { from: Time::from_millis(from), to: Time::from_millis(to) };
        Network {
            latency: millis(1, 10),
            tail_ppm: Between::default(),
            tail: millis(20, 200),
            loss_ppm: Between::default(),
            duplicate_ppm: Between::default(),
            reorder_ppm: Between::default(),
            reorder_by: millis(1, 30),
            bandwidth: None,
            late_copy_ppm: Between::default(),
        }
    }
}

/// The weather of one directed link, all numbers drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Who sends.
    #[schemars(with = "u32")]
    pub from: NodeId,
    /// Who receives.
    #[schemars(with = "u32")]
    pub to: NodeId,
    /// How long a message takes.
    pub latency: Between<Time>,
    /// How often a message takes `tail` longer.
    pub tail_ppm: Rate,
    /// How much longer messages of the tail take.
    pub tail: Between<Time>,
    /// How often a message is lost.
    pub loss_ppm: Rate,
    /// How often a message arrives twice; the copy is late by up to `tail`.
    pub duplicate_ppm: Rate,
    /// How often a message is held back so that later ones overtake it.
    pub reorder_ppm: Rate,
    /// How long such a message is held back.
    pub reorder_by: Between<Time>,
    /// Bytes a second; left out, there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<u64>,
    /// How often a request comes once more when it was answered, late by up to `tail`; what it is answered then reaches nobody.
    #[serde(default, skip_serializing_if = "is_default")]
    pub late_copy_ppm: Rate,
}

impl Network {
    /// The network in one run: which of its rates there are at all.
    #[must_use]
    pub fn in_run(&self, stream: &mut Stream) -> Network {
        Network {
            tail_ppm: self.tail_ppm.in_run(stream),
            loss_ppm: self.loss_ppm.in_run(stream),
            duplicate_ppm: self.duplicate_ppm.in_run(stream),
            reorder_ppm: self.reorder_ppm.in_run(stream),
            late_copy_ppm: self.late_copy_ppm.in_run(stream),
            ..self.clone()
        }
    }

    /// The weather of one link.
    #[must_use]
    pub fn draw(&self, from: NodeId, to: NodeId, stream: &mut Stream) -> Link {
        Link {
            from,
            to,
            latency: self.latency.part(stream),
            tail_ppm: self.tail_ppm.one(stream),
            tail: self.tail.part(stream),
            loss_ppm: self.loss_ppm.one(stream),
            duplicate_ppm: self.duplicate_ppm.one(stream),
            reorder_ppm: self.reorder_ppm.one(stream),
            reorder_by: self.reorder_by.part(stream),
            bandwidth: self.bandwidth.map(|bandwidth| bandwidth.one(stream)),
            late_copy_ppm: self.late_copy_ppm.one(stream),
        }
    }
}

/// The disks' weather: each node's disk draws its own within these ranges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Disk {
    /// How long an operation takes that waits for no fsync.
    pub operation_latency: Between<Time>,
    /// How long an fsync takes.
    pub sync_latency: Between<Time>,
    /// How often an operation takes 20 to 100 times as long.
    pub slow_ppm: Between<Rate>,
    /// How often an operation fails (EIO).
    pub error_ppm: Between<Rate>,
    /// How often an fsync fails (EIO).
    pub sync_error_ppm: Between<Rate>,
    /// How often a read returns a rotten bit.
    pub bit_rot_ppm: Between<Rate>,
    /// Whether what was written last may rot as well, which no log can stand: for data that can be made again.
    pub young_rots: bool,
    /// Bytes the disk holds; left out, there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Between<u64>>,
    /// Whether a power loss may leave a sector half written.
    pub torn_writes: bool,
}

impl Default for Disk {
    fn default() -> Self {
        let micros = |from, to| Between { from: Time::from_micros(from), to: Time::from_micros(to) };
        Disk {
            operation_latency: micros(1, 5),
            sync_latency: micros(200, 800),
            slow_ppm: Between::default(),
            error_ppm: Between::default(),
            sync_error_ppm: Between::default(),
            bit_rot_ppm: Between::default(),
            young_rots: false,
            capacity: None,
            torn_writes: true,
        }
    }
}

/// The nodes' clocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// How far off each wall clock is at the start.
    pub offset: Between<Offset>,
    /// How much too fast each clock runs; below zero it is slow.
    pub drift_ppm: Between<Drift>,
}

/// The nodes' processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Process {
    /// How likely a node runs its ready tasks in a drawn order instead of first in, first out.
    pub shuffle_tasks_ppm: Rate,
    /// How long a node takes to handle one event.
    pub per_event: Between<Time>,
}

/// The weather of one disk, all numbers drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeDisk {
    /// How long an operation takes that waits for no fsync.
    pub operation_latency: Between<Time>,
    /// How long an fsync takes.
    pub sync_latency: Between<Time>,
    /// How often an operation takes 20 to 100 times as long.
    pub slow_ppm: Rate,
    /// How often an operation fails (EIO).
    pub error_ppm: Rate,
    /// How often an fsync fails (EIO).
    pub sync_error_ppm: Rate,
    /// How often a read returns a rotten bit.
    pub bit_rot_ppm: Rate,
    /// Whether what was written last may rot as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub young_rots: bool,
    /// Bytes the disk holds; left out, there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
    /// Whether a power loss may leave a sector half written.
    pub torn_writes: bool,
}

/// The weather of one node, all numbers drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Which.
    #[schemars(with = "u32")]
    pub node: NodeId,
    /// How far off its wall clock is at the start.
    pub offset: Offset,
    /// How much too fast its clocks run; below zero they are slow.
    pub drift_ppm: Drift,
    /// Whether it runs ready tasks in a drawn order instead of first in, first out.
    pub shuffle_tasks: bool,
    /// How long it takes to handle one event.
    pub per_event: Time,
    /// Its disk.
    pub disk: NodeDisk,
}

impl Disk {
    /// The disks in one run: which of their rates there are at all.
    #[must_use]
    pub fn in_run(&self, stream: &mut Stream) -> Disk {
        Disk {
            slow_ppm: self.slow_ppm.in_run(stream),
            error_ppm: self.error_ppm.in_run(stream),
            sync_error_ppm: self.sync_error_ppm.in_run(stream),
            bit_rot_ppm: self.bit_rot_ppm.in_run(stream),
            ..self.clone()
        }
    }

    /// The weather of one disk.
    #[must_use]
    pub fn draw(&self, stream: &mut Stream) -> NodeDisk {
        NodeDisk {
            operation_latency: self.operation_latency.part(stream),
            sync_latency: self.sync_latency.part(stream),
            slow_ppm: self.slow_ppm.one(stream),
            error_ppm: self.error_ppm.one(stream),
            sync_error_ppm: self.sync_error_ppm.one(stream),
            bit_rot_ppm: self.bit_rot_ppm.one(stream),
            young_rots: self.young_rots,
            capacity: self.capacity.map(|capacity| capacity.one(stream)),
            torn_writes: self.torn_writes,
        }
    }
}

/// A change of links' weather while a fault lasts; what it does not name stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkChange {
    /// Every message takes that much longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slower_by: Option<Time>,
    /// Every message takes that many times as long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times_slower: Option<Factor>,
    /// How often a message is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_ppm: Option<Rate>,
    /// How often a message arrives twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_ppm: Option<Rate>,
    /// How often a message is held back so that later ones overtake it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder_ppm: Option<Rate>,
    /// How long such a message is held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder_by: Option<Between<Time>>,
}

impl Link {
    /// This link's weather under a change.
    #[must_use]
    pub fn under(&self, change: &LinkChange) -> Link {
        let times = change.times_slower.unwrap_or(Factor(1)).0;
        let slower = |time: Time| time.stretched(times, change.slower_by.unwrap_or_default());
        Link {
            latency: Between { from: slower(self.latency.from), to: slower(self.latency.to) },
            loss_ppm: change.loss_ppm.unwrap_or(self.loss_ppm),
            duplicate_ppm: change.duplicate_ppm.unwrap_or(self.duplicate_ppm),
            reorder_ppm: change.reorder_ppm.unwrap_or(self.reorder_ppm),
            reorder_by: change.reorder_by.unwrap_or(self.reorder_by),
            ..self.clone()
        }
    }
}

/// A change of a disk's weather while a fault lasts; what it does not name stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiskChange {
    /// Every operation takes that much longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slower_by: Option<Time>,
    /// Every fsync takes that much longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_slower_by: Option<Time>,
    /// How often an operation fails (EIO).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_ppm: Option<Rate>,
    /// How often an fsync fails (EIO).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_error_ppm: Option<Rate>,
    /// How often a read finds a bit flipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_rot_ppm: Option<Rate>,
    /// So many bytes can still be written, counted from the strike; with 0 no file grows at all (ENOSPC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
}

impl DiskChange {
    /// What a disk that held `used` bytes at the strike can hold until the end of the change.
    #[must_use]
    pub fn capacity(&self, used: u64) -> Option<u64> {
        self.free_bytes.map(|free| if free == 0 { 0 } else { used.saturating_add(free) })
    }
}

impl NodeDisk {
    /// This disk's weather under a change that leaves it that capacity.
    #[must_use]
    pub fn under(&self, change: &DiskChange, capacity: Option<u64>) -> NodeDisk {
        let later = |range: Between<Time>, by: Option<Time>| {
            let by = by.unwrap_or_default();
            Between { from: range.from.stretched(1, by), to: range.to.stretched(1, by) }
        };
        NodeDisk {
            operation_latency: later(self.operation_latency, change.slower_by),
            sync_latency: later(self.sync_latency, change.sync_slower_by),
            error_ppm: change.error_ppm.unwrap_or(self.error_ppm),
            sync_error_ppm: change.sync_error_ppm.unwrap_or(self.sync_error_ppm),
            bit_rot_ppm: change.bit_rot_ppm.unwrap_or(self.bit_rot_ppm),
            // The smaller of the two: a disk gets no larger by filling up.
            capacity: self.capacity.into_iter().chain(capacity).min(),
            ..self.clone()
        }
    }
}
