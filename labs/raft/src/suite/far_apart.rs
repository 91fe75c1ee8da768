//! Servers far apart: each message takes longer than a server may wish to wait, and none is lost.

use super::cluster::{RaftCluster, SnapshotPlan};
use lab_harness::failed::TestResult;
use std::time::Duration;

/// What a message takes, one way: a round trip is a part of an election timeout and more than a heartbeat's pause.
const AT_LEAST: u64 = 50;
const AT_MOST: u64 = 100;

/// Elections and agreement where every answer is late. Whoever takes late answers for none, or asks only as often as
/// it gives up, never elects anybody. ("Broadcast time ≪ election timeout", section 5.6, holds as far as it must.)
pub async fn far_apart(cluster: RaftCluster) -> TestResult {
    move_apart(&cluster);
    let leader = cluster.one_leader().await?;
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    cluster.cut_off(&[leader]);
    cluster.agree_in_the_end(cluster.new_command(), 2).await?;
    cluster.reconnect(&[leader]);
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    Ok(())
}

/// Large for a request: whoever sends it in pieces of 64 KiB sends four, which is less than a second of round trips.
const LARGE: SnapshotPlan = SnapshotPlan { every: 10, bytes: 200_000 };

/// A follower that was away gets a snapshot of several pieces, and the answer to each comes when more was sent behind it. Whoever
/// takes no answer but the one to what was sent last never sends the next piece.
pub async fn snapshot_from_afar(cluster: RaftCluster) -> TestResult {
    let _snapshots = cluster.take_snapshots(LARGE);
    move_apart(&cluster);
    let leader = cluster.one_leader().await?;
    let follower = cluster.after(leader, 1);
    cluster.cut_off(&[follower]);
    for _ in 0..LARGE.every {
        cluster.agree_in_the_end(cluster.new_command(), 2).await?;
    }
    cluster.reconnect(&[follower]);
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    cluster.small_state(LARGE).await
}

/// Lets each message from one server to another take its time, which is that link's.
fn move_apart(cluster: &RaftCluster) {
    let stream = cluster.inner().stream("far apart");
    for (from, to) in cluster.inner().links() {
        let by = Duration::from_millis(AT_LEAST + stream.below(AT_MOST - AT_LEAST));
        cluster.make_late(from, to, by);
    }
}
