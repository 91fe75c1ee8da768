//! All bounds of the suite, each with MIT's number beside it. Times are virtual.

use crate::contract::ENTRY_BYTES;
use std::time::Duration;
use windtunnel::Nanos;

/// A leader is there so soon after the last change. (MIT: the submission's own time)
pub const LEADER_WITHIN: Duration = Duration::from_secs(5);

/// An operation is answered within, when a majority of the servers run and can be reached. (MIT: none; Go ends the test after 10 min)
pub const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// All replicas of the counter are equal within. (MIT: about 30 s)
pub const REPLICAS_WITHIN: Duration = Duration::from_secs(30);

/// A minority is watched for so long: it must not answer. (MIT: 1 s)
pub const WATCHED_FOR: Duration = Duration::from_secs(1);

/// A command is done within, when a majority of the servers run and hear each other. (MIT: 10 s)
pub const COMMAND_WITHIN: Duration = Duration::from_secs(10);

/// Who submitted to a leader that nobody heard is told so within, once it is heard again. (MIT: 1 s)
pub const LOST_WITHIN: Duration = Duration::from_secs(1);

/// Who submitted before the servers stopped is told what came of it within. (MIT: 11 s)
pub const STOPPED_WITHIN: Duration = Duration::from_secs(11);

/// A put that a minority could not do is done within, once it can. (MIT: 1 s and 3 s)
pub const DONE_AFTER_HEALING: Duration = Duration::from_secs(4);

/// How long clients work in each round. (MIT: 1 s)
pub const ROUND: Duration = Duration::from_secs(1);

/// Rounds. (MIT: 3)
pub const ROUNDS: u32 = 3;

/// All servers are down for so long. (MIT: 1 s)
pub const ALL_DOWN_FOR: Duration = Duration::from_secs(1);

/// Puts of the tests of speed. (MIT: 1000)
pub const SPEED_PUTS: u64 = 1_000;

/// And how long one of them takes on average. (MIT: 33.3 ms, which is three in a heartbeat's 100 ms)
pub const SPEED_EACH: Duration = Duration::from_micros(33_333);

/// Entries of so many bytes may be applied until a snapshot is due, in part snapshot. (MIT: `maxraftstate`, 1000)
pub const LOG_LIMIT: u64 = 1_000;

/// From one snapshot to the next a server applies fewer entries than that, if it takes one when it is due: none counts less than
/// [`ENTRY_BYTES`], and half as many again is for whoever looks at several at a time. (MIT: none)
pub const ENTRIES_BETWEEN_SNAPSHOTS: u64 = LOG_LIMIT * 3 / 2 / ENTRY_BYTES;

/// And so many entries on average, if it takes none before it is due: entries of ten times as much make as many. (MIT: none)
pub const ENTRIES_FOR_EACH_SNAPSHOT: u64 = LOG_LIMIT / 10 / ENTRY_BYTES;

/// What a server's disk may hold besides its snapshot, in parts rsm and snapshot. (MIT: 2 and 8 times the limit, of term, vote and
/// log as encoded)
pub const STATE_BYTES: [u64; 2] = [2 * LOG_LIMIT, 8 * LOG_LIMIT];

/// A server that writes a new state before it drops the old one is done within.
pub const STATE_WITHIN: Duration = Duration::from_secs(1);

/// The snapshot of a service with one short value. (MIT: 500)
pub const SMALL_SNAPSHOT_BYTES: u64 = 500;

/// For how long a leader may answer reads alone, in the tests of leases, in milliseconds.
pub const LEASE_MS: u64 = 2_000;

/// Virtual time for a whole test. (MIT: 120 s)
pub const TEST_BUDGET: Nanos = Nanos::from_secs(120);

/// After a storm all is healed, and whatever was asked is answered within.
pub const ANSWER_AFTER_STORM: Duration = Duration::from_secs(15);

/// Virtual time for recovery.
pub const RECOVERY_BUDGET: Nanos = Nanos::from_secs(90);
