//! The unsound disks of a run: those that may fail, fill up or rot under `where = "unsound"`.
//!
//! A server whose disk has failed may stop for good, so a majority of all disks must stay sound or the storm's end
//! could ask for nothing. They are drawn once a run, for all families alike.

use super::draw::options;
use super::range::Between;
use super::strike::shuffled;
use windtunnel::{NodeId, Seed};

/// The nodes with an unsound disk among so many, in order: one at least, fewer than half of them.
pub(super) fn nodes(nodes: u32, seed: Seed) -> Vec<NodeId> {
    let mut stream = options(seed, "unsound", 0);
    let most = u64::from(nodes.saturating_sub(1)) / 2;
    let count = Between { from: 1, to: most.max(1) }.one(&mut stream);
    let mut drawn = shuffled(nodes, &mut stream);
    drawn.truncate(count as usize);
    drawn.sort_unstable();
    drawn
}
