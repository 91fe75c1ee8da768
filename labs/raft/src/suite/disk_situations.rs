//! Situations in which a disk is slow or breaks its promise to a server whose vote or copy counts. What the server has
//! acknowledged must be there when it comes back, or it must not come back.

use super::cluster::RaftCluster;
use crate::judge::Known;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::world::disk::DiskWeather;
use windtunnel::{Nanos, NodeId, Ppm};

/// What a slow fsync takes: less than any election timeout, and longer than a vote from a fast disk.
const SLOW: [Nanos; 2] = [Nanos::from_millis(30), Nanos::from_millis(60)];

/// Elections of [`unsynced_votes`] with a slow candidate, and with slow voters.
const ELECTIONS: u32 = 2;

/// Somebody who alone can be elected should be by then; else the round is given up.
const ELECTED_WITHIN: Duration = Duration::from_secs(5);

/// What a slow fsync of followers takes: until then a leader without an answer has sent its entries once more.
const SLOWER: [Nanos; 2] = [Nanos::from_millis(150), Nanos::from_millis(250)];

/// Commands of [`unsynced_copies`] with a slow leader, and with slow followers.
const COPIES: u32 = 2;

/// Fsyncs fail so often: one that failed may be followed by one that succeeds.
const FAILING: Ppm = Ppm(350_000);

/// How often a server is tried whose fsyncs fail.
const TRIES: u32 = 8;

/// Commands in the log of a server before its disk rots: each is written by itself.
const COMMANDS: u32 = 12;

/// A command is committed within, or never.
const COMMITTED_WITHIN: Duration = Duration::from_millis(600);

/// A server that starts has caught up within.
const SETTLED: Duration = Duration::from_millis(150);

/// Just when somebody is elected, the power is lost where fsyncs are slow: the candidate's, or its voters'. The votes
/// that made it leader are on the disks.
pub async fn unsynced_votes(cluster: RaftCluster) -> TestResult {
    for round in 0..2 * ELECTIONS {
        cluster.agree_in_the_end(cluster.new_command(), 5).await?;
        let former = cluster.one_leader().await?;
        let [candidate, first, second] = [1, 2, 3].map(|places| cluster.after(former, places));
        let slow = if round % 2 == 0 { vec![candidate] } else { vec![first, second] };
        let disk = DiskWeather { sync_latency: SLOW, ..DiskWeather::default() };
        cluster.set_disks(&slow, disk);
        cluster.star(candidate, &[first, second]); // none of the others hears a majority
        let leads = |known: &Known| known.server(candidate).leads().is_some();
        if cluster.comes_true_within(ELECTED_WITHIN, leads).await {
            lose_power_and_go_on(&cluster, &slow).await;
        }
        cluster.set_disks(&slow, DiskWeather::default());
        cluster.reconnect(cluster.nodes());
    }
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    Ok(())
}

/// A leader commits with two followers out of four. Just when a command is committed, the power is lost where fsyncs
/// are slow: the leader's, or the followers'. The copies that were counted are on the disks.
pub async fn unsynced_copies(cluster: RaftCluster) -> TestResult {
    for round in 0..2 * COPIES {
        cluster.agree_in_the_end(cluster.new_command(), 5).await?;
        let leader = cluster.one_leader().await?;
        let followers = [1, 2].map(|places| cluster.after(leader, places));
        let (slow, sync_latency) = if round % 2 == 0 { (vec![leader], SLOW) } else { (followers.to_vec(), SLOWER) };
        let disk = DiskWeather { sync_latency, ..DiskWeather::default() };
        cluster.set_disks(&slow, disk);
        cluster.star(leader, &followers);
        commits(&cluster, leader).await?;
        lose_power_and_go_on(&cluster, &slow).await;
        cluster.set_disks(&slow, DiskWeather::default());
        cluster.reconnect(cluster.nodes());
    }
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    Ok(())
}

/// A leader commits with two followers out of four. The fsyncs of one fail, and it loses power when a command is
/// committed; later another one's disk rots while it is down. Either may stop for good.
pub async fn unsound_disks(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    let leader = cluster.one_leader().await?;
    let [first, other] = [1, 2].map(|places| cluster.after(leader, places));
    cluster.star(leader, &[first, other]);
    fail_fsyncs(&cluster, leader, first).await?;
    cluster.reconnect(cluster.nodes());
    cluster.agree_on_all_running(cluster.new_command()).await?;

    let leader = cluster.one_leader().await?;
    let sound = |node: &NodeId| *node != leader && *node != first;
    let sound: Vec<NodeId> = cluster.nodes().iter().copied().filter(sound).collect();
    cluster.star(leader, &sound[..2]);
    let_rot(&cluster, leader, sound[0]).await?;
    cluster.reconnect(cluster.nodes());
    cluster.agree_on_all_running(cluster.new_command()).await?;
    Ok(())
}

/// The last record that a server wrote is the one whose fsync failed: what comes after it would save it.
async fn fail_fsyncs(cluster: &RaftCluster, leader: NodeId, victim: NodeId) -> TestResult {
    for _ in 0..TRIES {
        cluster.set_disks(&[victim], DiskWeather { sync_error_ppm: FAILING, ..DiskWeather::default() });
        commits(cluster, leader).await?;
        cluster.inner().power_loss(victim);
        cluster.set_disks(&[victim], DiskWeather::default());
        cluster.inner().start(victim);
        cluster.sleep(SETTLED).await;
    }
    Ok(())
}

async fn let_rot(cluster: &RaftCluster, leader: NodeId, victim: NodeId) -> TestResult {
    for _ in 0..COMMANDS {
        commits(cluster, leader).await?;
    }
    cluster.crash(&[victim]);
    cluster.set_disks(&[victim], DiskWeather { bit_rot_ppm: Ppm(1_000_000), ..DiskWeather::default() });
    cluster.restart(&[victim]);
    cluster.sleep(SETTLED).await;
    cluster.set_disks(&[victim], DiskWeather::default());
    Ok(())
}

/// Waits until a new command is committed, if that happens soon. A leader may have lost a majority meanwhile.
async fn commits(cluster: &RaftCluster, leader: NodeId) -> TestResult {
    let Some(taken) = cluster.propose(leader, &cluster.new_command()).await? else { return Ok(()) };
    let is_committed = |known: &Known| known.committed().last_index() >= taken.index;
    cluster.comes_true_within(COMMITTED_WITHIN, is_committed).await;
    Ok(())
}

/// The power is lost and comes back, and who has started has time to catch up.
async fn lose_power_and_go_on(cluster: &RaftCluster, nodes: &[NodeId]) {
    cluster.lose_power_for_a_moment(nodes);
    cluster.sleep(SETTLED).await;
}
