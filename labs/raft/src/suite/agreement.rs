//! Part log, MIT's 3B: agreement while nothing fails, and what it costs.

use super::bounds::{
    BYTES_BESIDES_COMMANDS, CALLS_IN_AN_IDLE_SECOND, CALLS_TO_ELECT, ELECTION_TIMEOUT, ELECTION_WITHIN, LEADER_POLL,
    calls_to_agree,
};
use super::cluster::{RaftCluster, command};
use crate::contract::{LogIndex, Proposed};
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::{Nanos, spawn};

/// MIT `TestBasicAgree3B`. Three commands get the indices 1, 2 and 3, and all apply them there.
pub async fn basic_agreement(cluster: RaftCluster) -> TestResult {
    let leader = cluster.leader_within(ELECTION_WITHIN).await?;
    for index in 1..=3 {
        cluster.nothing_applied_at(LogIndex(index))?;
        let agreed = cluster.agree(command(index * 100), cluster.size()).await?;
        expect_index(&cluster, agreed, index)?;
    }
    cluster.still_leads(leader)
}

/// MIT `TestRPCBytes3B`. Each command goes to each follower once: ten of 5000 bytes.
pub async fn rpc_bytes(cluster: RaftCluster) -> TestResult {
    let all = cluster.size();
    cluster.agree(command(99), all).await?;
    let before = cluster.bytes();
    let mut sent = 0;
    for index in 2..12 {
        let large: Vec<u8> = (0..625).flat_map(|_| cluster.random_word().to_le_bytes()).collect();
        let agreed = cluster.agree(&large, all).await?;
        expect_index(&cluster, agreed, index)?;
        sent += large.len() as u64;
    }
    let (used, followers) = (cluster.bytes() - before, all as u64 - 1);
    let allowed = followers * sent + BYTES_BESIDES_COMMANDS;
    if used > allowed {
        let title = format!(
            "{sent} bytes of commands took {used} bytes of messages for {followers} followers; {allowed} would do."
        );
        return Err(cluster.failed("too-many-bytes", title));
    }
    Ok(())
}

/// Commands proposed at the same time in [`concurrent_starts`].
const AT_ONCE: u64 = 5;

/// MIT `TestConcurrentStarts3B`. Five commands proposed at once all commit, at the indices that the leader said.
pub async fn concurrent_starts(cluster: RaftCluster) -> TestResult {
    let leader = cluster.leader_within(ELECTION_WITHIN).await?;
    let first = command(1);
    let mut commands = vec![(cluster.must_take(leader.node, &first).await?.index, first)];

    let proposals: Vec<_> = (0..AT_ONCE).map(|number| command(100 + number)).collect();
    let taking = proposals.into_iter().map(|command| {
        let cluster = cluster.clone();
        spawn(async move { cluster.must_take(leader.node, &command).await.map(|taken| (taken.index, command)) })
    });
    for task in taking.collect::<Vec<_>>() {
        commands.push(task.await.expect("nobody aborts a proposal")?);
    }

    cluster.applied_everywhere(&commands).await?;
    let mut indices: Vec<LogIndex> = commands.iter().map(|(index, _)| *index).collect();
    indices.sort_unstable();
    for (index, expected) in indices.into_iter().zip(1..) {
        expect_index(&cluster, index, expected)?;
    }
    cluster.still_leads(leader)
}

/// Commands in the batch of [`count`], after the first. (MIT: 10 + 1)
const BATCH: u64 = 11;

/// MIT `TestCount3B`. Elections, agreement and idle time take no more calls than they need.
pub async fn count(cluster: RaftCluster) -> TestResult {
    let leader = cluster.leader_within(ELECTION_WITHIN).await?;
    cluster.sleep(until_next(LEADER_POLL, cluster.inner().now())).await;
    let elected = cluster.calls();
    expect_calls(&cluster, "the first election", elected, CALLS_TO_ELECT)?;

    let mut commands = Vec::new();
    for number in 0..=BATCH {
        let command = cluster.new_command();
        let Proposed { index, .. } = cluster.must_take(leader.node, &command).await?;
        expect_index(&cluster, index, 1 + number)?;
        commands.push((index, command));
    }
    cluster.applied_everywhere(&commands).await?;
    let agreed = cluster.calls();
    expect_calls(&cluster, "agreement on 12 commands", agreed - elected, calls_to_agree(BATCH - 1))?;

    cluster.nothing_changes_for(ELECTION_TIMEOUT, leader).await?;
    expect_calls(&cluster, "an idle second", cluster.calls() - agreed, CALLS_IN_AN_IDLE_SECOND)
}

/// How far the next multiple of `period` is.
fn until_next(period: Duration, now: Nanos) -> Duration {
    let period = Nanos::from(period).0;
    Nanos(period - now.0 % period).to_duration()
}

pub fn expect_index(cluster: &RaftCluster, index: LogIndex, expected: u64) -> TestResult {
    if index == LogIndex(expected) {
        return Ok(());
    }
    let title = format!("A command that should be entry {expected} is entry {index}: only commands take an index.");
    Err(cluster.failed("wrong-index", title))
}

fn expect_calls(cluster: &RaftCluster, what: &str, calls: u64, allowed: u64) -> TestResult {
    if (1..=allowed).contains(&calls) {
        return Ok(());
    }
    Err(cluster.failed("number-of-calls", format!("{calls} calls for {what}; 1 to {allowed} would do.")))
}
