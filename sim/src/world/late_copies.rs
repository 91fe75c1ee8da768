//! Requests that come again: each to the process that has answered it, when the answer has left, and for nobody.

use crate::line::{CallId, Event, Method};
use crate::units::{Nanos, NodeId};
use std::collections::BTreeMap;

/// A caller and whom it calls.
type Ends = (NodeId, NodeId);

/// Copies that wait until their request is answered.
#[derive(Debug, Default)]
pub(super) struct LateCopies {
    /// How late after the answer, and the body.
    waiting: BTreeMap<(Ends, CallId), (Nanos, Vec<u8>)>,
    sent: u64,
}

impl LateCopies {
    /// A request has arrived that is to come again.
    pub fn taken(&mut self, ends: Ends, call: CallId, late: Nanos, body: &[u8]) {
        self.waiting.insert((ends, call), (late, body.to_vec()));
    }

    /// A call is answered by whom it called: its copy, and how late it is. A request that no handler took does not come again, since its
    /// caller may count on it that nothing has come of it.
    pub fn answered(&mut self, ends: Ends, call: CallId, method: &Method, by_handler: bool) -> Option<(Nanos, Event)> {
        if self.waiting.is_empty() {
            return None;
        }
        let (late, body) = self.waiting.remove(&(ends, call)).filter(|_| by_handler)?;
        self.sent += 1;
        let (from, call) = (ends.0, CallId::late_copy(self.sent));
        Some((late, Event::Request { from, call, method: method.clone(), body }))
    }

    /// The process of a node is gone, and with it what it would have answered.
    pub fn forget(&mut self, node: NodeId) {
        self.waiting.retain(|((_, to), _), _| *to != node);
    }
}
