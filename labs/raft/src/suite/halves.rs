//! An even number of servers: half of them is no majority, and there are two halves.

use super::bounds::ELECTION_WITHIN;
use super::cluster::RaftCluster;
use crate::judge::Known;
use lab_harness::failed::TestResult;
use std::time::Duration;

/// Rounds of [`halves`].
const ROUNDS: u32 = 2;

/// A follower has what its leader took, and would have said so, within.
const SETTLED: Duration = Duration::from_millis(200);

/// Four servers are cut in halves. The leader's half has entries that it may not commit, the other one candidates that
/// nobody may elect. (Section 5.2: "votes from a majority of the servers in the full cluster")
pub async fn halves(cluster: RaftCluster) -> TestResult {
    for _ in 0..ROUNDS {
        cluster.agree_in_the_end(cluster.new_command(), 4).await?;
        let leader = cluster.one_leader().await?;
        let [follower, third, fourth] = [1, 2, 3].map(|places| cluster.after(leader, places));
        cluster.star(third, &[fourth]);
        cluster.inner().mend(leader, follower);
        cluster.inner().mend(follower, leader);
        let mut is_copied = false;
        if let Some(taken) = cluster.propose(leader, &cluster.new_command()).await? {
            let has = |known: &Known| known.server(follower).log.term_at(taken.index) == Some(taken.term);
            is_copied = cluster.comes_true_within(SETTLED, has).await;
            cluster.nothing_commits_for(SETTLED, taken.index).await?;
        }
        cluster.inner().judge().note_scene(is_copied);
        cluster.no_leader_for(ELECTION_WITHIN / 2).await?;
        cluster.reconnect(cluster.nodes());
    }
    cluster.agree_in_the_end(cluster.new_command(), 4).await?;
    Ok(())
}
