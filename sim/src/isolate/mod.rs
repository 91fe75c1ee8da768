//! Where a node lives: in the world's own thread, or in an operating-system process of its own.
//!
//! Both handle the same frames. In a process nothing is shared with other nodes: where a trace
//! depends on a static or an address, the two hashes differ.

mod child;
mod core;
mod frame;
mod parent;

pub use child::run_node_if_asked;
pub(crate) use core::pin_to_one_core;
pub(crate) use frame::Frame;

use crate::executor::{Executor, Program};
use crate::line::Effect;
use crate::memory;
use crate::units::Seed;
use crate::world::Isolation;
use parent::NodeProcess;

/// The place of one incarnation.
#[derive(Debug)]
pub(crate) enum Host {
    Thread(Executor),
    Process(NodeProcess),
}

impl Host {
    /// Makes a place for an incarnation that waits for its start event.
    ///
    /// # Errors
    /// With what went wrong, if no process could be started.
    pub fn boot(isolation: Isolation, program: &Program, seed: Seed) -> Result<Self, String> {
        match isolation {
            Isolation::Thread => Ok(Host::Thread(Executor::new(program))),
            Isolation::Process => NodeProcess::spawn(seed).map(Host::Process),
        }
    }

    /// Handles one event to the end; fills `effects`, which is empty. Says how much more heap the
    /// node holds, in bytes: what comes with the event is its own from here on, and the effects
    /// still count to it.
    ///
    /// # Errors
    /// With what became of the process, if it is gone.
    pub fn step(&mut self, frame: Frame, effects: &mut Vec<Effect>) -> Result<i64, String> {
        match self {
            Host::Thread(executor) => Ok(step(executor, frame, effects)),
            Host::Process(process) => process.step(&frame, effects),
        }
    }

    /// Ends the incarnation: nothing of it runs any more.
    pub fn kill(self) {
        match self {
            Host::Thread(executor) => executor.kill(),
            Host::Process(process) => process.kill(),
        }
    }
}

#[inline]
fn step(executor: &mut Executor, frame: Frame, effects: &mut Vec<Effect>) -> i64 {
    let before = memory::held() - frame.event.heap_bytes() as i64;
    executor.step(frame.clock, frame.event, effects);
    memory::held() - before
}
