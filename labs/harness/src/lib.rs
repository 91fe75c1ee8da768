//! What every lab shares: suites and their points, the weather they run under, and how results
//! travel.
//!
//! - [`suite`]: what a lab is made of: parts, tests, storms;
//! - [`cluster`]: the handle by which a test body drives its nodes;
//! - [`judge`]: who watches a run and checks the lab's rules; [`history`], [`operations`]: what clients are told, for the judges that watch some;
//!   [`at_work`], [`load`]: clients beside a test body;
//! - [`scenario`]: weather as data, and the schedules that a seed draws from it;
//! - `run`, `storm`: one test under one seed; `fly`: the same on real processes, [`meter`] counts what clients do there;
//! - [`errand`]: what is run for its result, by who has no test: a job over real files; [`file_names`]: those as text;
//! - `story`: how a failure is told;
//! - [`worker`]: a submission's binary, driven by `cargo lab`; [`parent`]: the line between the two; [`libtest`]: the same suite under `cargo test`;
//! - [`table`], [`starter`]: what tests of every lab ask of its table of tests, its handout and its starter;
//! - [`protocol`]: what `cargo lab` and a lab's worker say to each other, and failure files.
//!
//! Without the feature `sim` only data is left ([`protocol`], [`scenario`]), and neither madsim nor a
//! simulated world is built: that is what the command line links against.
#![warn(missing_docs)]

pub mod file_names;
pub mod lineup;
pub mod near;
pub mod protocol;
pub mod scenario;
pub mod wrap;

#[cfg(feature = "sim")]
mod asking;
#[cfg(feature = "sim")]
pub mod at_work;
#[cfg(feature = "sim")]
mod awaited;
#[cfg(feature = "sim")]
pub mod cluster;
#[cfg(feature = "sim")]
pub mod errand;
#[cfg(feature = "sim")]
pub mod failed;
#[cfg(feature = "flight")]
mod fly;
#[cfg(feature = "sim")]
pub mod grounded;
#[cfg(feature = "sim")]
pub mod history;
#[cfg(feature = "sim")]
pub mod judge;
#[cfg(feature = "sim")]
pub mod ledger;
#[cfg(feature = "sim")]
pub mod libtest;
#[cfg(feature = "sim")]
pub mod load;
#[cfg(feature = "sim")]
pub mod meter;
#[cfg(feature = "sim")]
pub mod operations;
#[cfg(feature = "sim")]
mod output;
#[cfg(feature = "sim")]
pub mod pairs;
#[cfg(feature = "sim")]
pub mod parent;
#[cfg(feature = "sim")]
mod plan;
#[cfg(feature = "sim")]
mod run;
#[cfg(feature = "sim")]
pub mod starter;
#[cfg(feature = "sim")]
mod stopped;
#[cfg(feature = "sim")]
mod storm;
#[cfg(feature = "sim")]
mod story;
#[cfg(feature = "sim")]
pub mod suite;
#[cfg(feature = "sim")]
pub mod table;
#[cfg(all(test, feature = "sim"))]
mod ticks;
#[cfg(feature = "sim")]
mod watch;
#[cfg(feature = "sim")]
mod wording;
#[cfg(feature = "sim")]
pub mod worker;

// The allocator of every binary that this is linked to.
#[cfg(feature = "sim")]
use lab_allocator as _;
