//! All bounds of the suite, each with MIT's number beside it.
//!
//! Times are virtual. Where something is waited for they are upper bounds: waiting ends when it
//! happens. Where something must not happen they are the whole span, watched at every step.

use std::time::Duration;
use windtunnel::Nanos;

/// A leader is there so soon after the last change. (MIT: ten polls half a second apart)
pub const ELECTION_WITHIN: Duration = Duration::from_secs(5);

/// MIT's `ElectionTimeout`, the unit of its pauses: what an election may take.
pub const ELECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// A cluster without a quorum, or without a fault, is watched for so long. (MIT: sleeps that long and looks once)
pub const WATCHED_FOR: Duration = Duration::from_secs(2);

/// Somebody takes a command, and agreement on it is reached, within. (MIT: 10 s, `one()`)
pub const AGREEMENT_WITHIN: Duration = Duration::from_secs(10);

/// A command that a leader took is applied within. (MIT: 2 s, `one()`)
pub const APPLIED_WITHIN: Duration = Duration::from_secs(2);

/// Commands proposed at once to a leader are applied within. (MIT: about 30 s, `wait()`)
pub const BATCH_WITHIN: Duration = Duration::from_secs(30);

/// Whoever knows nothing of a leader asks again after. (MIT: 50 ms)
pub const ASK_AGAIN: Duration = Duration::from_millis(50);

/// A log that grows, or a disk, wakes no test body: whoever waits for that looks so often.
pub const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How often MIT looks for a leader: whoever counts calls until there is one counts to the end of such a span.
/// (MIT: 450 to 550 ms)
pub const LEADER_POLL: Duration = Duration::from_millis(500);

/// Calls until the first leader is found. (MIT: 30)
pub const CALLS_TO_ELECT: u64 = 30;

/// Calls to agree on a batch of that many commands. (MIT: 42 for 10 + 1 + 3)
pub const fn calls_to_agree(commands: u64) -> u64 {
    (commands + 1 + 3) * 3
}

/// Calls of three idle servers in a second. (MIT: 60)
pub const CALLS_IN_AN_IDLE_SECOND: u64 = 60;

/// Bytes on the network besides one copy of each command for each follower. (MIT: as much, but it
/// allows a copy for the leader too)
pub const BYTES_BESIDES_COMMANDS: u64 = 50_000;

/// A server's disk holds less than that besides its snapshot, after a round of snapshots. (MIT: 2000, of term, vote
/// and log as encoded)
pub const RAFT_STATE_BYTES: u64 = 2_000;

/// A server that writes a new state before it drops the old one is done within.
pub const RAFT_STATE_WITHIN: Duration = Duration::from_secs(1);

/// Virtual time for a whole test. (MIT: 120 s)
pub const TEST_BUDGET: Nanos = Nanos::from_secs(120);

/// After a storm all is healed, and there is a leader within.
pub const LEADER_AFTER_STORM: Duration = ELECTION_WITHIN;

/// After a storm who was paused wakes, and stands if it does so for its timer's sake, within. Terms of that time belong
/// to the storm.
pub const WAKING: Duration = Duration::from_millis(250);

/// After a storm a new command is applied on all, and every server has caught up, within.
pub const AGREEMENT_AFTER_STORM: Duration = AGREEMENT_WITHIN;

/// Once there is a leader after a storm, terms are watched for so long: longer than MIT gives to a whole election, and a
/// server whose timer no heartbeat resets begins a term at each of its timeouts.
pub const TERMS_WATCHED_FOR: Duration = Duration::from_secs(6);

/// The same, if that time is over when all have caught up.
pub const TERMS_WATCHED_AT_LEAST: Duration = Duration::from_secs(2);

/// Terms that may still come in that time.
pub const TERMS_AFTER_STORM: u64 = 2;

/// Virtual time for all of that.
pub const RECOVERY_BUDGET: Nanos = Nanos::from_secs(40);

/// A client in a storm waits so long for an answer.
pub const CLIENT_PATIENCE: Duration = Duration::from_millis(500);
