//! The shapes of partitions, as cuts between parts.

use super::action::{Action, ScheduledAction};
use super::family::{Direction, Partition, Shape};
use super::place::{Places, Target};
use super::strike::{Storm, both_or_one, shuffled};
use windtunnel::NodeId;
use windtunnel::streams::Stream;

/// The cuts of one drawn partition.
pub(super) fn draw(partition: &Partition, storm: Storm, stream: &mut Stream) -> Vec<ScheduledAction> {
    let shape = partition.shapes[stream.below(partition.shapes.len() as u64) as usize];
    let order = shuffled(storm.nodes, stream);
    let ends = match shape {
        Shape::IsolateOne => {
            let (near, far) = isolated(&partition.target, &order, storm, stream);
            both_or_one(near, far, partition.direction, stream)
        }
        Shape::Halves => parted(&order, order.len() / 2, partition.direction, stream),
        Shape::MajorityMinority => {
            let minority = 1 + stream.below((order.len() as u64 - 1) / 2);
            parted(&order, minority as usize, partition.direction, stream)
        }
        // The last of the order stands in the middle and hears both halves.
        Shape::Bridge => parted(&order[..order.len() - 1], (order.len() - 1) / 2, partition.direction, stream),
        Shape::Ring => {
            let apart = |a: usize, b: usize| b - a > 1 && b - a < order.len() - 1;
            pairs(&order, apart, partition.direction, stream)
        }
        Shape::Random => {
            let coins: Vec<bool> = (0..order.len() * order.len()).map(|_| stream.below(2) == 0).collect();
            // The first pair is always cut, else there may be no partition at all.
            let apart = |a: usize, b: usize| (a, b) == (0, 1) || coins[a * order.len() + b];
            pairs(&order, apart, partition.direction, stream)
        }
    };
    ends.into_iter().map(|(from, to)| Action::Cut { from, to }).collect()
}

fn isolated(target: &Target, order: &[NodeId], storm: Storm, stream: &mut Stream) -> (Places, Places) {
    let node = match target {
        Target::Leader => return (Places::Leader, Places::Others),
        Target::Follower => return (Places::Follower, Places::Others),
        Target::Nodes(listed) => listed[0],
        Target::Client => storm.client(stream),
        _ => order[0],
    };
    let others = order.iter().copied().filter(|other| *other != node);
    (Places::Nodes(vec![node]), sorted(others))
}

fn parted(order: &[NodeId], size: usize, direction: Direction, stream: &mut Stream) -> Vec<(Places, Places)> {
    let (one, other) = order.split_at(size);
    both_or_one(sorted(one.iter().copied()), sorted(other.iter().copied()), direction, stream)
}

/// Cuts those pairs of places in the order, the first below the second, that are apart.
fn pairs(
    order: &[NodeId],
    apart: impl Fn(usize, usize) -> bool,
    direction: Direction,
    stream: &mut Stream,
) -> Vec<(Places, Places)> {
    let mut ends = Vec::new();
    for first in 0..order.len() {
        let far: Vec<NodeId> =
            (first + 1..order.len()).filter(|&second| apart(first, second)).map(|i| order[i]).collect();
        if !far.is_empty() {
            ends.extend(both_or_one(Places::Nodes(vec![order[first]]), sorted(far.into_iter()), direction, stream));
        }
    }
    ends
}

fn sorted(nodes: impl Iterator<Item = NodeId>) -> Places {
    let mut nodes: Vec<NodeId> = nodes.collect();
    nodes.sort_unstable();
    Places::Nodes(nodes)
}
