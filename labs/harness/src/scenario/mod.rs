//! Weather as data: scenario files, and the schedules that a seed draws from them.
//!
//! Only data, reading, checking and drawing: nothing here knows the simulated world, so the command line builds it too.
//! Read [`file`](Scenario) for what a scenario says, `draw` for how a seed becomes a [`Schedule`],
//! [`Action`] for what a schedule can do to the world, and `read` for what happens to a wrong file.
//! The format is described for its users in docs/SCENARIOS.md.

mod action;
mod check;
mod complaint;
mod draw;
mod family;
mod file;
mod occasions;
mod partition;
mod place;
mod range;
mod read;
mod resolve;
mod ruled_out;
mod schedule;
mod schema;
mod strike;
mod time;
mod timing;
mod unsound;
mod weather;
mod write;

#[cfg(test)]
mod tests;

pub use action::{Action, ResolvedAction, ScheduledAction};
pub use complaint::{Complaint, ScenarioError};
pub use family::{
    BitRot, ClockDrift, ClockJump, CutLink, Direction, DiskError, DiskFull, DiskSlow, Duplicate, Family, Kill, Kind,
    Links, LossyLink, Partition, Pause, PowerLoss, Reorder, Shape, SlowLink, SlowNode,
};
pub use file::{DrawnLoad, Load, Scenario};
pub use occasions::Occasions;
pub use place::{Place, Places, Target};
pub use range::{Between, Clients, CommandBytes, Draw, Drift, Factor, Rate};
pub use read::Vocabulary;
pub use resolve::Strikes;
pub use ruled_out::RuledOut;
pub use schedule::{Drawn, Event, Schedule, When};
pub use schema::schema;
pub use time::{Offset, Time, TimeError};
pub use timing::{Occasion, Timing};
pub use weather::{Clock, Disk, DiskChange, Link, LinkChange, Network, Node, NodeDisk, Process};
