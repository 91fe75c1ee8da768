//! Who is meant by `leader`, `follower` and `other` when a fault strikes.

use super::action::ResolvedAction;
use super::place::{Place, Places};
use super::schedule::Event;
use std::collections::BTreeMap;
use windtunnel::NodeId;

/// Remembers who led when each strike began, so that its end meets the same nodes, whoever leads by then.
#[derive(Clone, Debug)]
pub struct Strikes {
    nodes: u32,
    casts: BTreeMap<String, Cast>,
}

/// Who plays which role in a strike.
#[derive(Clone, Copy, Debug)]
struct Cast {
    leader: Option<NodeId>,
    follower: Option<NodeId>,
}

impl Strikes {
    /// Nothing struck yet, among so many nodes.
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        Strikes { nodes, casts: BTreeMap::new() }
    }

    /// The event's action on known nodes, now that `leader` leads; nothing if it hits nobody, as
    /// a fault of the leader while there is none. Such a strike stays without effect to its end.
    pub fn resolve(&mut self, event: &Event, leader: Option<NodeId>) -> Option<ResolvedAction> {
        let pick = event.pick.unwrap_or_default();
        let now = Cast { leader, follower: picked(self.all().filter(|node| Some(*node) != leader), pick) };
        let cast = match &event.strike {
            Some(strike) => *self.casts.entry(strike.clone()).or_insert(now),
            None => now,
        };
        event.action.clone().translate(
            |place| match place {
                Place::Node(node) => Some(node),
                Place::Leader => cast.leader,
                Place::Follower => cast.follower,
            },
            |from, to| match (self.named(&from, cast), self.named(&to, cast)) {
                (Some(from), Some(to)) => Some((from, to)),
                (Some(from), None) => Some((from.clone(), self.apart_from(&from, &to, pick)?)),
                (None, Some(to)) => Some((self.apart_from(&to, &from, pick)?, to)),
                (None, None) => None,
            },
        )
    }

    fn all(&self) -> impl Iterator<Item = NodeId> {
        (1..=self.nodes).map(NodeId)
    }

    /// The nodes of an end that does not depend on the other end.
    fn named(&self, end: &Places, cast: Cast) -> Option<Vec<NodeId>> {
        match end {
            Places::Nodes(nodes) => Some(nodes.clone()),
            Places::All => Some(self.all().collect()),
            Places::Leader => cast.leader.map(|node| vec![node]),
            Places::Follower => cast.follower.map(|node| vec![node]),
            Places::Other | Places::Others => None,
        }
    }

    /// The nodes of an end that is whatever the other end is not.
    fn apart_from(&self, known: &[NodeId], end: &Places, pick: u32) -> Option<Vec<NodeId>> {
        let rest = self.all().filter(|node| !known.contains(node));
        match end {
            Places::Others => Some(rest.collect()),
            Places::Other => picked(rest, pick).map(|node| vec![node]),
            // A role that nobody plays.
            _ => None,
        }
    }
}

fn picked(candidates: impl Iterator<Item = NodeId>, pick: u32) -> Option<NodeId> {
    let candidates: Vec<NodeId> = candidates.collect();
    let index = (pick as usize).checked_rem(candidates.len())?;
    Some(candidates[index])
}
