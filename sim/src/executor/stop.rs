//! A node that ends itself: [`node::stop`](crate::node::stop).
//!
//! The step ends where the node stops: nothing of its code counts from there on, caught or not. What the
//! step did before then leaves the node, as what a process gave its kernel before it exited does.

use super::context::Context;
use crate::line::Effect;
use crate::units::NodeId;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What unwinds the stack of a node that stops. No panic: no hook hears of it.
struct Stopped;

impl Context {
    /// Ends the node here. To catch what unwinds is of no use: the node is dead already.
    pub fn stop(&self, reason: String) -> ! {
        assert!(self.start.node != NodeId::TESTER, "the tester cannot stop: a test ends with its body");
        if !self.dead.replace(true) {
            *self.stopping.borrow_mut() = Some(reason);
        }
        resume_unwind(Box::new(Stopped))
    }

    /// The last word of a step in which the node has stopped; false if it has not.
    ///
    /// Others may learn from what leaves the node what it had become, so its hooks run once more. One that panics
    /// goes unheard: it may have met what the stop left half done.
    pub fn end_of_stop(&self) -> bool {
        let Some(reason) = self.stopping.take() else { return false };
        self.dead.set(false);
        let _ = catch_unwind(AssertUnwindSafe(|| self.run_before_output()));
        self.dead.set(false); // a hook may have stopped the node again
        self.emit(Effect::Stopped { reason });
        self.dead.set(true);
        true
    }
}
