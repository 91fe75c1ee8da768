//! Part log, MIT's 3B: agreement while servers are cut off and come back.

use super::agreement::expect_index;
use super::bounds::{ELECTION_TIMEOUT, WATCHED_FOR};
use super::cluster::{RaftCluster, command};
use crate::contract::LogIndex;
use lab_harness::failed::TestResult;
use windtunnel::NodeId;

/// MIT `TestFollowerFailure3B`. Followers fail one after the other: with one left there is agreement,
/// alone the leader commits nothing.
pub async fn follower_failure(cluster: RaftCluster) -> TestResult {
    cluster.agree(command(101), 3).await?;
    let leader = cluster.one_leader().await?;
    cluster.cut_off(&[cluster.after(leader, 1)]);
    cluster.agree(command(102), 2).await?;
    cluster.sleep(ELECTION_TIMEOUT).await;
    cluster.agree(command(103), 2).await?;

    let leader = cluster.one_leader().await?;
    cluster.cut_off(&[cluster.after(leader, 1), cluster.after(leader, 2)]);
    let alone = cluster.must_take(leader, &command(104)).await?;
    expect_index(&cluster, alone.index, 4)?;
    cluster.nothing_commits_for(WATCHED_FOR, alone.index).await
}

/// MIT `TestLeaderFailure3B`. A leader fails and the next one goes on; when that one fails too, nothing commits.
pub async fn leader_failure(cluster: RaftCluster) -> TestResult {
    cluster.agree(command(101), 3).await?;
    let first = cluster.one_leader().await?;
    cluster.cut_off(&[first]);
    cluster.agree(command(102), 2).await?;
    cluster.sleep(ELECTION_TIMEOUT).await;
    cluster.agree(command(103), 2).await?;

    let second = cluster.one_leader().await?;
    cluster.cut_off(&[second]);
    for node in cluster.nodes() {
        cluster.propose(*node, &command(104)).await?; // whoever takes it, it must not commit
    }
    cluster.nothing_commits_for(WATCHED_FOR, LogIndex(4)).await
}

/// MIT `TestFailAgree3B`. A follower misses four commands, comes back, and catches up.
pub async fn fail_agreement(cluster: RaftCluster) -> TestResult {
    cluster.agree(command(101), 3).await?;
    let leader = cluster.one_leader().await?;
    let follower = cluster.after(leader, 1);
    cluster.cut_off(&[follower]);
    cluster.agree(command(102), 2).await?;
    cluster.agree(command(103), 2).await?;
    cluster.sleep(ELECTION_TIMEOUT).await;
    cluster.agree(command(104), 2).await?;
    cluster.agree(command(105), 2).await?;

    cluster.reconnect(&[follower]);
    cluster.agree_in_the_end(command(106), 3).await?;
    cluster.sleep(ELECTION_TIMEOUT).await;
    cluster.agree_in_the_end(command(107), 3).await?;
    Ok(())
}

/// MIT `TestFailNoAgree3B`. With three of five cut off nothing commits; once they are back, all agree again.
pub async fn fail_no_agreement(cluster: RaftCluster) -> TestResult {
    cluster.agree(command(10), 5).await?;
    let leader = cluster.one_leader().await?;
    let followers = [1, 2, 3].map(|places| cluster.after(leader, places));
    cluster.cut_off(&followers);
    let doomed = cluster.must_take(leader, &command(20)).await?;
    expect_index(&cluster, doomed.index, 2)?;
    cluster.nothing_commits_for(WATCHED_FOR, doomed.index).await?;

    cluster.reconnect(&followers);
    let leader = cluster.one_leader().await?;
    let next = cluster.must_take(leader, &command(30)).await?;
    // Entry 2 if the three elected one of themselves, who never saw command 20.
    if next.index != LogIndex(2) {
        expect_index(&cluster, next.index, 3)?;
    }
    cluster.agree_in_the_end(command(1000), 5).await?;
    Ok(())
}

/// MIT `TestRejoin3B`. A leader comes back with entries that never committed; they give way.
pub async fn rejoin(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(command(101), 3).await?;
    let first = cluster.one_leader().await?;
    cluster.cut_off(&[first]);
    for doomed in [102, 103, 104] {
        cluster.must_take(first, &command(doomed)).await?;
    }
    cluster.agree_in_the_end(command(203), 2).await?;

    let second = cluster.one_leader().await?;
    cluster.cut_off(&[second]);
    cluster.reconnect(&[first]);
    cluster.agree_in_the_end(command(204), 2).await?;
    cluster.reconnect(&[second]);
    cluster.agree_in_the_end(command(205), 3).await?;
    Ok(())
}

/// Commands at each stage of [`backup`]. (MIT: 50)
const COMMANDS: usize = 50;

/// MIT `TestBackup3B`. Leaders come back to logs that differ over many entries and terms, and back up fast.
pub async fn backup(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;

    // A leader with one follower takes many commands that cannot commit.
    let first = cluster.one_leader().await?;
    let pair = [first, cluster.after(first, 1)];
    let others = [2, 3, 4].map(|places| cluster.after(first, places));
    cluster.cut_off(&others);
    take_doomed(&cluster, first).await?;
    cluster.cut_off(&pair);

    // The other three commit as many.
    cluster.reconnect(&others);
    agree_on_many(&cluster).await?;

    // One of those is cut off; leader and last follower take many that cannot commit.
    let second = cluster.one_leader().await?;
    let other = if others[0] == second { cluster.after(first, 3) } else { others[0] };
    cluster.cut_off(&[other]);
    take_doomed(&cluster, second).await?;

    // The first pair comes back, with the one that was cut off.
    cluster.cut_off(cluster.nodes());
    cluster.reconnect(&[pair[0], pair[1], other]);
    agree_on_many(&cluster).await?;

    cluster.reconnect(cluster.nodes());
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    Ok(())
}

async fn take_doomed(cluster: &RaftCluster, leader: NodeId) -> TestResult {
    for _ in 0..COMMANDS {
        cluster.must_take(leader, &cluster.new_command()).await?;
    }
    cluster.sleep(ELECTION_TIMEOUT / 2).await; // they reach whom they can reach
    Ok(())
}

async fn agree_on_many(cluster: &RaftCluster) -> TestResult {
    for _ in 0..COMMANDS {
        cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    }
    Ok(())
}
