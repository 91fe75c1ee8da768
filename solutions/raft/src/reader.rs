//! Reads that wait for a round of heartbeats. (Section 8; dissertation, section 6.4)

use crate::core::Answer;
use crate::raft::Raft;
use lab_raft::{BarrierError, LogIndex};
use windtunnel::time::{Duration, Instant, timeout_at};

/// How long a read waits. A leader that has committed nothing of its own term, or hears from nobody
/// but has not noticed, cannot answer.
const READ_DEADLINE: Duration = Duration::from_secs(1);

/// An index such that a state machine that has applied it may answer a read that is asked now.
pub async fn read_barrier(raft: &Raft) -> Result<LogIndex, BarrierError> {
    let question = raft.core().ask_to_read()?;
    raft.changed();
    let server = raft.server();
    let deadline = Instant::now() + READ_DEADLINE;
    loop {
        let answer = raft.core().answer(&question);
        match answer {
            Answer::Read(index) => return Ok(index),
            Answer::NotLeader(not_leader) => return Err(not_leader.into()),
            Answer::Wait => {}
        }
        server.reads_waiting.update(|waiting| waiting + 1);
        let waited = timeout_at(deadline, server.reads.notified()).await;
        server.reads_waiting.update(|waiting| waiting - 1);
        if waited.is_err() {
            return Err(BarrierError::NotLeader { hint: None });
        }
    }
}
