//! What is drawn for each operation when it is submitted.
//!
//! Every operation takes the same number of words from the disk's stream whatever it is and whichever
//! faults are on, so a fault that is switched on moves no latency. Rot has a stream of its own: two
//! draws a read; and so have short writes: one draw a write.

use super::weather::DiskWeather;
use crate::fold::Fold;
use crate::streams::{Purpose, Stream};
use crate::units::{Nanos, NodeId, Seed};

/// What becomes of one operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    /// How long it takes once it is its turn.
    pub latency: Nanos,
    /// Whether it takes unusually long.
    pub slow: bool,
    /// Whether it fails with EIO.
    pub error: bool,
    /// The bit that a read finds rotten, as a fraction of all bits it returns, in 2^-64.
    pub rotten: Option<u64>,
    /// How much of a write that fails is left behind, as a fraction of what may be, in 2^-64.
    pub left: u64,
}

/// What kind of operation a fate is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
    Sync,
    Other,
}

/// The streams of one disk and the fold of all that came out of them.
#[derive(Clone, Debug)]
pub(super) struct Decisions {
    operations: Stream,
    rot: Stream,
    short_writes: Stream,
    fold: Fold,
}

impl Decisions {
    pub fn new(seed: Seed, node: NodeId) -> Self {
        let entity = [u64::from(node.0), 0];
        Decisions {
            operations: Stream::keyed(seed, Purpose::Disk, entity),
            rot: Stream::keyed(seed, Purpose::BitRot, entity),
            short_writes: Stream::keyed(seed, Purpose::ShortWrite, entity),
            fold: Fold::default(),
        }
    }

    /// Draws the fate of the next operation.
    pub fn draw(&mut self, weather: &DiskWeather, kind: Kind) -> Fate {
        let [low, high] = if kind == Kind::Sync { weather.sync_latency } else { weather.operation_latency };
        let stream = &mut self.operations;
        let mut latency = stream.span(low, high);
        let slow = stream.chance(weather.slow_ppm);
        let late_by = stream.span(weather.slow[0], weather.slow[1]);
        let error = stream.chance(weather.error_ppm);
        let sync_error = stream.chance(weather.sync_error_ppm) && kind == Kind::Sync;
        if slow {
            latency = latency.saturating_add(late_by);
        }
        let rotten = if kind == Kind::Read {
            let rots = self.rot.chance(weather.bit_rot_ppm);
            let place = self.rot.word();
            rots.then_some(place)
        } else {
            None
        };
        let left = if kind == Kind::Write { self.short_writes.word() } else { 0 };
        let fate = Fate { latency, slow, error: error || sync_error, rotten, left };
        self.fold.word(latency.0.wrapping_mul(4) | u64::from(fate.error) << 1 | u64::from(slow));
        if let Some(place) = rotten {
            self.fold.word(place);
        }
        fate
    }

    /// Takes a decision that was drawn from another stream.
    pub fn take(&mut self, decision: u64) {
        self.fold.word(decision);
    }

    pub fn value(&self) -> u64 {
        self.fold.value()
    }
}
