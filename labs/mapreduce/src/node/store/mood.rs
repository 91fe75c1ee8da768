//! How callers are treated.

use crate::contract::store::StoreError;
use crate::control::Mood;
use std::time::Duration;
use windtunnel::rand::{self, Stream};
use windtunnel::time::sleep;

/// The mood that the store is in.
pub struct Temper {
    mood: Mood,
    stream: Stream,
}

/// What is drawn for one call.
pub struct Treatment {
    takes: Duration,
    fails: bool,
    late_by: Option<Duration>,
}

impl Temper {
    pub fn new() -> Self {
        Temper { mood: Mood::default(), stream: rand::stream("mood") }
    }

    pub const fn set(&mut self, mood: Mood) {
        self.mood = mood;
    }

    pub fn draw(&self) -> Treatment {
        let Mood { takes, fails_ppm, late_ppm, late_by } = self.mood;
        let span = |[low, high]: [windtunnel::Nanos; 2]| self.stream.duration(low.to_duration(), high.to_duration());
        let chance = |ppm: windtunnel::Ppm| self.stream.below(1_000_000) < u64::from(ppm.0);
        let (takes, fails, late, late_by) = (span(takes), chance(fails_ppm), chance(late_ppm), span(late_by));
        Treatment { takes, fails, late_by: late.then_some(late_by) }
    }
}

impl Treatment {
    /// Before it is done, if it is.
    pub async fn before(&self) -> Result<(), StoreError> {
        if !self.takes.is_zero() {
            sleep(self.takes).await;
        }
        if self.fails { Err(StoreError::Unavailable) } else { Ok(()) }
    }

    /// Before it is answered.
    pub async fn after(&self) {
        if let Some(late_by) = self.late_by {
            sleep(late_by).await;
        }
    }
}
