//! The Raft lab: the contract a submission implements, and the suite that judges it.
//!
//! | module | holds |
//! |---|---|
//! | [`contract`] | the trait [`Raft`] and the words it is written in: begin here |
//! | [`stable`] | [`Stable`]: a state saved whole, for those who write no log file of their own |
//! | [`node`] | the glue that hosts a submission in a node: control port, views, applied entries |
//! | [`control`] | what the tester may ask of a node |
//! | [`observation`] | what the oracle sees of a node |
//! | `invariants` | the rules, one a file |
//! | `judge` | the oracle: watches a run and checks the rules at every step |
//! | `suite` | the tests, by part |
//!
//! README.md is the handout; `starter/` is the crate that a submission begins as. With feature
//! `sim` (the default) come the suite and its oracle; without it the rest still builds. With feature `real` the
//! binary of a submission is a node that flies.

pub mod contract;
pub mod control;
#[cfg(feature = "sim")]
pub mod invariants;
#[cfg(feature = "sim")]
pub mod judge;
pub mod node;
pub mod observation;
pub mod stable;
#[cfg(feature = "sim")]
pub mod suite;
#[cfg(any(feature = "sim", feature = "real"))]
mod worker;

pub use contract::{
    Applied, AppliedStream, BarrierError, Digest, LogIndex, NotLeader, Proposed, Raft, Role, Status, Term, View,
};
pub use node::host;
pub use observation::persisted;
pub use stable::{Saved, Stable};
#[cfg(feature = "sim")]
pub use worker::suite_main;
#[cfg(any(feature = "sim", feature = "real"))]
pub use worker::{ExitCode, worker};
