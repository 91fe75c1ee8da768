//! A node as the world sees it: a machine with clocks and a disk, and maybe a process on it.

use super::Options;
use super::clock::NodeClock;
use super::disk::Disk;
use super::item::Item;
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
    /// By slot: the generation that is armed, plus one; or 0.
    armed: Vec<u32>,
    /// Items that wait while the process is paused.
    pub held: Option<VecDeque<Item>>,
    /// Control requests without an answer.
    pub controls: Vec<ControlId>,
    /// Heap that the process holds, in bytes.
    pub heap: i64,
}

impl Process {
    pub const fn new(host: Host) -> Self {
        Process { host, armed: Vec::new(), held: None, controls: Vec::new(), heap: 0 }
    }

    pub fn arm(&mut self, timer: TimerId) {
        let slot = timer.slot as usize;
        if self.armed.len() <= slot {
            self.armed.resize(slot + 1, 0);
        }
        self.armed[slot] = timer.generation.wrapping_add(1);
    }

    pub fn cancel(&mut self, timer: TimerId) {
        self.take_armed(timer);
    }

    /// Whether the timer was armed and not cancelled.
    pub fn is_armed(&self, timer: TimerId) -> bool {
        self.armed.get(timer.slot as usize) == Some(&timer.generation.wrapping_add(1))
    }

    /// Whether the timer was armed and not cancelled; disarms it.
    pub fn take_armed(&mut self, timer: TimerId) -> bool {
        match self.armed.get_mut(timer.slot as usize) {
            Some(armed) if *armed == timer.generation.wrapping_add(1) => {
                *armed = 0;
                true
            }
            _ => false,
        }
    }
}
