//! Flight: the same node on real TCP, real disks and real clocks, in a process of its own.
//!
//! - [`control_protocol`]: what a tester and a node say to each other; needs no tokio, and is there without the
//!   feature `real`.

pub mod control_protocol;
