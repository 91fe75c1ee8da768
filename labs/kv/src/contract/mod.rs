//! The contract: what a submission implements, and the words it is written in.
//!
//! Begin with the three traits: [`Server`] keeps the pairs, [`Clerk`] asks it on behalf of a client, and [`Lock`] is
//! built on nothing but a clerk. Everything else here is a word that they use.

mod clerk;
mod errors;
mod lock;
mod messages;
mod server;
mod version;

pub use clerk::Clerk;
pub use errors::{GetError, PutError, PutRefused};
pub use lock::{LEASE, Lease, Lock, MAX_DRIFT_PPM, Token};
pub use messages::{Get, Put};
pub use server::Server;
pub use version::{Version, Versioned};
