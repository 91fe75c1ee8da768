//! Checkers of histories, of no particular lab.
//!
//! A [`History`] says who asked what and when, and what was answered. A [`Model`] says what a sequential service would have answered; ready ones are
//! in [`models`]. [`check`](linearizability::check) says whether the one can have come from the other, and
//! `Online` does while it happens. With the feature `histories`, `read` takes them from files.

mod hash;
mod history;
pub mod linearizability;
mod model;
pub mod models;
#[cfg(feature = "histories")]
pub mod read;

pub use history::{ClientId, History, HistoryError, Operation, OperationId};
pub use model::{Asked, Model};
