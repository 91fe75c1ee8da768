//! A deterministic simulator for distributed systems.
//!
//! Code written against this crate's facade runs in a simulated world, with its own network, clock
//! and disk, all drawn from one seed. The map, in the order in which to read:
//!
//! - the facade, all that lab code ever names: [`task`], [`time`], [`rand`], [`sync`], [`select!`],
//!   [`collections`], [`fs`], [`net`], [`node`];
//! - `line`: the events and effects that cross between a node and the world;
//! - `executor`: a node's side of that line, one incarnation at a time;
//! - `world`: the simulated backend: event queue, network, clocks, disks, faults, trace;
//! - `isolate`: where a node lives: in the world's thread, or in a process of its own;
//! - `real` (a feature): the other backend: real TCP, real files, real clocks, one process a node;
//! - `flight` (a feature): the tester's side of that: the simulation's test bodies drive real processes.
//!
//! [`check`] judges histories: whether what clients were answered can have come from one service.
#![cfg_attr(
    feature = "sim",
    doc = r#"
```
use windtunnel::world::{Simulation, Outcome};
use windtunnel::{net, NodeId, Seed};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Greet(String);

impl net::Request for Greet {
    type Reply = String;
    const NAME: &'static str = "greet";
}

let report = Simulation::new(Seed(7))
    .nodes(1, || async {
        net::serve(|from, Greet(name)| async move { format!("hello {name}, {from}") });
    })
    .run(|_tester| async move {
        let reply = net::call(NodeId(1), Greet("tunnel".into())).await;
        assert_eq!(reply.as_deref(), Ok("hello tunnel, tester"));
    });
assert!(matches!(report.outcome, Outcome::Finished(())));
```
"#
)]
#![warn(missing_docs)]

#[cfg(all(feature = "sim", not(madsim)))]
compile_error!(
    "the simulation needs `--cfg madsim`: build inside the workspace, whose .cargo/config.toml sets it; \
     if RUSTFLAGS is set in your environment it replaces that file's flags, so add `--cfg madsim` to it \
     (RUSTDOCFLAGS for doctests); for the facade alone use `default-features = false`"
);

pub mod check;
pub mod collections;
pub mod executor;
#[cfg(all(feature = "flight", madsim))]
pub mod flight;
pub mod fold;
pub mod fs;
#[cfg(all(feature = "sim", madsim))]
pub mod isolate;
pub mod line;
#[cfg(any(feature = "real", all(feature = "sim", madsim)))]
mod logging;
#[cfg(all(feature = "sim", madsim))]
pub mod memory;
pub mod net;
pub mod node;
pub mod progress;
pub mod rand;
#[cfg(feature = "real")]
pub mod real;
mod select;
pub mod streams;
pub mod sync;
pub mod task;
pub mod time;
mod units;
#[cfg(all(feature = "sim", madsim))]
pub mod world;

pub use task::spawn;
pub use units::{EventNumber, Incarnation, Nanos, NodeId, Ppm, Seed};

/// What macros of this crate expand to; no part of its interface.
#[doc(hidden)]
pub mod __private {
    pub use tokio;
}
