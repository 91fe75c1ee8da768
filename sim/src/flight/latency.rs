//! How late a link of flight is: of a link's weather, the part that a proxy can make.

use crate::streams::Stream;
use crate::units::{Nanos, Ppm};
use crate::world::LinkWeather;
use std::time::Duration;

/// What each chunk of bytes takes on top of what the loopback takes; their order stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Low and high end, evenly spread.
    pub base: [Nanos; 2],
    /// How often a chunk, and what is behind it, takes `tail` on top.
    pub tail_ppm: Ppm,
    /// Low and high end.
    pub tail: [Nanos; 2],
}

impl Latency {
    /// As fast as the loopback.
    pub const NONE: Latency = Latency { base: [Nanos::ZERO; 2], tail_ppm: Ppm::NEVER, tail: [Nanos::ZERO; 2] };

    /// The latency of that weather, without its loss, duplication, reordering and bandwidth.
    #[must_use]
    pub const fn of(weather: &LinkWeather) -> Self {
        Latency { base: weather.latency, tail_ppm: weather.tail_ppm, tail: weather.tail }
    }

    /// Whether it is none at all.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.base[1] == Nanos::ZERO && self.tail_ppm == Ppm::NEVER
    }

    pub(super) fn draw(&self, draws: &mut Stream) -> Duration {
        let mut latency = draws.span(self.base[0], self.base[1]);
        let (in_tail, tail) = (draws.chance(self.tail_ppm), draws.span(self.tail[0], self.tail[1]));
        if in_tail {
            latency += tail;
        }
        latency.to_duration()
    }
}
