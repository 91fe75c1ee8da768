//! The lab of a key/value service on Raft: the contract a submission implements, and the suite that judges it.
//!
//! | module | holds |
//! |---|---|
//! | [`contract`] | the traits [`Replicated`], [`Server`] and [`Clerk`], and the words they are written in: begin here |
//! | [`node`] | the glue that hosts a submission: servers first, and behind them the nodes that have clerks |
//! | [`control`] | what the tester may ask of a node |
//! | [`observation`] | what the judge sees of a node, besides what Raft shows |
//! | `judge` | watches a run: the rules of Raft, and every operation of every clerk |
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
    Append, Clerk, ClerkId, ENTRY_BYTES, Get, GetError, MAX_DRIFT_PPM, NotServed, Options, Put, PutError, PutRefused,
    Replicated, Server, StateMachine, Submission, Version, Versioned,
};
pub use node::host;
#[cfg(feature = "sim")]
pub use worker::suite_main;
#[cfg(any(feature = "sim", feature = "real"))]
pub use worker::{ExitCode, worker};
