//! A reply reaches a leader who has been deposed and elected again since it asked; what the reply acknowledges has been
//! overwritten, and must not count. (Figure 2, Leaders; section 5.3) Nor may what a reply acknowledged in time, in
//! the leader's former term: matchIndex is "reinitialized after election".
//!
//! Whoever gives a call its usual second no longer waits by then: two elections take longer. So clocks stand almost
//! still while others act, and of the caller's second nothing passes but its own election timeout. No rule of Raft's may
//! depend on clocks (section 5.6).

use super::cluster::RaftCluster;
use crate::contract::Proposed;
use crate::judge::Known;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::net::DEFAULT_DEADLINE;
use windtunnel::time::{Instant, sleep_until};

/// Late replies until the test has seen enough, and attempts at most to bring one about.
const REPLIES: u32 = 2;
const ATTEMPTS: u32 = 4;

/// A reply is under way for so long.
const REPLY_TAKES: Duration = Duration::from_secs(8);

/// The requests that are so answered take so long each: none overtakes another, and so none is refused.
const REQUEST_TAKES: Duration = Duration::from_millis(5);

/// A follower that takes entries at all has them, and has answered, within.
const ANSWERED_WITHIN: Duration = Duration::from_millis(250);

/// After that what was written is on disk and answered.
const SYNCED: Duration = Duration::from_millis(20);

/// After that nobody is loyal to a leader that is gone, and whoever does not stand has stood.
const FORGOTTEN: Duration = Duration::from_secs(1);

/// So much of the caller's second is for the end: it takes commands, and then comes the reply.
const AT_THE_END: Duration = Duration::from_millis(100);

/// Leaders of [`count_anew`].
const LEADERS: u32 = 2;

/// Entries that a follower acknowledges to a leader there, and those that the leader proposes when it leads again: fewer,
/// so that they come where something was acknowledged, also behind what overwrote it.
const ACKNOWLEDGED: u32 = 12;
const PROPOSED_AGAIN: u32 = 3;

/// A follower's reply reaches a leader in a later term of its; and a leader leads again that was answered in a former term.
pub async fn late_reply(cluster: RaftCluster) -> TestResult {
    let mut replies = 0;
    for _ in 0..ATTEMPTS {
        cluster.agree_in_the_end(cluster.new_command(), 5).await?;
        cluster.sleep(ANSWERED_WITHIN).await; // nothing is under way, for which a leader may wait
        let came_about = one_late_reply(&cluster).await?;
        cluster.inner().judge().note_scene(came_about);
        replies += u32::from(came_about);
        cluster.right_clocks(cluster.nodes());
        cluster.make_reliable();
        cluster.reconnect(cluster.nodes());
        if replies == REPLIES {
            break;
        }
    }
    for _ in 0..LEADERS {
        let came_about = count_anew(&cluster).await?;
        cluster.inner().judge().note_scene(came_about);
        cluster.reconnect(cluster.nodes());
    }
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    Ok(())
}

/// A leader whose entries one follower has acknowledged is deposed, and others overwrite them on both. It leads again,
/// without a restart, and reaches one other server alone: with that one it commits nothing, whatever was acknowledged
/// once. Whether all that it proposed then is where something was.
async fn count_anew(cluster: &RaftCluster) -> TestResult<bool> {
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    let leader = cluster.one_leader().await?;
    let [follower, b, c, d] = [1, 2, 3, 4].map(|places| cluster.after(leader, places));
    cluster.star(leader, &[follower]);
    let mut acknowledged = None;
    for _ in 0..ACKNOWLEDGED {
        acknowledged = cluster.propose(leader, &cluster.new_command()).await?;
    }
    let Some(acknowledged) = acknowledged else { return Ok(false) };
    let has = |known: &Known| known.server(follower).log.term_at(acknowledged.index) == Some(acknowledged.term);
    let is_copied = cluster.comes_true_within(ANSWERED_WITHIN, has).await;
    cluster.sleep(SYNCED).await;

    overwrite(cluster, leader, [follower, b, c, d]).await?;
    cluster.elect(leader, &[c, d]).await?;
    cluster.star(leader, &[c]);
    let mut last = None;
    for _ in 0..PROPOSED_AGAIN {
        last = cluster.propose(leader, &cluster.new_command()).await?;
    }
    cluster.sleep(ANSWERED_WITHIN).await;
    let is_below = |again: Proposed| again.index <= acknowledged.index && again.term > acknowledged.term;
    Ok(is_copied && last.is_some_and(is_below))
}

/// Whether one came in a later term of the leader's, within the time that calls wait. Not if its election timeouts are
/// longer than that, nor if a leader sends one command and waits for the answer before it sends more.
async fn one_late_reply(cluster: &RaftCluster) -> TestResult<bool> {
    let leader = cluster.one_leader().await?;
    let [follower, b, c, d] = [1, 2, 3, 4].map(|places| cluster.after(leader, places));
    let Some(acknowledged) = acknowledge_late(cluster, leader, follower).await? else {
        return Ok(false);
    };
    let (arrives, deposed) = (acknowledged.sent + REPLY_TAKES, acknowledged.entry.term);
    let waited = acknowledged.sent.elapsed();
    cluster.slow_clocks(&[leader]);
    overwrite(cluster, leader, [follower, b, c, d]).await?;
    // The voters stand, in vain, until nobody is loyal to the other leader any more.
    cluster.star(leader, &[c, d]);
    cluster.sleep(FORGOTTEN).await;
    cluster.slow_clocks(&[c, d]);
    cluster.right_clocks(&[leader]);
    let patience = DEFAULT_DEADLINE.saturating_sub(waited + AT_THE_END);
    let leads = |known: &Known| known.server(leader).leads().filter(|term| *term > deposed);
    if !cluster.comes_true_within(patience, |known| leads(known).is_some()).await {
        return Ok(false);
    }
    cluster.slow_clocks(&[leader]);
    let again = leads(cluster.inner().judge().known());
    // It proposes as much as was acknowledged to one other alone, and then comes the reply.
    if Instant::now() + AT_THE_END / 2 > arrives {
        return Ok(false);
    }
    sleep_until(arrives - AT_THE_END / 2).await;
    cluster.star(leader, &[d]);
    cluster.inner().mend(follower, leader);
    cluster.right_clocks(&[leader, d]);
    for _ in 0..4 {
        cluster.propose(leader, &cluster.new_command()).await?;
    }
    sleep_until(arrives).await;
    let leads_on = again.is_some() && leads(cluster.inner().judge().known()) == again;
    cluster.sleep(ANSWERED_WITHIN).await;
    Ok(leads_on)
}

/// What a follower has acknowledged, and when the first of it was sent at the earliest.
struct Acknowledged {
    entry: Proposed,
    sent: Instant,
}

/// The follower gets three commands that nobody else does, and its replies are late. Nothing if it does not get all.
async fn acknowledge_late(cluster: &RaftCluster, leader: NodeId, follower: NodeId) -> TestResult<Option<Acknowledged>> {
    // Nothing between the two is lost on the way: who misses an answer may send no more until there is one.
    let others: Vec<NodeId> =
        cluster.nodes().iter().copied().filter(|&node| node != leader && node != follower).collect();
    cluster.cut_off(&others);
    cluster.make_late(leader, follower, REQUEST_TAKES);
    cluster.make_late(follower, leader, REPLY_TAKES);
    let sent = Instant::now();
    let mut last = None;
    for _ in 0..3 {
        last = cluster.propose(leader, &cluster.new_command()).await?;
    }
    let Some(entry) = last else { return Ok(None) };
    let has_all = |known: &Known| known.server(follower).log.term_at(entry.index) == Some(entry.term);
    if !cluster.comes_true_within(ANSWERED_WITHIN, has_all).await {
        return Ok(None);
    }
    cluster.sleep(SYNCED).await;
    Ok(Some(Acknowledged { entry, sent }))
}

/// Another leader overwrites them, on the first one and on the follower.
async fn overwrite(cluster: &RaftCluster, leader: NodeId, [follower, b, c, d]: [NodeId; 4]) -> TestResult {
    cluster.elect(b, &[c, d]).await?;
    let newer = cluster.must_take(b, &cluster.new_command()).await?;
    cluster.star(b, &[c, d, leader, follower]);
    let all = [leader, follower, c, d];
    let has = |known: &Known, node: NodeId| known.server(node).log.term_at(newer.index) == Some(newer.term);
    cluster.comes_true(|known| all.iter().all(|node| has(known, *node))).await;
    Ok(())
}
