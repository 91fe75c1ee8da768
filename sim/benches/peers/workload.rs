//! What all three simulators are asked to do, and what counts as one.
//!
//! - **RPC**: one caller asks one server, one call after another; a call carries 64 bytes each way,
//!   serialised by postcard where it is sent and deserialised where it arrives; links take 1 to
//!   10 ms. A call counts when its reply has been read and checked.
//! - **Messages**: each of five nodes asks the four others every 10 ms, in a task per request, and
//!   each answers; same payload, same links. A request counts when it is handled, a reply when it
//!   is read: one each, one direction each.
//! - **Timers**: on one node 100 tasks sleep for 1 to 7 ms, over and over. A sleep counts when it ends.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The seed of every run.
pub const SEED: u64 = 42;
/// Nodes that exchange messages.
pub const NODES: u32 = 5;
/// How often each node asks all others.
pub const PERIOD: Duration = Duration::from_millis(10);
/// Tasks that sleep.
pub const SLEEPERS: u64 = 100;

/// 64 bytes, and their length before them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    text: String,
}

impl Payload {
    /// The payload of every call.
    pub fn sample() -> Self {
        Payload { text: "It is a capital mistake to theorize before one has data. - Holmes".into() }
    }
}

/// How long the sleep of that number lasts, in that task.
pub const fn nap(task: u64, number: u64) -> Duration {
    Duration::from_millis(1 + (task + number) % 7)
}

/// Counts across nodes; the peers' tasks have to be `Send`.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<AtomicU64>);

impl Tally {
    pub fn one(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
