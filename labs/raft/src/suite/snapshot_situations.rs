//! Situations of section 7: snapshots that come late or twice, and hosts that lose power around them.

use super::cluster::{RaftCluster, SnapshotPlan};
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::world::LinkWeather;
use windtunnel::{Nanos, NodeId, Ppm};

/// Often and small, so that a round takes few commands.
const OFTEN: SnapshotPlan = SnapshotPlan { every: 5, bytes: 500 };

/// Large for a request: whoever sends it in pieces of 64 KiB sends four, so that there are pieces in the middle.
const LARGE: SnapshotPlan = SnapshotPlan { every: 10, bytes: 200_000 };

/// Rounds of [`stale_snapshot`].
const STALE: u32 = 3;

/// Each message to a follower comes once more, up to two seconds later: old snapshots reach a server that is
/// past them, and has a newer one of its own.
pub async fn stale_snapshot(cluster: RaftCluster) -> TestResult {
    let _snapshots = cluster.take_snapshots(OFTEN);
    for _ in 0..STALE {
        agree_often(&cluster, 2, 3).await?;
        let leader = cluster.one_leader().await?;
        let follower = cluster.after(leader, 1);
        cluster.cut_off(&[follower]);
        agree_often(&cluster, 12, 2).await?;
        let tail = [Nanos::from_millis(100), Nanos::from_secs(2)];
        let twice = LinkWeather { duplicate_ppm: Ppm(1_000_000), tail, ..cluster.inner().calm() };
        cluster.inner().set_link(leader, follower, twice);
        cluster.reconnect(&[follower]);
        agree_often(&cluster, 20, 3).await?;
        cluster.sleep(Duration::from_secs(2)).await;
        cluster.make_calm(leader, follower);
    }
    cluster.small_state(OFTEN).await
}

/// Rounds of [`power_loss_around_snapshots`].
const POWER_LOSSES: u32 = 12;

/// A server loses power at a drawn moment while it takes a snapshot and cuts its log, or takes one over.
pub async fn power_loss_around_snapshots(cluster: RaftCluster) -> TestResult {
    cluster.make_syncs_slow(Duration::from_millis(10));
    let _snapshots = cluster.take_snapshots(OFTEN);
    let stream = cluster.inner().stream("power losses");
    agree_often(&cluster, 1, 3).await?;
    for round in 0..POWER_LOSSES {
        let victim = cluster.nodes()[stream.below(3) as usize];
        let is_away = round % 2 == 1;
        if is_away {
            cluster.cut_off(&[victim]);
        }
        agree_often(&cluster, OFTEN.every, if is_away { 2 } else { 3 }).await?;
        cluster.reconnect(&[victim]);
        cluster.sleep(Duration::from_micros(stream.below(if is_away { 250_000 } else { 60_000 }))).await;
        cluster.lose_power_for_a_moment(&[victim]);
        agree_often(&cluster, 1, 3).await?;
        cluster.small_state(OFTEN).await?;
    }
    Ok(())
}

/// Rounds of [`large_snapshot`].
const TRANSFERS: u32 = 3;

/// At most so many commands are proposed while a snapshot travels, a few milliseconds apart.
const MEANWHILE: u64 = 50;

/// A large snapshot is under way while commands go on; its sender crashes or its receiver does at a drawn moment.
pub async fn large_snapshot(cluster: RaftCluster) -> TestResult {
    let _snapshots = cluster.take_snapshots(LARGE);
    let stream = cluster.inner().stream("transfers");
    agree_often(&cluster, 1, 3).await?;
    for _ in 0..TRANSFERS {
        let leader = cluster.one_leader().await?;
        let follower = cluster.after(leader, 1);
        cluster.cut_off(&[follower]);
        agree_often(&cluster, 2 * LARGE.every, 2).await?;
        cluster.reconnect(&[follower]);
        // Commands go on, and with them comes a newer snapshot before all of this one is there.
        for _ in 0..stream.below(MEANWHILE) {
            cluster.propose(leader, &cluster.new_command()).await?;
            cluster.sleep(Duration::from_micros(stream.below(12_000))).await;
        }
        let crashes: NodeId = if stream.below(2) == 0 { leader } else { follower };
        cluster.crash_and_restart(&[crashes]);
        agree_often(&cluster, 1, 3).await?;
    }
    cluster.small_state(LARGE).await
}

async fn agree_often(cluster: &RaftCluster, times: u64, servers: usize) -> TestResult {
    for _ in 0..times {
        cluster.agree_in_the_end(cluster.new_command(), servers).await?;
    }
    Ok(())
}
