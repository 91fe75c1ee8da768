//! Servers far apart: each message takes longer than a server may wish to wait, and none is lost.

use super::cluster::RaftCluster;
use lab_harness::failed::TestResult;
use std::time::Duration;

/// What a message takes, one way: a round trip is a part of an election timeout and more than a heartbeat's pause.
const AT_LEAST: u64 = 50;
const AT_MOST: u64 = 100;

/// Elections and agreement where every answer is late. Whoever takes late answers for none, or asks only as often as
/// it gives up, never elects anybody. ("Broadcast time ≪ election timeout", section 5.6, holds as far as it must.)
pub async fn far_apart(cluster: RaftCluster) -> TestResult {
    let stream = cluster.inner().stream("far apart");
    for from in cluster.nodes() {
        for to in cluster.nodes().iter().filter(|to| *to != from) {
            let by = Duration::from_millis(AT_LEAST + stream.below(AT_MOST - AT_LEAST));
            cluster.make_late(*from, *to, by);
        }
    }
    let leader = cluster.one_leader().await?;
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    cluster.cut_off(&[leader]);
    cluster.agree_in_the_end(cluster.new_command(), 2).await?;
    cluster.reconnect(&[leader]);
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    Ok(())
}
