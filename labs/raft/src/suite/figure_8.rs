//! Part persistence, MIT's 3C: leaders that fail soon after they took a command, again and again, in the hope
//! of the situations of the paper's figure 8. The figure itself, step by step, is in `situations`.

use super::bounds::ELECTION_TIMEOUT;
use super::cluster::RaftCluster;
use crate::contract::Proposed;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::NodeId;

/// Rounds of both tests. (MIT: 1000)
const ROUNDS: u32 = 1000;

/// From this round on messages of [`figure_8_unreliable`] overtake each other by far. (MIT: 200)
const REORDERED_FROM: u32 = 200;

/// From then on it is drawn so often how far on which link.
const REDRAWN_EVERY: u32 = 100;

/// With fewer servers at work one of the others comes back. (MIT: 3)
const AT_WORK: usize = 3;

/// MIT `TestFigure83C`. Whoever took a command last crashes, mostly before it can commit it.
pub async fn figure_8(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(cluster.new_command(), 1).await?;
    for _ in 0..ROUNDS {
        let up: Vec<NodeId> = cluster.nodes().iter().copied().filter(|node| cluster.is_connected(*node)).collect();
        let leader = last_of(cluster.offer(&up, &cluster.new_command()).await?);
        cluster.sleep(pause(&cluster)).await;
        if let Some(leader) = leader {
            cluster.crash(&[leader]);
        }
        if let Some(node) = one_of_too_few(&cluster) {
            cluster.restart(&[node]);
        }
    }
    let down: Vec<NodeId> = cluster.nodes().iter().copied().filter(|node| !cluster.is_connected(*node)).collect();
    cluster.restart(&down);
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    Ok(())
}

/// MIT `TestFigure8Unreliable3C`. Whoever took a command last is cut off every other time, while messages are
/// lost and later ones arrive first.
pub async fn figure_8_unreliable(cluster: RaftCluster) -> TestResult {
    cluster.make_unreliable();
    cluster.agree_in_the_end(cluster.new_command(), 1).await?;
    for round in 0..ROUNDS {
        if round >= REORDERED_FROM && round % REDRAWN_EVERY == 0 {
            cluster.make_unreliable_and_reordered();
        }
        let mut taken = cluster.offer(cluster.nodes(), &cluster.new_command()).await?;
        taken.retain(|(leader, _)| cluster.is_connected(*leader));
        let leader = last_of(taken);
        cluster.sleep(pause(&cluster)).await;
        if let Some(leader) = leader.filter(|_| draw(&cluster).below(1000) < 500) {
            cluster.cut_off(&[leader]);
        }
        if let Some(node) = one_of_too_few(&cluster) {
            cluster.reconnect(&[node]);
        }
    }
    cluster.reconnect(cluster.nodes());
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    Ok(())
}

fn last_of(taken: Vec<(NodeId, Proposed)>) -> Option<NodeId> {
    taken.last().map(|(leader, _)| *leader)
}

/// Mostly so short that nothing commits, now and then long enough.
fn pause(cluster: &RaftCluster) -> Duration {
    let stream = draw(cluster);
    if stream.below(1000) < 100 {
        Duration::from_millis(stream.below((ELECTION_TIMEOUT / 2).as_millis() as u64))
    } else {
        Duration::from_millis(stream.below(13))
    }
}

/// A drawn server, if it is away and too few are at work.
fn one_of_too_few(cluster: &RaftCluster) -> Option<NodeId> {
    let at_work = cluster.nodes().iter().filter(|node| cluster.is_connected(**node)).count();
    if at_work >= AT_WORK {
        return None;
    }
    let drawn = cluster.nodes()[draw(cluster).below(cluster.size() as u64) as usize];
    (!cluster.is_connected(drawn)).then_some(drawn)
}

fn draw(cluster: &RaftCluster) -> windtunnel::rand::Stream {
    cluster.inner().stream("figure-8")
}
