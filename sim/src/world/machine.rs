//! A node as the world sees it: a machine with clocks and a disk, and maybe a process on it.

use super::Options;
use super::clock::NodeClock;
use super::disk::Disk;
use super::item::Due;
use crate::isolate::Host;
use crate::line::{ControlId, TimerId};
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
            disk: Disk::new(options.seed, id, options.disks),
            incarnation: Incarnation(0),
            process: None,
            powered: false,
            per_event: Nanos::ZERO,
            busy_until: Nanos::ZERO,
        }
    }
}

/// The process of one incarnation.
#[derive(Debug)]
pub(super) struct Process {
    pub host: Host,
    /// By slot.
    armed: Vec<Armed>,
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
}

/// A timer that is set.
#[derive(Clone, Copy, Debug, Default)]
struct Armed {
    /// Its generation plus one, or 0 if none is.
    generation: u32,
    /// When, on the node's monotonic clock.
    at: Nanos,
}

impl Process {
    pub const fn new(host: Host) -> Self {
        Process {
            host,
            armed: Vec::new(),
            paused: false,
            waiting: VecDeque::new(),
            called: false,
            controls: Vec::new(),
            heap: 0,
        }
    }

    pub fn arm(&mut self, timer: TimerId, at: Nanos) {
        let slot = timer.slot as usize;
        if self.armed.len() <= slot {
            self.armed.resize(slot + 1, Armed::default());
        }
        self.armed[slot] = Armed { generation: timer.generation.wrapping_add(1), at };
    }

    pub fn cancel(&mut self, timer: TimerId) {
        self.take_due(timer, Nanos::MAX);
    }

    /// Whether the timer was armed and not cancelled.
    pub fn is_armed(&self, timer: TimerId) -> bool {
        let armed = self.armed.get(timer.slot as usize);
        armed.is_some_and(|armed| armed.generation == timer.generation.wrapping_add(1))
    }

    /// Whether the timer is armed and due when the node's clock shows `reading`; disarms it then.
    pub fn take_due(&mut self, timer: TimerId, reading: Nanos) -> bool {
        match self.armed.get_mut(timer.slot as usize) {
            Some(armed) if armed.generation == timer.generation.wrapping_add(1) && armed.at <= reading => {
                armed.generation = 0;
                true
            }
            _ => false,
        }
    }

    /// All timers that are set, and for when.
    pub fn timers(&self) -> impl Iterator<Item = (TimerId, Nanos)> {
        self.armed
            .iter()
            .zip(0..)
            .filter(|(armed, _)| armed.generation != 0)
            .map(|(armed, slot)| (TimerId { slot, generation: armed.generation.wrapping_sub(1) }, armed.at))
    }
}
