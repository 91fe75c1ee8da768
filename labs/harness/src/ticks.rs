//! A lab for tests of the harness itself: no test, no rule, and an observation that storms may wait for.

use crate::failed::Failed;
use crate::judge::{Interest, Judge};
use crate::suite::Lab;
use windtunnel::NodeId;
use windtunnel::world::Moment;

/// Lets everything pass.
pub(crate) struct Anything;

impl Judge for Anything {
    fn new(_: u32) -> Self {
        Anything
    }

    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Result<Interest, Failed> {
        Ok(Interest::None)
    }
}

/// Whose storms ask nobody for anything, and which does not fly.
pub(crate) fn lab<J: Judge>() -> Lab<J> {
    Lab { observations: &["tick"], ..Lab::bare("ticks") }
}
