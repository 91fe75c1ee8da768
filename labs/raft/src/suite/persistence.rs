//! Part persistence, MIT's 3C: servers crash and come back with what is on their disks.

use super::bounds::{AGREEMENT_WITHIN, ELECTION_TIMEOUT};
use super::cluster::{RaftCluster, command};
use crate::contract::Digest;
use lab_harness::failed::TestResult;

/// MIT `TestPersist13C`. All crash; the leader does, with and without a command meanwhile; a follower does.
pub async fn persist_1(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(command(11), 3).await?;
    cluster.crash_and_restart(cluster.nodes());
    cluster.agree_in_the_end(command(12), 3).await?;

    let leader = cluster.one_leader().await?;
    cluster.crash_and_restart(&[leader]);
    cluster.agree_in_the_end(command(13), 3).await?;

    let leader = cluster.one_leader().await?;
    cluster.crash(&[leader]);
    let index = cluster.agree_in_the_end(command(14), 2).await?;
    cluster.restart(&[leader]);
    cluster.applied_on_all(index, AGREEMENT_WITHIN).await?;

    let leader = cluster.one_leader().await?;
    let follower = cluster.after(leader, 1);
    cluster.crash(&[follower]);
    cluster.agree_in_the_end(command(15), 2).await?;
    cluster.restart(&[follower]);
    cluster.agree_in_the_end(command(16), 3).await?;
    Ok(())
}

/// Rounds of [`persist_2`]. (MIT: 5)
const ROUNDS: u64 = 5;

/// MIT `TestPersist23C`. The majority changes from crash to crash, so that each time only some know the latest.
pub async fn persist_2(cluster: RaftCluster) -> TestResult {
    for round in 0..ROUNDS {
        let number = 10 + 3 * round;
        cluster.agree_in_the_end(command(number), 5).await?;
        let leader = cluster.one_leader().await?;
        let [first, second, third, fourth] = [1, 2, 3, 4].map(|places| cluster.after(leader, places));

        cluster.crash(&[first, second]);
        cluster.agree_in_the_end(command(number + 1), 3).await?;

        cluster.crash(&[leader, third, fourth]);
        cluster.restart(&[first, second]);
        cluster.sleep(ELECTION_TIMEOUT).await;
        cluster.restart(&[third]); // the only one of these three who has the latest command
        cluster.agree_in_the_end(command(number + 2), 3).await?;
        cluster.restart(&[fourth, leader]);
    }
    cluster.agree_in_the_end(command(1000), 5).await?;
    Ok(())
}

/// MIT `TestPersist33C`. Whoever was cut off meets a leader who comes back from a crash.
pub async fn persist_3(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(command(101), 3).await?;
    let leader = cluster.one_leader().await?;
    let [first, second] = [1, 2].map(|places| cluster.after(leader, places));
    cluster.cut_off(&[second]);
    cluster.agree_in_the_end(command(102), 2).await?;

    cluster.crash(&[leader, first]);
    cluster.reconnect(&[second]);
    cluster.restart(&[leader]);
    cluster.agree_in_the_end(command(103), 2).await?;

    cluster.restart(&[first]);
    cluster.agree_in_the_end(command(104), 3).await?;
    Ok(())
}

/// Rounds of [`unreliable_agreement`], and commands proposed at once in each before one more. (MIT: 49 and 4)
const UNRELIABLE: (u64, u64) = (49, 4);

/// MIT `TestUnreliableAgree3C`. Agreement on many commands at once while a tenth of all messages is lost.
pub async fn unreliable_agreement(cluster: RaftCluster) -> TestResult {
    cluster.make_unreliable();
    let (rounds, at_once) = UNRELIABLE;
    let (mut proposals, mut agreed) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        for number in 0..at_once {
            let command = command(100 * round + number);
            proposals.push((Digest::of(&command), cluster.spawn_agreement(command, 1)));
        }
        agreed.push((cluster.agree_in_the_end(command(round), 1).await?, Digest::of(&command(round))));
    }
    cluster.make_reliable();
    for (command, proposal) in proposals {
        agreed.push((proposal.await.expect("nobody aborts a proposal")?, command));
    }
    cluster.agree_in_the_end(command(100), 5).await?;
    cluster.nothing_is_lost(&agreed)
}
