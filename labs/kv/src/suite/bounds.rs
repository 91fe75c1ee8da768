//! All bounds of the suite, each with MIT's number beside it. Times are virtual.

use crate::contract::{LEASE, MAX_DRIFT_PPM};
use std::time::Duration;
use windtunnel::Nanos;

/// An operation is answered within, when the server runs and can be reached. (MIT: none; Go ends the test after 10 min)
pub const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A lock that nobody has died with is acquired within. (MIT: none)
pub const TURN_WITHIN: Duration = Duration::from_secs(60);

/// A lock whose holder has died, or cannot be heard, is acquired within: a lease of the slowest clock, and time to look.
pub const LOCK_OF_THE_DEAD_WITHIN: Duration = LEASE.saturating_mul(2);

/// Of a lease so much is left at least when the lock is acquired, where no message is lost. (MIT: none, it has no leases)
pub const LEASE_LEFT: Duration = LEASE.checked_div(2).expect("two is not zero");

/// A lock that nobody holds is acquired within, where no message is lost, whatever other locks are held. (MIT: none)
pub const FREE_LOCK_WITHIN: Duration = LEASE.checked_div(2).expect("two is not zero");

/// The drift of the fastest clock that the contract allows.
pub const DRIFT_PPM: i32 = MAX_DRIFT_PPM as i32;

/// How long clients put at the same time. (MIT: 1 s)
pub const PUTS_FOR: Duration = Duration::from_secs(1);

/// How long clients take turns with a lock. (MIT: 2 s)
pub const TURNS_FOR: Duration = Duration::from_secs(2);

/// What a client does inside a lock takes so long. (MIT: 10 ms)
pub const INSIDE_FOR: Duration = Duration::from_millis(10);

/// How many clerks there are at the same time. (MIT: 100,000; Spring 2026: 20,000)
pub const CROWD: u32 = 100_000;

/// How long the values are that they put. (MIT: 1,000)
pub const CROWD_VALUE_BYTES: usize = 1_000;

/// What may be held for each of them, in bytes of any node's heap at any moment. (MIT: 200, of the whole process)
pub const BYTES_EACH: u64 = 200;

/// Puts on an unreliable network. (MIT: 100)
pub const UNRELIABLE_ROUNDS: u64 = 100;

/// So many more may be needed until one of them is perhaps done: one in ten is, so none is one test in 10^18.
pub const MORE_ROUNDS: u64 = 300;

/// Virtual time for a whole test. (MIT: 10 min, real)
pub const TEST_BUDGET: Nanos = Nanos::from_secs(120);

/// Virtual time for the crowd: two operations each, one after the other.
pub const CROWD_BUDGET: Nanos = Nanos::from_secs(6_000);

/// After a storm all is healed, and whatever was asked is answered within.
pub const ANSWER_AFTER_STORM: Duration = Duration::from_secs(10);

/// Virtual time for recovery.
pub const RECOVERY_BUDGET: Nanos = Nanos::from_secs(60);
