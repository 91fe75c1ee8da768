//! The key/value lab: the contract a submission implements, and the suite that judges it.
//!
//! | module | holds |
//! |---|---|
//! | [`contract`] | the traits [`Server`], [`Clerk`] and [`Lock`], and the words they are written in: begin here |
//! | [`node`] | the glue that hosts a submission: node 1 is the server, all others have clerks |
//! | [`control`] | what the tester may ask of a node |
//! | [`observation`] | what the judge sees of a node |
//! | `judge` | watches a run: every operation of every clerk, and who holds which lock |
//! | `suite` | the tests, by part |
//!
//! README.md is the handout. With feature `sim` (the default) come the suite and its judge; without it the rest still
//! builds. With feature `real` the binary of a submission is a node that flies.

pub mod contract;
pub mod control;
#[cfg(feature = "sim")]
pub mod judge;
pub mod node;
pub mod observation;
#[cfg(feature = "sim")]
pub mod suite;
#[cfg(any(feature = "sim", feature = "real"))]
mod worker;

pub use contract::{
    Clerk, Get, GetError, LEASE, Lease, Lock, MAX_DRIFT_PPM, Put, PutError, PutRefused, Server, Token, Version,
    Versioned,
};
pub use node::host;
#[cfg(feature = "sim")]
pub use worker::suite_main;
#[cfg(any(feature = "sim", feature = "real"))]
pub use worker::{ExitCode, worker};
