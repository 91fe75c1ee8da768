//! Reads that wait for a round of heartbeats. (Section 8; dissertation, section 6.4)

use crate::core::Answer;
use crate::raft::Raft;
use lab_raft::{BarrierError, LogIndex};
use std::cell::Cell;
use windtunnel::time::{Duration, Instant, timeout_at};

/// How long a read waits. A leader that has committed nothing of its own term, or hears from nobody
/// but has not noticed, cannot answer: it says that it does not lead, and knows nobody who does.
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
        let waiting = Waiting::among(&server.reads_waiting);
        let waited = timeout_at(deadline, server.reads.notified()).await;
        drop(waiting);
        if waited.is_err() {
            return Err(BarrierError::NotLeader { hint: None });
        }
    }
}

/// A read that waits is counted, until it goes on or its caller drops it.
struct Waiting<'a>(&'a Cell<u64>);

impl<'a> Waiting<'a> {
    fn among(count: &'a Cell<u64>) -> Self {
        count.update(|waiting| waiting + 1);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.update(|waiting| waiting - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::read_barrier;
    use crate::Raft;
    use lab_raft::control::{Reply, Request};
    use lab_raft::{BarrierError, LogIndex, Role};
    use windtunnel::time::{Duration, Instant, sleep, timeout};
    use windtunnel::world::{Outcome, Simulation, Tester};
    use windtunnel::{NodeId, Seed, node};

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

    /// A server that answers the tester with whether a read was given up at once, and how many wait then.
    async fn gives_reads_up() {
        let applied = lab_raft::AppliedStream::new(|_| ());
        let raft = <Raft as lab_raft::Raft>::start(applied).await.expect("the disk is sound");
        node::control(move |_| {
            let raft = raft.clone();
            async move {
                let given_up = timeout(Duration::from_micros(100), read_barrier(&raft)).await.is_err();
                vec![u8::from(given_up), raft.server().reads_waiting.get() as u8]
            }
        });
    }

    #[test]
    fn a_read_whose_caller_gives_up_does_not_wait_on() {
        let body = |tester: Tester| async move {
            for node in tester.nodes().iter().cycle() {
                match tester.control(*node, Vec::new()).await.as_deref() {
                    Ok([1, waiting]) => return *waiting,
                    _ => sleep(Duration::from_millis(10)).await, // it does not lead
                }
            }
            unreachable!("a cycle has no end")
        };
        let report = Simulation::new(Seed(1)).nodes(3, gives_reads_up).run(body);
        assert!(matches!(report.outcome, Outcome::Finished(0)), "{:?}", report.outcome);
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
