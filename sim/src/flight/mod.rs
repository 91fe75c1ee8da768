//! The tester's side of flight: the same test bodies, with real processes, real TCP and real files.
//!
//! In the simulation a [`World`](crate::world) carries out what the tester does; here the pilot does, to processes that
//! run the same executor (see [`real`](crate::real)). Test bodies, observers and what they share with the tester are
//! those of the simulation. The map, in the order in which to read:
//!
//! | file | holds |
//! |---|---|
//! | `flight` | how a flight is set up and what is known of it afterwards |
//! | `pilot` | the loop: the tester's executor on the real clock |
//! | `arrivals`, `commands` | what comes from nodes, and what is done to them |
//! | `order` | why nothing is shown before its cause |
//! | `fleet`, `process`, `machine` | directories and ports, processes, and what is known of each |
//! | `descriptors` | how many files that takes |
//! | `control_link` | the tester's end of a control port |
//! | `proxy` | cuts and delays on every link |
//! | `unmade` | what flight cannot make, and why |
//! | `history` | what is written down |
#![allow(clippy::disallowed_methods)] // threads and the real clock, which is what flight is about

mod arrivals;
mod commands;
mod control_link;
mod descriptors;
mod fleet;
#[allow(clippy::module_inception)]
mod flight;
mod history;
mod latency;
mod machine;
mod order;
mod pilot;
mod process;
pub mod proxy;
mod unmade;

pub use flight::{Flight, FlightOptions, Flown, TakeOffError};
pub use latency::Latency;
pub use process::NodeBinary;
pub use unmade::{Skipped, UNMADE, Unmade};
