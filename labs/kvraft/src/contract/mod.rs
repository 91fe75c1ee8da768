//! The contract: what a submission implements, and the words it is written in.
//!
//! Begin with the traits, part by part: a [`Replicated`] keeps a [`StateMachine`] of which each server has a replica, a [`Server`] is a
//! key/value service made of one, and a [`Clerk`] asks whichever server leads. A [`Submission`] names the three.
//! Versions, values and what a put may say are those of the lab kv.

mod clerk;
mod errors;
mod messages;
mod options;
mod replicated;
mod server;
mod state_machine;
mod submission;

pub use clerk::Clerk;
pub use errors::NotServed;
pub use lab_kv::contract::{GetError, MAX_DRIFT_PPM, PutError, PutRefused, Version, Versioned};
pub use messages::{Append, ClerkId, Get, Put};
pub use options::{ENTRY_BYTES, Options};
pub use replicated::Replicated;
pub use server::Server;
pub use state_machine::StateMachine;
pub use submission::Submission;
