//! MapReduce applications: what one is, and those that the lab runs.
//!
//! - [`App`]: what a user of MapReduce writes: map, reduce, and if they like combine and partition;
//! - [`Registry`]: applications by name, to which you may add your own;
//! - [`WordCount`], [`InvertedIndex`], [`Concordance`], [`Grep`], [`Sort`]: the examples of the 2004 paper (section 2.3);
//! - [`Timing`], [`SlowWords`], [`Crash`], [`Fragile`], [`WrongPartition`]: what tests need: calls that take their time or kill.
//!
//! Nothing here knows of nodes, disks or networks.
#![warn(missing_docs)]

mod app;
mod concordance;
mod crash;
mod fragile;
mod grep;
mod inverted_index;
mod partition;
mod registry;
mod slow_words;
mod sort;
mod sums;
mod timing;
mod values;
mod word_count;
mod words;
mod wrong_partition;

pub use app::{App, Call, Cost, Emit, EmitPair, Group, Record};
pub use concordance::Concordance;
pub use crash::Crash;
pub use fragile::{Fragile, Weak};
pub use grep::Grep;
pub use inverted_index::InvertedIndex;
pub use partition::by_hash;
pub use registry::{NotOpened, Registry};
pub use slow_words::SlowWords;
pub use sort::Sort;
pub use timing::Timing;
pub use word_count::WordCount;
pub use words::words;
pub use wrong_partition::WrongPartition;
