//! The settings of links and clocks. Disks have theirs in [`disk`](super::disk).

use crate::units::{Nanos, Ppm};
use serde::{Deserialize, Serialize};

/// How one directed link treats messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkWeather {
    /// Latency of an ordinary message: low and high end, evenly spread.
    pub latency: [Nanos; 2],
    /// How often a message takes `tail` on top.
    pub tail_ppm: Ppm,
    /// What a message of the tail takes on top: low and high end.
    pub tail: [Nanos; 2],
    /// How often a message is lost.
    pub loss_ppm: Ppm,
    /// How often a message arrives twice; the copy is late by up to `tail`.
    pub duplicate_ppm: Ppm,
    /// How often a request comes once more to the process that has answered it, up to `tail` after that; what it is answered
    /// then reaches nobody. (A retry in front of the server, whose caller has its answer)
    #[serde(default, skip_serializing_if = "is_never")]
    pub late_copy_ppm: Ppm,
    /// How often a message is held back by `reorder_by`, so that later ones overtake it.
    pub reorder_ppm: Ppm,
    /// How long such a message is held back: low and high end.
    pub reorder_by: [Nanos; 2],
    /// Bytes per second; messages wait for those before them.
    pub bandwidth: Option<u64>,
    /// A message that would wait longer than that for its turn is lost.
    pub queue_limit: Nanos,
}

/// Weather that does not say how often means never.
fn is_never(rate: &Ppm) -> bool {
    *rate == Ppm::NEVER
}

impl Default for LinkWeather {
    /// A calm network: 1 to 10 ms, nothing lost, nothing twice.
    fn default() -> Self {
        LinkWeather {
            latency: [Nanos::from_millis(1), Nanos::from_millis(10)],
            tail_ppm: Ppm::NEVER,
            tail: [Nanos::from_millis(20), Nanos::from_millis(200)],
            loss_ppm: Ppm::NEVER,
            duplicate_ppm: Ppm::NEVER,
            late_copy_ppm: Ppm::NEVER,
            reorder_ppm: Ppm::NEVER,
            reorder_by: [Nanos::from_millis(1), Nanos::from_millis(30)],
            bandwidth: None,
            queue_limit: Nanos::from_secs(1),
        }
    }
}

/// How a node's clocks run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockWeather {
    /// What the wall clock is ahead of true time, in nanoseconds; behind if negative.
    pub offset_ns: i64,
    /// What both clocks gain, in nanoseconds a millisecond; lose if negative.
    pub drift_ppm: i32,
}
