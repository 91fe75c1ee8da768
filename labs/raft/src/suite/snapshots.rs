//! Part snapshot, MIT's 3D: logs are cut behind snapshots, and who lacks what was cut gets the snapshot.

use super::bounds::AGREEMENT_WITHIN;
use super::cluster::{RaftCluster, SnapshotPlan};
use crate::contract::LogIndex;
use lab_harness::failed::TestResult;
use windtunnel::NodeId;

/// Rounds of the five tests that follow one pattern. (MIT: 30)
const ROUNDS: u32 = 30;

/// A snapshot after so many entries. (MIT: 10; its state machine keeps all commands, so its snapshots grow to some
/// kilobytes too)
const PLAN: SnapshotPlan = SnapshotPlan { every: 10, bytes: 4_000 };

/// What becomes of one server in each round of [`rounds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Nothing,
    CutOff,
    Crashed,
}

/// MIT `TestSnapshotBasic3D`. Servers keep no more than a few entries behind their snapshots.
pub async fn snapshot_basic(cluster: RaftCluster) -> TestResult {
    rounds(cluster, Fate::Nothing).await
}

/// MIT `TestSnapshotInstall3D`. A server that was cut off lacks entries that are in no log any more.
pub async fn snapshot_install(cluster: RaftCluster) -> TestResult {
    rounds(cluster, Fate::CutOff).await
}

/// MIT `TestSnapshotInstallUnreliable3D`. The same while a tenth of all messages is lost.
pub async fn snapshot_install_unreliable(cluster: RaftCluster) -> TestResult {
    cluster.make_unreliable();
    rounds(cluster, Fate::CutOff).await
}

/// MIT `TestSnapshotInstallCrash3D`. A server that crashed lacks entries that are in no log any more.
pub async fn snapshot_install_crash(cluster: RaftCluster) -> TestResult {
    rounds(cluster, Fate::Crashed).await
}

/// MIT `TestSnapshotInstallUnCrash3D`. The same while a tenth of all messages is lost.
pub async fn snapshot_install_unreliable_crash(cluster: RaftCluster) -> TestResult {
    cluster.make_unreliable();
    rounds(cluster, Fate::Crashed).await
}

async fn rounds(cluster: RaftCluster, fate: Fate) -> TestResult {
    let _snapshots = cluster.take_snapshots(PLAN);
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    let mut leader = cluster.one_leader().await?;
    for round in 0..ROUNDS {
        let follower = cluster.after(leader, 1);
        let (victim, sender) = if round % 3 == 1 { (leader, follower) } else { (follower, leader) };
        match fate {
            Fate::Nothing => {}
            Fate::CutOff => cluster.cut_off(&[victim]),
            Fate::Crashed => cluster.crash(&[victim]),
        }
        let others = if fate == Fate::Nothing { 3 } else { 2 };
        if fate != Fate::Nothing {
            cluster.agree_in_the_end(cluster.new_command(), others).await?;
        }
        offer_many(&cluster, sender).await?;
        cluster.agree_in_the_end(cluster.new_command(), others).await?;
        cluster.small_state(PLAN).await?;
        match fate {
            Fate::Nothing => continue,
            Fate::CutOff => cluster.reconnect(&[victim]),
            Fate::Crashed => cluster.restart(&[victim]),
        }
        cluster.agree_in_the_end(cluster.new_command(), 3).await?;
        cluster.small_state(PLAN).await?; // the one that is back too
        leader = cluster.one_leader().await?;
    }
    Ok(())
}

/// Offers 5 to 14 commands to a server, which takes them if it leads.
async fn offer_many(cluster: &RaftCluster, node: NodeId) -> TestResult {
    for _ in 0..half_an_interval_to_one_and_a_half(cluster) {
        cluster.propose(node, &cluster.new_command()).await?;
    }
    Ok(())
}

/// Rounds of [`snapshot_all_crash`]. (MIT: 5)
const CRASHES: u32 = 5;

/// MIT `TestSnapshotAllCrash3D`. All servers crash with snapshots at different places; indices never go back.
pub async fn snapshot_all_crash(cluster: RaftCluster) -> TestResult {
    cluster.make_unreliable();
    let _snapshots = cluster.take_snapshots(PLAN);
    let mut before = cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    for _ in 0..CRASHES {
        for _ in 0..half_an_interval_to_one_and_a_half(&cluster) {
            before = cluster.agree_in_the_end(cluster.new_command(), 3).await?;
        }
        cluster.crash_and_restart(cluster.nodes());
        before = agree_after(&cluster, before).await?;
    }
    Ok(())
}

/// MIT `TestSnapshotInit3D`. What a server writes first after a crash must not lose its snapshot.
pub async fn snapshot_init(cluster: RaftCluster) -> TestResult {
    cluster.make_unreliable();
    let _snapshots = cluster.take_snapshots(PLAN);
    let mut before = cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    for _ in 0..=PLAN.every {
        before = cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    }
    for _ in 0..2 {
        cluster.crash_and_restart(cluster.nodes());
        before = agree_after(&cluster, before).await?;
        cluster.applied_on_all(before, AGREEMENT_WITHIN).await?;
    }
    Ok(())
}

async fn agree_after(cluster: &RaftCluster, before: LogIndex) -> TestResult<LogIndex> {
    let index = cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    if index <= before {
        let title = format!("All had applied entry {before}; after they crashed a new command is entry {index}.");
        return Err(cluster.failed("index-goes-back", title));
    }
    Ok(index)
}

fn half_an_interval_to_one_and_a_half(cluster: &RaftCluster) -> u64 {
    PLAN.every / 2 + cluster.inner().stream("snapshots").below(PLAN.every)
}
