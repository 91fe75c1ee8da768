//! Situations of section 7: snapshots that come late or twice, and hosts that lose power around them.

use super::bounds::{AGREEMENT_WITHIN, ELECTION_WITHIN, LOOK_EVERY};
use super::cluster::{RaftCluster, SnapshotPlan};
use crate::contract::LogIndex;
use crate::judge::Known;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::time::Instant;
use windtunnel::world::LinkWeather;
use windtunnel::world::disk::DiskWeather;
use windtunnel::{Nanos, NodeId, Ppm};

/// Often and small, so that a round takes few commands.
const OFTEN: SnapshotPlan = SnapshotPlan { every: 5, bytes: 500 };

/// Large for a request: whoever sends it in pieces of 64 KiB sends four, so that there are pieces in the middle.
const LARGE: SnapshotPlan = SnapshotPlan { every: 10, bytes: 200_000 };

/// Rounds of [`stale_snapshot`] with small snapshots, and with large ones.
const STALE: (u32, u32) = (2, 2);

/// Copies of small snapshots are late by up to so much, while nobody's clock moves: a newer snapshot is there by then.
const LATE_BY_FAR: Duration = Duration::from_secs(10);

/// Copies of pieces are late by up to so much: some come when the next piece has come, and the snapshot is not whole.
const LATE_BY_A_PIECE: Duration = Duration::from_millis(50);

/// After that nothing is under way but copies.
const SETTLED: Duration = Duration::from_millis(50);

/// Whatever brings a snapshot to a follower comes once more: when the follower has a newer one of its own, and between
/// the pieces of the same. So does its own state machine's, when it has a newer one.
pub async fn stale_snapshot(cluster: RaftCluster) -> TestResult {
    let (small, large) = STALE;
    let snapshots = cluster.take_snapshots(OFTEN);
    for _ in 0..small {
        let came_about = late_copies_after_a_newer_snapshot(&cluster).await?;
        cluster.inner().judge().note_scene(came_about);
    }
    cluster.small_state(OFTEN).await?;
    drop(snapshots);
    let _snapshots = cluster.take_snapshots(LARGE);
    for _ in 0..large {
        agree_often(&cluster, 1, 3).await?;
        let came_about = hand_over_twice(&cluster, LARGE, LATE_BY_A_PIECE).await?.is_some();
        cluster.inner().judge().note_scene(came_about);
        agree_often(&cluster, 1, 3).await?;
    }
    Ok(())
}

/// Whether the follower had a newer snapshot than the one that was brought to it, and something was sent after that, while all
/// clocks stood almost still.
///
/// Copies are what is left to cause that, but for a timer that had a hundredth of a second to go. Of which request a copy was
/// answered is not known: the suite knows no request of a server by its name.
async fn late_copies_after_a_newer_snapshot(cluster: &RaftCluster) -> TestResult<bool> {
    agree_often(cluster, 2, 3).await?;
    let Some((leader, follower)) = hand_over_twice(cluster, OFTEN, LATE_BY_FAR).await? else { return Ok(false) };
    let base = |known: &Known| known.server(follower).head.map(|head| head.snapshot_index);
    let older = base(cluster.inner().judge().known());
    propose_often(cluster, leader, 2 * OFTEN.every).await?;
    agree_often(cluster, 1, 3).await?;
    let has_newer = cluster.comes_true_within(AGREEMENT_WITHIN, |known| base(known) > older).await;
    hand_over_late(cluster, follower, older).await;
    cluster.slow_clocks(cluster.nodes());
    cluster.sleep(SETTLED).await;
    let messages = cluster.inner().counters().messages;
    cluster.sleep(LATE_BY_FAR).await;
    let something_was_sent = cluster.inner().counters().messages > messages;
    cluster.right_clocks(cluster.nodes());
    agree_often(cluster, 1, 3).await?;
    // What came late may be on its disk alone by now.
    cluster.crash_and_restart(&[follower]);
    agree_often(cluster, 1, 3).await?;
    Ok(has_newer && something_was_sent)
}

/// A state machine that was slow hands its server the snapshot that a newer one has replaced meanwhile.
async fn hand_over_late(cluster: &RaftCluster, node: NodeId, older: Option<LogIndex>) {
    if let Some(older) = older.filter(|index| *index > LogIndex::ZERO) {
        cluster.hand_over(node, OFTEN, older).await;
    }
}

/// Brings it about that a follower gets a snapshot from its leader, with a copy of each message that is late by up to
/// so much. Says who they are; nothing if another one sent it.
async fn hand_over_twice(
    cluster: &RaftCluster,
    plan: SnapshotPlan,
    late_by: Duration,
) -> TestResult<Option<(NodeId, NodeId)>> {
    let leader = cluster.one_leader().await?;
    let follower = cluster.after(leader, 1);
    cluster.cut_off(&[follower]);
    propose_often(cluster, leader, plan.every).await?;
    let last = cluster.agree_in_the_end(cluster.new_command(), 2).await?;
    let tail = [Nanos::ZERO, Nanos::from(late_by)];
    let twice = LinkWeather { duplicate_ppm: Ppm(1_000_000), tail, ..cluster.inner().calm() };
    cluster.inner().set_link(leader, follower, twice);
    cluster.reconnect(&[follower]);
    let is_sent = |known: &Known| known.server(follower).head.is_some_and(|head| head.commit >= last);
    let arrived = cluster.is_shown_within(AGREEMENT_WITHIN, is_sent).await;
    cluster.make_calm(leader, follower);
    let leads_on = cluster.inner().judge().known().server(leader).leads().is_some();
    Ok((arrived && leads_on).then_some((leader, follower)))
}

/// Moments of [`power_loss_around_snapshots`], one in each step of whoever waits for so many fsyncs or fewer.
const MOMENTS: u32 = 6;

/// What each fsync takes there.
const FSYNC: Duration = Duration::from_millis(10);

/// Two of three servers take a snapshot and cut their logs, and one of them loses power: first at once, and from round
/// to round one fsync later. What it forgets, one server alone still has. The third gets the snapshot then, and loses
/// power as long after it begins to write it.
pub async fn power_loss_around_snapshots(cluster: RaftCluster) -> TestResult {
    cluster.make_syncs_take(cluster.nodes(), FSYNC);
    let _snapshots = cluster.take_snapshots(OFTEN);
    let stream = cluster.inner().stream("power losses");
    let within = || Duration::from_micros(stream.below(FSYNC.as_micros() as u64));
    agree_often(&cluster, OFTEN.every, 3).await?; // there is a snapshot to lose
    for moment in 0..MOMENTS {
        let away = cluster.nodes()[stream.below(3) as usize];
        let victim = cluster.after(away, 1 + stream.below(2) as u32);
        cluster.cut_off(&[away]);
        let is_due = hand_over(&cluster, victim).await?;
        cluster.inner().judge().note_scene(is_due);
        cluster.sleep(FSYNC * moment + within()).await;
        cluster.lose_power_for_a_moment(&[victim]);
        agree_often(&cluster, 1, 2).await?;

        let bytes = cluster.inner().tester().disk_bytes(away) + OFTEN.bytes as u64;
        let base = |known: &Known| known.server(away).head.map(|head| head.snapshot_index);
        let before = base(cluster.inner().judge().known());
        cluster.reconnect(&[away]);
        let begins = |known: &Known| base(known) > before || cluster.inner().tester().disk_bytes(away) >= bytes;
        let has_begun = cluster.comes_true_within(ELECTION_WITHIN, begins).await;
        cluster.inner().judge().note_scene(has_begun);
        cluster.sleep(FSYNC * moment + within()).await;
        cluster.lose_power_for_a_moment(&[away]);
        agree_often(&cluster, 1, 3).await?;
        cluster.small_state(OFTEN).await?;
    }
    Ok(())
}

/// Waits until a server, one of two that agree, has just applied what its state machine takes the next snapshot at. Says whether
/// it has.
async fn hand_over(cluster: &RaftCluster, victim: NodeId) -> TestResult<bool> {
    agree_often(cluster, 1, 2).await?;
    let leader = cluster.one_leader().await?;
    let applied = |known: &Known| known.server(victim).applied;
    let due = OFTEN.due_after(applied(cluster.inner().judge().known()));
    while let Some(taken) = cluster.propose(leader, &cluster.new_command()).await? {
        if taken.index >= due {
            break;
        }
    }
    Ok(cluster.is_shown_within(AGREEMENT_WITHIN, |known| applied(known) >= due).await)
}

/// Rounds of [`unsynced_snapshot`].
const TAKEN_OVER: u32 = 2;

/// What each fsync of the follower takes there: several times as long as [`ANSWERED`].
const SLOW_FSYNC: Duration = Duration::from_millis(200);

/// After that an answer which waits for no fsync has reached whoever asked.
const ANSWERED: Duration = Duration::from_millis(50);

/// A follower that was away is sent a snapshot and loses power in its first fsync of it; its leader leads on, and takes no
/// newer one. What an answer has said of its log the leader never takes back (matchIndex only rises): so it is not
/// given before the snapshot is on the disk, or nobody sends it again. (Section 5.3; figure 13)
pub async fn unsynced_snapshot(cluster: RaftCluster) -> TestResult {
    for _ in 0..TAKEN_OVER {
        let came_about = lose_what_was_taken_over(&cluster).await?;
        cluster.inner().judge().note_scene(came_about);
        agree_often(&cluster, 1, 3).await?;
    }
    Ok(())
}

/// Whether the follower had begun to take the snapshot over and its disk gave back none of it, under the same leader.
async fn lose_what_was_taken_over(cluster: &RaftCluster) -> TestResult<bool> {
    let snapshots = cluster.take_snapshots(OFTEN);
    agree_often(cluster, 1, 3).await?;
    let leader = cluster.leader_within(ELECTION_WITHIN).await?;
    let follower = cluster.after(leader.node, 1);
    cluster.slow_clocks(&[follower]); // it stands against nobody, and comes back in the leader's term
    cluster.cut_off(&[follower]);
    agree_often(cluster, 2 * OFTEN.every, 2).await?;
    let base = |known: &Known, node: NodeId| known.server(node).head.map(|head| head.snapshot_index);
    let lacks = |known: &Known| base(known, leader.node) > Some(known.server(follower).log.last_index());
    let is_cut = cluster.comes_true_within(AGREEMENT_WITHIN, lacks).await;
    drop(snapshots);
    let sent = base(cluster.inner().judge().known(), leader.node).unwrap_or_default();

    cluster.make_syncs_take(&[follower], SLOW_FSYNC);
    let bytes = cluster.inner().tester().disk_bytes(follower) + OFTEN.bytes as u64;
    let before = base(cluster.inner().judge().known(), follower);
    cluster.reconnect(&[follower]);
    let begins =
        |known: &Known| base(known, follower) > before || cluster.inner().tester().disk_bytes(follower) >= bytes;
    let has_begun = cluster.comes_true_within(ELECTION_WITHIN, begins).await;
    cluster.right_clocks(&[follower]);
    cluster.sleep(ANSWERED).await;
    cluster.inner().power_loss(follower);
    cluster.set_disks(&[follower], DiskWeather::default());
    cluster.inner().start(follower);
    cluster.is_shown_within(ELECTION_WITHIN, |known| known.server(follower).head.is_some()).await;
    let judge = cluster.inner().judge();
    let has_lost_it = judge.known().server(follower).restored.0 < sent;
    let leads_on = judge.known().server(leader.node).leads() == Some(leader.term);
    Ok(is_cut && has_begun && has_lost_it && leads_on)
}

/// Rounds of [`large_snapshot`].
const TRANSFERS: u32 = 3;

/// At most so many commands are proposed while a snapshot travels, so many microseconds apart.
const MEANWHILE: u64 = 30;
const MOST_APART: u64 = 2_000;

/// A snapshot is on its way when so many bytes were sent: all else makes less.
const BEGUN: u64 = 30_000;

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
        let base = |node: NodeId| cluster.inner().judge().known().server(node).head.map(|head| head.snapshot_index);
        let (before, bytes) = (base(follower), cluster.bytes());
        cluster.reconnect(&[follower]);
        let begun = Instant::now() + ELECTION_WITHIN;
        while cluster.bytes() - bytes < BEGUN && Instant::now() < begun {
            cluster.sleep(LOOK_EVERY).await;
        }
        // Commands go on, and with them comes a newer snapshot before all of this one is there.
        for _ in 0..stream.below(MEANWHILE) {
            cluster.propose(leader, &cluster.new_command()).await?;
            cluster.sleep(Duration::from_micros(stream.below(MOST_APART))).await;
        }
        let crashes: NodeId = if stream.below(2) == 0 { leader } else { follower };
        let has_begun = cluster.bytes() - bytes >= BEGUN;
        cluster.inner().judge().note_scene(has_begun && base(follower) == before && base(leader) > before);
        cluster.crash_and_restart(&[crashes]);
        agree_often(&cluster, 1, 3).await?;
    }
    cluster.small_state(LARGE).await
}

/// Offers so many commands to a server, which takes them if it leads.
async fn propose_often(cluster: &RaftCluster, leader: NodeId, times: u64) -> TestResult {
    for _ in 0..times {
        cluster.propose(leader, &cluster.new_command()).await?;
    }
    Ok(())
}

async fn agree_often(cluster: &RaftCluster, times: u64, servers: usize) -> TestResult {
    for _ in 0..times {
        cluster.agree_in_the_end(cluster.new_command(), servers).await?;
    }
    Ok(())
}
