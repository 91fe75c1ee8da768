//! Reads behind a read barrier, for submissions that have one: whoever gives an index knows all that was committed
//! before it was asked. (Section 8; dissertation, section 6.4)

use super::cluster::RaftCluster;
use crate::control::{Reply, Request};
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::time::timeout;

/// Rounds of [`stale_reads`].
const ROUNDS: u32 = 4;

/// A reader waits so long for an answer; none is no mistake.
const PATIENCE: Duration = Duration::from_millis(500);

/// What was sent has arrived, and what was answered is known, within.
const SETTLED: Duration = Duration::from_millis(200);

/// Two leaders who know too little: a new one whom nobody told what his predecessor committed last, and the
/// predecessor, who is cut off while the new one commits.
pub async fn stale_reads(cluster: RaftCluster) -> TestResult {
    for _ in 0..ROUNDS {
        cluster.agree_in_the_end(cluster.new_command(), 3).await?;
        let old = cluster.one_leader().await?;
        let others = [1, 2].map(|places| cluster.after(old, places));
        // It commits one more entry, and can tell nobody.
        let last = cluster.must_take(old, &cluster.new_command()).await?;
        cluster.replicated_to(others[0], last).await?;
        others.iter().for_each(|other| cluster.inner().cut(old, *other));
        cluster.sleep(SETTLED).await;
        cluster.cut_off(&[old]);

        let new = cluster.one_leader().await?;
        expect_fresh_read(&cluster, new).await?;
        cluster.agree_in_the_end(cluster.new_command(), 2).await?;
        expect_fresh_read(&cluster, old).await?;
        cluster.reconnect(&[old]);
    }
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    Ok(())
}

/// Asks for an index to read at: it may refuse or be silent, and it must not be too low.
async fn expect_fresh_read(cluster: &RaftCluster, node: NodeId) -> TestResult {
    let committed = cluster.inner().judge().known().committed().last_index();
    let asked = timeout(PATIENCE, cluster.inner().control::<Reply>(node, &Request::ReadBarrier)).await;
    match asked {
        Ok(Ok(Reply::Barrier(Ok(index)))) if index < committed => {
            let title = format!(
                "{node} says that a state machine with entry {index} may answer a read, and entry {committed} was \
                 committed before the read was asked for."
            );
            Err(cluster.failed("stale-read", title).on([node]))
        }
        _ => Ok(()),
    }
}
