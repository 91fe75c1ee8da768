//! One order for what all nodes show: none is shown before what may have caused it.
//!
//! What one step of a node showed is one piece: a judge that compares the parts of a step must not see half of one.
//!
//! Every frame carries the time at which its node's step began, on the one monotonic clock that all processes of a
//! machine share, and a node gives its frames to the kernel before its messages. So if a step of one node could
//! know of a step of another, it began after that one's frames were there to be read. The pilot notes the time, reads all
//! that is there on every port, and releases, in the order of their times, the frames from before that time:
//! whatever could be a cause of those has been read as well. Steps that know nothing of each other come in the order of
//! their times too, but a rule must not hang on that: a frame may have been late.
//!
//! Three things this takes. All nodes are on this machine. A node whose frames find no room in its socket, since the
//! pilot is megabytes behind, keeps its messages until they do (`real::driver`); past 64 MiB it ends, and so does the
//! flight, undecided. And what a killed node had shown is in the kernel, from where it is read after its death; the step
//! in which it was killed may be missing, with all that it said to others.

use crate::real::control_protocol::FromNode;
use crate::units::NodeId;
use std::collections::BTreeMap;

/// What a node sent in one step, or a single frame that belongs to none.
#[derive(Debug)]
pub(super) struct Piece {
    pub node: NodeId,
    /// When the step began that made it: nanoseconds of the machine's monotonic clock.
    pub stamp: u64,
    pub frames: Vec<FromNode>,
}

/// Puts the frames of one node together, as they come.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    frames: Vec<FromNode>,
    /// Whether more of the step is still to come.
    in_step: bool,
}

impl Assembly {
    /// Adds a frame; gives out the piece if that makes it whole. What is never made whole was cut short by the end of
    /// its process, and nobody has heard of that step.
    pub fn add(&mut self, frame: FromNode) -> Option<Vec<FromNode>> {
        match frame {
            FromNode::Observed { .. } => self.in_step = true,
            FromNode::Stepped { .. } => self.in_step = false,
            _ => {}
        }
        self.frames.push(frame);
        (!self.in_step).then(|| std::mem::take(&mut self.frames))
    }
}

/// Pieces that were read and not released.
#[derive(Debug, Default)]
pub(super) struct Order {
    held: BTreeMap<(u64, u64), Piece>,
    /// Pieces of one time stay in the order in which they were read.
    read: u64,
}

impl Order {
    pub fn hold(&mut self, piece: Piece) {
        self.read += 1;
        self.held.insert((piece.stamp, self.read), piece);
    }

    /// The next piece from before `horizon`, at which the last reading of all ports began.
    pub fn release(&mut self, horizon: u64) -> Option<Piece> {
        let first = self.held.first_entry().filter(|first| first.key().0 <= horizon)?;
        Some(first.remove())
    }

    pub fn holds(&self, node: NodeId) -> bool {
        self.held.values().any(|piece| piece.node == node)
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(step: u64) -> FromNode {
        FromNode::Observed { step, at_ns: 0, kind: String::new(), body: Vec::new() }
    }

    fn piece(node: u32, stamp: u64) -> Piece {
        Piece { node: NodeId(node), stamp, frames: vec![shown(stamp)] }
    }

    #[test]
    fn an_effect_that_is_read_first_is_released_after_its_cause() {
        let mut order = Order::default();
        let mut released = Vec::new();
        // The first reading begins at 50. It finds the port of node 1 empty; then node 1 makes its step of 60, and node 2,
        // which heard of that, its step of 70, which the same reading finds.
        order.hold(piece(2, 40));
        order.hold(piece(2, 70));
        released.extend(std::iter::from_fn(|| order.release(50)));
        assert!(!order.is_empty() && order.holds(NodeId(2)) && !order.holds(NodeId(1)));
        // The second reading begins at 80.
        order.hold(piece(1, 60));
        released.extend(std::iter::from_fn(|| order.release(80)));
        let order_of: Vec<_> = released.iter().map(|piece| (piece.node.0, piece.stamp)).collect();
        assert_eq!(order_of, [(2, 40), (1, 60), (2, 70)]);
    }

    #[test]
    fn pieces_of_one_time_stay_in_their_order() {
        let mut order = Order::default();
        [3, 1, 2].into_iter().for_each(|node| order.hold(piece(node, 10)));
        let nodes = std::iter::from_fn(|| order.release(10)).map(|piece| piece.node.0);
        assert_eq!(nodes.collect::<Vec<_>>(), [3, 1, 2]);
    }

    #[test]
    fn what_a_step_showed_comes_whole_and_all_else_at_once() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.add(FromNode::Ready), Some(vec![FromNode::Ready]));
        assert_eq!(assembly.add(shown(1)), None);
        assert_eq!(assembly.add(FromNode::Ready), None, "it belongs to the step");
        let whole = vec![shown(1), FromNode::Ready, FromNode::Stepped { fsyncs: 1 }];
        assert_eq!(assembly.add(FromNode::Stepped { fsyncs: 1 }), Some(whole));
        assert_eq!(assembly.add(shown(2)), None, "a half is never given out");
    }
}
