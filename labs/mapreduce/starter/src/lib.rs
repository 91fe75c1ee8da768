//! A coordinator and a worker of your own. They compile, take every job, and do none.
//!
//! Follow the `TODO(you)` marks: the worker asks, the coordinator gives it tasks; then map, then reduce, then what happens when somebody
//! dies. The handout says what each must stand: labs/mapreduce/README.md.

mod coordinator;
mod messages;
mod worker;

pub use coordinator::Coordinator;
pub use worker::Worker;
