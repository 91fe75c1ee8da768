//! Flight: the same node on real TCP, real files and real clocks, in a process of its own.
//!
//! Not a second facade: a host of the same [`Executor`], beside the world's thread and `isolate`. Real
//! events go in, effects are carried out. In the order in which to read:
//!
//! - `driver`: the loop; `input`: what reaches it;
//! - `peer` and `connect`: calls that go out; `door` and `accept`: calls that come in; `wire`: what goes over;
//! - `timers`, `clock`, `disk` and `files`: what a machine has;
//! - [`control_protocol`] and `control`: the port for a tester;
//! - `config` and `identity`: who the node is; `process`: a node as a process of its own.
//!
//! [`control_protocol`] needs no tokio, and is there without the feature `real`: the tester's side is built with it.

#[cfg(feature = "real")]
mod accept;
#[cfg(feature = "real")]
mod clock;
#[cfg(feature = "real")]
mod config;
#[cfg(feature = "real")]
mod connect;
#[cfg(feature = "real")]
mod control;
pub mod control_protocol;
#[cfg(feature = "real")]
mod disk;
#[cfg(feature = "real")]
mod door;
#[cfg(feature = "real")]
mod driver;
#[cfg(feature = "real")]
mod files;
#[cfg(feature = "real")]
mod identity;
#[cfg(feature = "real")]
mod input;
#[cfg(feature = "real")]
mod log;
#[cfg(feature = "real")]
mod node;
#[cfg(feature = "real")]
mod outbox;
#[cfg(feature = "real")]
mod own_task;
#[cfg(feature = "real")]
mod peer;
#[cfg(feature = "real")]
mod process;
#[cfg(all(feature = "real", test))]
mod scratch;
#[cfg(feature = "real")]
mod socket;
#[cfg(feature = "real")]
mod switch;
#[cfg(feature = "real")]
mod timers;
#[cfg(feature = "real")]
mod wire;

#[cfg(all(feature = "flight", madsim))]
pub(crate) use clock::machine_now;
pub use control_protocol::Ended;
#[cfg(feature = "real")]
pub use {
    config::{ConfigError, ConfigFault, ControlConfig, NodeConfig},
    identity::IdentityError,
    node::{NodeError, Ports, run_node, run_node_on},
    process::main_if_asked,
    switch::Switch,
};

#[cfg(all(doc, feature = "real"))]
use crate::executor::Executor;
