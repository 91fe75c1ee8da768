//! All bounds of the suite, each with MIT's number beside it. Times are virtual.

use std::time::Duration;
use windtunnel::Nanos;

/// Virtual time for a whole test. (MIT: 45 s a process, 120 s in the crash test)
pub const TEST_BUDGET: Nanos = Nanos::from_secs(600);

/// A job whose calls take no time is done within. (MIT: 45 s)
pub const DONE_WITHIN: Duration = Duration::from_secs(15);

/// A job is done, or has failed, so soon after the last fault was healed, whatever is to be done again.
pub const DONE_AFTER_FAULTS: Duration = Duration::from_secs(30);

/// The crash test's job is done within: each call takes 5 s on average where it takes any time, and one in three kills. (MIT: 120 s)
pub const CRASHES_DONE_WITHIN: Duration = Duration::from_secs(400);

/// A job that cannot be done is told to have failed within.
pub const FAILED_WITHIN: Duration = Duration::from_secs(30);

/// Who runs a task when the job ends gives it up within. (MIT: when the test ends)
pub const GIVEN_UP_WITHIN: Duration = Duration::from_secs(3);

/// A submit is answered within, when the coordinator runs and the store can be reached.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How many inputs there are. (MIT: 8)
pub const INPUTS: usize = 8;

/// How long each is. (MIT: 400 kB on average)
pub const INPUT_BYTES: usize = 6 << 10;

/// A long one: to read it takes more than one call, and to put what it becomes as well.
pub const LONG_INPUT_BYTES: usize = 160 << 10;

/// How many reduce tasks. (MIT: 10)
pub const REDUCES: u32 = 10;

/// After a storm all is healed, and virtual time for recovery is.
pub const RECOVERY_BUDGET: Nanos = Nanos::from_secs(120);
