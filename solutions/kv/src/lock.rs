//! The lock: a key that names its holder, and a version that is the token.
//!
//! Whoever puts its name over a free lock holds it; a put of a version that has passed is refused, so of several only one
//! does. The version grows with each put, so it is the fencing token as it stands.
//!
//! Nobody can ask a holder that is dead. So a holding ends by itself, and two clocks must agree that it has: the holder's
//! counts from *before* its put was sent, and whoever waits counts from *after* it has seen the put, and so much longer
//! that a slow clock over there and a fast one here make no difference.

use lab_kv::{Clerk, GetError, LEASE, Lease, MAX_DRIFT_PPM, PutError, Token, Version, Versioned};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::time::{self, Instant};
use windtunnel::{node, rand};

/// The value of a lock that nobody holds.
const FREE: &str = "";

/// Whoever waits looks again after, so that not all look at the same time.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(60)];

/// What a lease of a clock that loses all it may takes on a clock that gains all it may.
const LEASE_OF_ANY_CLOCK: Duration = {
    const MILLION: u64 = 1_000_000;
    let micros = LEASE.as_micros() as u64 * (MILLION + MAX_DRIFT_PPM) / (MILLION - MAX_DRIFT_PPM);
    Duration::from_micros(micros + 1)
};

/// The lock of one clerk. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lock<C>(Rc<Inner<C>>);

#[derive(Debug)]
struct Inner<C> {
    clerk: C,
    key: String,
    /// What this clerk has put, if it holds the lock as far as it knows.
    held: RefCell<Option<Versioned>>,
}

/// A holding of somebody else, and since when this one knows of it.
struct Seen {
    version: Version,
    since: Instant,
}

impl<C: Clerk> lab_kv::Lock<C> for Lock<C> {
    fn new(clerk: C, name: &str) -> Self {
        Lock(Rc::new(Inner { clerk, key: name.to_owned(), held: RefCell::default() }))
    }

    async fn acquire(&self) -> Lease {
        // A name for this turn alone: that of an earlier one, or before a restart, is somebody else's.
        let name = format!("{} {:016x}", node::id(), rand::stream("lock").word());
        let mut seen: Option<Seen> = None;
        loop {
            let version = match self.0.clerk.get(&self.0.key).await {
                Err(GetError::NoKey) => Some(Version::NONE),
                // Free, or an own put that came too late to be of use.
                Ok(known) if known.value == FREE || known.value == name => Some(known.version),
                Ok(known) => is_over(&mut seen, known.version).then_some(known.version),
            };
            if let Some(version) = version
                && let Some(lease) = self.try_to_hold(&name, version).await
            {
                return lease;
            }
            let [low, high] = LOOK_AGAIN;
            time::sleep(rand::stream("lock").duration(low, high)).await;
        }
    }

    async fn release(&self) {
        let held = self.0.held.borrow_mut().take();
        if let Some(held) = held {
            // Refused if somebody has taken it over meanwhile; and if maybe, then somebody will find out.
            let _ = self.0.clerk.put(&self.0.key, FREE, held.version).await;
        }
    }
}

impl<C: Clerk> Lock<C> {
    /// Puts the name over that version. Holds the lock if the put is done while there is something left of the lease.
    async fn try_to_hold(&self, name: &str, version: Version) -> Option<Lease> {
        let until = Instant::now() + LEASE;
        let is_held = match self.0.clerk.put(&self.0.key, name, version).await {
            Ok(()) => true,
            Err(PutError::Maybe) => {
                let known = self.0.clerk.get(&self.0.key).await;
                known.is_ok_and(|known| known.value == name && known.version == version.next())
            }
            Err(PutError::Version | PutError::NoKey) => false,
        };
        if !is_held || Instant::now() >= until {
            return None;
        }
        let held = Versioned { value: name.to_owned(), version: version.next() };
        let token = Token(held.version.0);
        self.0.held.replace(Some(held));
        Some(Lease { token, until })
    }
}

/// Whether a holding is over, having been seen for long enough.
fn is_over(seen: &mut Option<Seen>, version: Version) -> bool {
    match seen {
        Some(seen) if seen.version == version => seen.since.elapsed() >= LEASE_OF_ANY_CLOCK,
        _ => {
            *seen = Some(Seen { version, since: Instant::now() });
            false
        }
    }
}
