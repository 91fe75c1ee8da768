//! Calls that take their time (MIT's `mtiming`, `rtiming` and `jobcount`).

use crate::app::{App, Call, Cost, EmitPair, Group, Record};
use crate::values::Values;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Emits some keys for each record, and says where they are from: lines `key object object …`. So a map task's output is not another's.
/// Its calls take time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Timing {
    /// How many keys: `a`, `b`, …; 26 at most.
    pub keys: u8,
    /// What a map call takes: low and high end, in milliseconds.
    pub map_ms: [u32; 2],
    /// What a reduce call takes.
    pub reduce_ms: [u32; 2],
}

impl Timing {
    /// Its parameters.
    #[must_use]
    pub fn parameters(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("numbers are plain data")
    }

    /// With those parameters.
    ///
    /// # Errors
    /// If they are others.
    pub fn open(parameters: &[u8]) -> Result<Self, String> {
        postcard::from_bytes(parameters).map_err(|error| error.to_string())
    }
}

impl App for Timing {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        (b'a'..=b'z').take(usize::from(self.keys)).for_each(|key| emit(&[key], record.object.as_bytes()));
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        Values::line(key)
    }

    fn cost(&self, call: Call<'_>, chance: u64) -> Cost {
        let [low, high] = match call {
            Call::Map(_) => self.map_ms,
            Call::Reduce(_) => self.reduce_ms,
        };
        let spread = u64::from(high.saturating_sub(low)) + 1;
        Cost::Time(Duration::from_millis(u64::from(low) + chance % spread))
    }
}
