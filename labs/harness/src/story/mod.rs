//! Tells a recorded run in rows: who did what, in columns by node.
//!
//! [`rows`] makes all rows of a recording, as a replay shows them; [`mark`] finds the one in which a rule
//! broke; [`of_failure`] chooses the few that a failure shows, and [`calls`] says what became of the calls that it asks for. Next to read: `teller`, then `choice`.

mod calls;
mod choice;
mod disk;
mod run;
mod strikes;
mod teller;
#[cfg(test)]
mod tests;
mod weather;

pub(crate) use calls::calls;
pub(crate) use choice::{mark, of_failure};
pub use run::Run;
pub(crate) use teller::rows;

/// What the first start of a node says.
const FIRST_START: &str = "starts";
/// Begins what a disk's answer says that made a node stop.
const DISK_DONE: &str = "disk done";
