//! Flight: the same node on real TCP, real files and real clocks, in a process of its own.
//!
//! Not a second facade: a host of the same [`Executor`](crate::executor::Executor), beside the world's thread and `isolate`. Real
//! events go in, effects are carried out. In the order in which to read:
//!
//! - `driver`: the loop; `input`: what reaches it;
//! - `peer` and `connect`: calls that go out; `door` and `accept`: calls that come in; `wire`: what goes over;
//! - `timers`, `clock`, `disk` and `files`: what a machine has;
//! - [`control_protocol`] and `control`: the port for a tester;
//! - `config` and `identity`: who the node is; `process`: a node as a process of its own.

mod accept;
mod clock;
mod config;
mod connect;
mod control;
pub mod control_protocol;
mod disk;
mod door;
mod driver;
mod files;
mod identity;
mod input;
mod log;
#[cfg(test)]
mod loopback;
mod node;
mod outbox;
mod own_task;
mod peer;
pub(crate) mod process;
#[cfg(test)]
pub(crate) mod scratch;
mod socket;
#[cfg(test)]
mod spoilt;
mod switch;
pub(crate) mod timers;
mod wire;

#[cfg(all(feature = "flight", madsim))]
pub(crate) use clock::machine_now;
pub use control_protocol::Ended;
pub use {
    config::{ConfigError, ConfigFault, ControlConfig, NodeConfig},
    identity::IdentityError,
    node::{NodeError, Ports, run_node, run_node_on},
    process::main_if_asked,
    switch::Switch,
};
