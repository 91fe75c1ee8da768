//! The reference submission to the MapReduce lab, written to be read.
//!
//! | module | holds |
//! |---|---|
//! | [`messages`] | what workers and the coordinator say to each other, and workers among themselves |
//! | [`coordinator`] | who does what: a core without I/O, and a journal of what it must not forget |
//! | [`worker`] | map, reduce, and what lies between them on the worker's disk |
//!
//! Workers speak first, always: "I am idle", "I am at it", "I have finished". The coordinator answers with an order. So a coordinator that
//! has lost its power hears within a heartbeat who is there and what they are at.

pub mod coordinator;
pub mod messages;
mod store;
pub mod worker;

pub use coordinator::Coordinator;
pub use worker::Worker;
