//! How an application fails an attempt.

use serde::{Deserialize, Serialize};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why an attempt cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppFailure {
    /// The application has died of a record. The attempt is lost; tell the coordinator, so that the record is skipped one day.
    #[error("the application died of record {record}: {why}")]
    Died {
        /// Which of all attempts that this worker has begun since it started: what is told twice was one death.
        attempt: u64,
        /// Which of the task's, from 0; of a reduce task, which key.
        record: u64,
        /// What it said.
        why: String,
    },
    /// The application names a reduce task that there is not.
    #[error("the application names reduce task {named} of {reduces}")]
    WrongPartition {
        /// Which.
        named: u32,
        /// How many there are.
        reduces: u32,
    },
    /// The application has died of no record in particular: while it combined. The attempt is lost, and nothing else: to combine is
    /// never needed, and from now on this worker leaves the job's values as they are. Try again.
    #[error("the application died while it combined: {0}")]
    Combine(String),
}

/// What a function of an application returns, or its last words.
pub(crate) fn caught<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(last_words)
}

#[allow(clippy::needless_pass_by_value, reason = "it is dropped here")]
fn last_words(payload: Box<dyn Any + Send>) -> String {
    let words = payload.downcast_ref::<&str>().map(ToString::to_string);
    words.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "nothing".to_owned())
}
