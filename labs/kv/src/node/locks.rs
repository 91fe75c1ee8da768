//! The locks of a node's clerks: who holds what until when, as the judge is shown it.

use super::vault;
use crate::contract::{Clerk, Lease, Lock, Token};
use crate::control::Used;
use crate::observation::{ACQUIRED, Acquired, Holding, LAPSED, RELEASED, SHOWN, Shown, WANTED, Wanted};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use windtunnel::task::JoinHandle;
use windtunnel::time::{Instant, sleep_until};
use windtunnel::{Nanos, node, spawn};

/// Which clerk, and the name of the lock.
type Which = (u32, String);

/// The locks that clerks of this node have asked for.
pub struct Locks<C, L> {
    locks: RefCell<BTreeMap<Which, L>>,
    held: RefCell<BTreeMap<Which, Held>>,
    of: PhantomData<fn(C)>,
}

/// A lock that was acquired and not released.
struct Held {
    lease: Lease,
    /// Tells the judge when the lease is over.
    lapse: JoinHandle<()>,
}

impl<C, L> Default for Locks<C, L> {
    fn default() -> Self {
        Locks { locks: RefCell::default(), held: RefCell::default(), of: PhantomData }
    }
}

impl<C: Clerk, L: Lock<C>> Locks<C, L> {
    /// Waits for a lock.
    pub async fn acquire(&self, clerk: u32, name: String, connect: impl FnOnce() -> C) -> Token {
        node::observe(WANTED, &Wanted { lock: name.clone() });
        let which = (clerk, name);
        let known = self.locks.borrow().get(&which).cloned();
        let lock = known.unwrap_or_else(|| L::new(connect(), &which.1));
        self.locks.borrow_mut().insert(which.clone(), lock.clone());
        let lease = lock.acquire().await;
        let holding = Holding { lock: which.1.clone(), token: lease.token };
        node::observe(ACQUIRED, &Acquired { holding: holding.clone(), left: left(lease) });
        let lapse = spawn(async move {
            sleep_until(lease.until).await;
            node::observe(LAPSED, &holding);
        });
        if let Some(before) = self.held.borrow_mut().insert(which, Held { lease, lapse }) {
            before.lapse.abort();
        }
        lease.token
    }

    /// Shows the token to the vault; nothing if the lock was not acquired.
    pub async fn show(&self, clerk: u32, name: String) -> Option<Used> {
        let which = (clerk, name);
        let lease = self.held.borrow().get(&which)?.lease;
        let holding = Holding { lock: which.1, token: lease.token };
        let accepted = vault::enter(holding.clone()).await.ok();
        let left = left(lease);
        if let Some(accepted) = accepted {
            node::observe(SHOWN, &Shown { holding, accepted, left });
        }
        Some(Used { accepted, left })
    }

    /// Releases a lock; whether it was acquired.
    pub async fn release(&self, clerk: u32, name: String) -> bool {
        let which = (clerk, name);
        let lock = self.locks.borrow().get(&which).cloned();
        let held = self.held.borrow_mut().remove(&which);
        let (Some(lock), Some(held)) = (lock, held) else { return false };
        held.lapse.abort();
        node::observe(RELEASED, &Holding { lock: which.1, token: held.lease.token });
        lock.release().await;
        true
    }
}

/// For how long it is still held.
fn left(lease: Lease) -> Nanos {
    lease.until.duration_since(Instant::now()).into()
}
