//! One order for what all nodes show: none is shown before what may have caused it.
//!
//! Every frame carries the time at which its node's step began, on the one monotonic clock that all processes of a
//! machine share, and a node gives its frames to the kernel before its messages. So if a step of one node could
//! know of a step of another, it began after that one's frames were there to be read. The pilot notes the time, reads all
//! that is there on every port, and releases, in the order of their times, the frames from before that time:
//! whatever could be a cause of those has been read as well.

use crate::real::control_protocol::FromNode;
use crate::units::NodeId;
use std::collections::BTreeMap;

/// A frame of a node.
#[derive(Debug)]
pub(super) struct Frame {
    pub node: NodeId,
    /// When the step began that made it: nanoseconds of the machine's monotonic clock.
    pub stamp: u64,
    pub frame: FromNode,
}

/// Frames that were read and not released.
#[derive(Debug, Default)]
pub(super) struct Order {
    held: BTreeMap<(u64, u64), Frame>,
    /// Frames of one time stay in the order in which they were read.
    read: u64,
}

impl Order {
    pub fn hold(&mut self, frame: Frame) {
        self.read += 1;
        self.held.insert((frame.stamp, self.read), frame);
    }

    /// The next frame from before `horizon`, at which the last reading of all ports began.
    pub fn release(&mut self, horizon: u64) -> Option<Frame> {
        let first = self.held.first_entry().filter(|first| first.key().0 <= horizon)?;
        Some(first.remove())
    }

    pub fn holds(&self, node: NodeId) -> bool {
        self.held.values().any(|frame| frame.node == node)
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(node: u32, stamp: u64, step: u64) -> Frame {
        let frame = FromNode::Observed { step, at_ns: stamp, kind: String::new(), body: Vec::new() };
        Frame { node: NodeId(node), stamp, frame }
    }

    #[test]
    fn an_effect_that_is_read_first_is_released_after_its_cause() {
        let mut order = Order::default();
        let mut released = Vec::new();
        // The first reading begins at 50. It finds the port of node 1 empty; then node 1 makes its step of 60, and node 2,
        // which heard of that, its step of 70, which the same reading finds.
        order.hold(frame(2, 40, 1));
        order.hold(frame(2, 70, 2));
        released.extend(std::iter::from_fn(|| order.release(50)));
        assert!(!order.is_empty());
        // The second reading begins at 80.
        order.hold(frame(1, 60, 1));
        released.extend(std::iter::from_fn(|| order.release(80)));
        let order_of: Vec<_> = released.iter().map(|frame| (frame.node.0, frame.stamp)).collect();
        assert_eq!(order_of, [(2, 40), (1, 60), (2, 70)]);
    }

    #[test]
    fn frames_of_one_step_stay_in_their_order() {
        let mut order = Order::default();
        (1..=3).for_each(|step| order.hold(frame(1, 10, step)));
        let steps = std::iter::from_fn(|| order.release(10)).map(|frame| match frame.frame {
            FromNode::Observed { step, .. } => step,
            _ => unreachable!("only those were held"),
        });
        assert_eq!(steps.collect::<Vec<_>>(), [1, 2, 3]);
    }
}
