//! A node as the world sees it: a machine with clocks and a disk, and maybe a process on it.

use super::Options;
use super::clock::NodeClock;
use super::disk::{Disk, DiskStatistics};
use super::item::Due;
use super::timers::Timers;
use crate::isolate::Host;
use crate::line::ControlId;
use crate::units::{Incarnation, Nanos, NodeId};
use std::collections::VecDeque;

/// One machine.
#[derive(Debug)]
pub(super) struct Machine {
    pub name: String,
    pub clock: NodeClock,
    pub disk: Disk,
    pub incarnation: Incarnation,
    pub process: Option<Process>,
    /// Whether the machine answers for its missing process: not after a power loss.
    pub powered: bool,
    /// Time that each event takes, and until when the last one does.
    pub per_event: Nanos,
    pub busy_until: Nanos,
    pub tally: Tally,
    /// What that was when the instant that may be without an end was half as long as it may be.
    pub tally_before: Tally,
    /// The most heap that one of its processes held, in bytes.
    pub peak_heap: u64,
}

/// How busy a machine's processes have been.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Events that they have handled.
    pub handled: u64,
    /// Calls that they have made.
    pub called: u64,
}

impl Machine {
    /// A machine that was never switched on; `wall` is true time.
    pub fn new(name: String, id: NodeId, wall: Nanos, options: &Options) -> Self {
        let weather = options.clocks.get(&id).copied().unwrap_or_default();
        let mut clock = NodeClock::showing(wall);
        clock.jump(weather.offset_ns);
        clock.set_drift(Nanos::ZERO, weather.drift_ppm);
        Machine {
            name,
            clock,
            disk: Disk::new(options.seed, id, options.disks, options.scratch.clone()),
            incarnation: Incarnation(0),
            process: None,
            powered: false,
            per_event: Nanos::ZERO,
            busy_until: Nanos::ZERO,
            tally: Tally::default(),
            tally_before: Tally::default(),
            peak_heap: 0,
        }
    }
}

/// The process of one incarnation.
#[derive(Debug)]
pub(super) struct Process {
    pub host: Host,
    pub timers: Timers,
    /// Whether it stands still.
    pub paused: bool,
    /// What came while it was paused or busy, in order.
    pub waiting: VecDeque<Due>,
    /// Whether an [`Item::Next`] is on its way.
    pub called: bool,
    /// Control requests without an answer.
    pub controls: Vec<ControlId>,
    /// Heap that the process holds, in bytes.
    pub heap: i64,
    /// What the machine's disk had done and suffered when it began.
    pub disk_at_start: DiskStatistics,
}

impl Process {
    pub fn new(host: Host, disk_at_start: DiskStatistics) -> Self {
        Process {
            host,
            timers: Timers::default(),
            paused: false,
            waiting: VecDeque::new(),
            called: false,
            controls: Vec::new(),
            heap: 0,
            disk_at_start,
        }
    }
}
