//! Who holds which lock: one at a time, each with a higher token than all before.

use crate::contract::{LEASE, Token};
use crate::observation::{Acquired, Holding, Shown};
use lab_harness::failed::Failed;
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

const FENCING: &str =
    "Kleppmann, \"How to do distributed locking\": the token increases every time a client acquires the lock.";
const EXCLUSION: &str = "The contract, Lease::until: nobody else holds the lock before this node's clock shows that.";
const LENGTH: &str = "The contract, Lease::until: in the future, and at most LEASE from now.";

/// All locks.
#[derive(Debug, Default)]
pub struct Turns {
    locks: BTreeMap<String, TurnsOfOne>,
}

/// One lock.
#[derive(Debug, Default)]
struct TurnsOfOne {
    highest: Option<Token>,
    holders: BTreeMap<Token, Holder>,
    /// Who has stood still since it wanted the lock: it may have had it before, and tells so late.
    late_tellers: BTreeSet<NodeId>,
    /// Of each node that wanted it, how often it had it: 0 of who waited in vain.
    acquired: BTreeMap<NodeId, u64>,
    /// The lease of which least was left when it was acquired, and whose it was.
    shortest: Option<(Nanos, NodeId)>,
}

/// Somebody who believes to hold the lock.
#[derive(Debug)]
struct Holder {
    node: NodeId,
    since: Nanos,
    /// Whether its lease is known to go on: who has stood still cannot say when it was over.
    sure: bool,
}

impl Turns {
    /// For how long a lock was acquired when it was for the shortest time, and by whom.
    #[must_use]
    pub fn shortest_lease(&self, lock: &str) -> Option<(Nanos, NodeId)> {
        self.locks.get(lock)?.shortest
    }

    /// How often a node has acquired a lock.
    #[must_use]
    pub fn acquired(&self, lock: &str, node: NodeId) -> u64 {
        self.locks.get(lock).and_then(|lock| lock.acquired.get(&node)).copied().unwrap_or_default()
    }

    /// How many turns there were with all locks, and how many had who had fewest and who had most of those who wanted one; nothing
    /// if nobody did.
    #[must_use]
    pub fn counted(&self) -> BTreeMap<String, u64> {
        let mut turns = BTreeMap::<NodeId, u64>::new();
        for (node, count) in self.locks.values().flat_map(|lock| &lock.acquired) {
            *turns.entry(*node).or_default() += count;
        }
        let (Some(fewest), Some(most)) = (turns.values().min(), turns.values().max()) else { return BTreeMap::new() };
        let counts = [("turns", turns.values().sum()), ("fewest of a client", *fewest), ("most of a client", *most)];
        counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    }

    /// Somebody waits for a lock from now on.
    pub fn want(&mut self, lock: &str, node: NodeId) {
        let lock = self.locks.entry(lock.to_owned()).or_default();
        lock.acquired.entry(node).or_default();
        lock.late_tellers.remove(&node);
    }

    /// Somebody has acquired a lock.
    ///
    /// # Errors
    /// If the lock is another's, or its token or lease cannot be.
    pub fn take(&mut self, moment: Moment, node: NodeId, acquired: &Acquired) -> Result<(), Failed> {
        let Acquired { holding: Holding { lock: name, token }, left } = acquired;
        let lock = self.locks.entry(name.clone()).or_default();
        if *left == Nanos::ZERO || *left > Nanos::from(LEASE) {
            let title =
                format!("{node} acquires lock {name:?} for {left}, and a lease is for {} at most.", Nanos::from(LEASE));
            return Err(Failed::new("lease-length", title).from_source(LENGTH).on([node]));
        }
        if let Some(holder) = lock.holders.values().find(|holder| holder.sure) {
            let (other, since) = (holder.node, holder.since);
            let title = format!("{node} acquires lock {name:?}, which {other} has held since {since} and still holds.");
            return Err(Failed::new("one-holder", title).from_source(EXCLUSION).on([node, other]));
        }
        let in_order = |highest: &Token| highest < token || (highest > token && lock.late_tellers.contains(&node));
        if let Some(highest) = lock.highest.filter(|highest| !in_order(highest)) {
            let title =
                format!("{node} acquires lock {name:?} as token {token}, and there was a token {highest} before.");
            return Err(Failed::new("fencing-token", title).from_source(FENCING).on([node]));
        }
        let is_newest = lock.highest < Some(*token);
        lock.highest = lock.highest.max(Some(*token));
        lock.shortest = lock.shortest.into_iter().chain([(*left, node)]).min();
        *lock.acquired.entry(node).or_default() += 1;
        lock.holders.insert(*token, Holder { node, since: moment.at, sure: is_newest });
        Ok(())
    }

    /// A lease is over, or about to be released.
    pub fn over(&mut self, holding: &Holding) {
        if let Some(lock) = self.locks.get_mut(&holding.lock) {
            lock.holders.remove(&holding.token);
        }
    }

    /// The vault was shown a token.
    ///
    /// # Errors
    /// If it turned away somebody who holds the lock.
    pub fn shown(&mut self, node: NodeId, shown: &Shown) -> Result<(), Failed> {
        let Holding { lock: name, token } = &shown.holding;
        let holder = self.locks.get(name).and_then(|lock| lock.holders.get(token));
        if shown.accepted || shown.left == Nanos::ZERO || !holder.is_some_and(|holder| holder.sure) {
            return Ok(());
        }
        let title = format!("{node} holds lock {name:?} as token {token}, and the vault has seen a higher one.");
        Err(Failed::new("one-holder", title).from_source(EXCLUSION).on([node]))
    }

    /// A node has died: it holds nothing any more.
    pub fn died(&mut self, node: NodeId) {
        self.locks.values_mut().for_each(|lock| lock.holders.retain(|_, holder| holder.node != node));
    }

    /// A node stands still: it cannot say when its leases are over.
    pub fn paused(&mut self, node: NodeId) {
        for lock in self.locks.values_mut() {
            lock.late_tellers.insert(node);
            lock.holders.values_mut().filter(|holder| holder.node == node).for_each(|holder| holder.sure = false);
        }
    }
}

#[cfg(test)]
mod tests;
