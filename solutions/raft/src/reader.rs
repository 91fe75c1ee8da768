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

#[cfg(test)]
mod tests {
    use crate::Raft;
    use lab_raft::control::{Reply, Request};
    use lab_raft::{BarrierError, LogIndex, Role};
    use windtunnel::time::{Duration, Instant, sleep};
    use windtunnel::world::{Outcome, Simulation, Tester};
    use windtunnel::{NodeId, Seed};

    async fn ask(tester: &Tester, node: NodeId, request: Request) -> Option<Reply> {
        let reply = tester.control(node, postcard::to_stdvec(&request).unwrap()).await.ok()?;
        Some(postcard::from_bytes(&reply).unwrap())
    }

    async fn leader(tester: &Tester) -> NodeId {
        loop {
            for &node in tester.nodes() {
                if let Some(Reply::Status(status)) = ask(tester, node, Request::Status).await
                    && status.role == Role::Leader
                {
                    return node;
                }
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    #[test]
    fn a_read_is_answered_in_a_round_trip_and_ends_when_the_others_are_gone() {
        let body = |tester: Tester| async move {
            let leader = leader(&tester).await;
            for last in 1..=5 {
                ask(&tester, leader, Request::Propose(vec![last])).await;
            }
            sleep(Duration::from_millis(50)).await;
            let asked = Instant::now();
            let answer = ask(&tester, leader, Request::ReadBarrier).await;
            assert_eq!(answer, Some(Reply::Barrier(Ok(LogIndex(5)))));
            assert!(asked.elapsed() < Duration::from_millis(50), "it does not wait for the next heartbeat");

            let others: Vec<NodeId> = tester.nodes().iter().copied().filter(|node| *node != leader).collect();
            let refused = ask(&tester, others[0], Request::ReadBarrier).await;
            assert_eq!(refused, Some(Reply::Barrier(Err(BarrierError::NotLeader { hint: Some(leader) }))));

            others.iter().for_each(|node| tester.power_loss(*node));
            let answer = ask(&tester, leader, Request::ReadBarrier).await;
            assert_eq!(answer, Some(Reply::Barrier(Err(BarrierError::NotLeader { hint: None }))));
            assert!(asked.elapsed() < Duration::from_millis(1_100));
        };
        for seed in 0..10 {
            let report = Simulation::new(Seed(seed)).nodes(3, lab_raft::host::<Raft>).run(body);
            assert!(matches!(report.outcome, Outcome::Finished(())), "seed {seed}: {:?}", report.outcome);
        }
    }
}
