//! The reference submission to the key/value lab, written to be read.
//!
//! Read [`server`] first: what is asked and answered, in an order that a power loss cannot undo. `journal` is its disk.
//! [`clerk`] knows what it means that an answer did not come, and [`lock`] makes a lock of nothing but that.

pub mod clerk;
mod journal;
pub mod lock;
pub mod server;

pub use clerk::Clerk;
pub use lock::Lock;
pub use server::Server;
