//! Who watches a run: sees what nodes show, and may stop the world.

use super::disk::DiskStatistics;
use crate::line::LogLine;
use crate::units::{EventNumber, Incarnation, Nanos, NodeId};

/// Where and when something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time of the world.
    pub at: Nanos,
    /// The event during which it happened, or the last one before it.
    pub event: EventNumber,
}

/// What becomes of a node's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Its process has begun.
    Started(Incarnation),
    /// Its process was killed.
    Killed,
    /// Its machine lost power.
    PowerLost,
    /// It has ended itself: [`Observer::stopped`] has just been told why.
    Stopped,
    /// Its process stands still.
    Paused,
    /// Its process runs on.
    Resumed,
}

/// A node that has ended itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop<'a> {
    /// Why, in its own words.
    pub reason: &'a str,
    /// What its disk had done and suffered by then, in the whole run.
    pub disk: &'a DiskStatistics,
    /// The same when this incarnation of the node began.
    pub disk_at_start: &'a DiskStatistics,
}

/// What the world does after a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Response {
    /// Nothing.
    Continue,
    /// Wakes those parts of the tester that wait in [`Tester::changed`](super::Tester::changed).
    WakeTester,
    /// Ends the run here.
    Stop,
}

/// Sees what nodes show, in the order in which it happens, while the run goes on.
pub trait Observer {
    /// A node showed something, under the name of its kind.
    fn observed(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Response;

    /// A process is about to look at a request or an answer of another one's, or of its own. In flight nobody says so:
    /// what passes between nodes there does not pass the tester.
    fn delivered(&mut self, from: NodeId, to: NodeId) {
        let _ = (from, to);
    }

    /// Something happened to a node.
    fn lifecycle(&mut self, moment: Moment, node: NodeId, what: Lifecycle) -> Response {
        let _ = (moment, node, what);
        Response::Continue
    }

    /// A node has ended itself. [`Lifecycle::Stopped`] follows.
    fn stopped(&mut self, moment: Moment, node: NodeId, stop: Stop<'_>) -> Response {
        let _ = (moment, node, stop);
        Response::Continue
    }

    /// A step has ended; only in a run that is recorded.
    fn stepped(&mut self, moment: Moment, node: NodeId) {
        let _ = (moment, node);
    }

    /// A node logged a line. Must not change what `observed` answers: a run with logging on is the
    /// same run.
    fn logged(&mut self, moment: Moment, node: NodeId, line: &LogLine) {
        let _ = (moment, node, line);
    }
}

/// Sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blind;

impl Observer for Blind {
    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Response {
        Response::Continue
    }
}
