//! Situations in which a disk is slow or breaks its promise to a server whose vote or copy counts. What the server has
//! acknowledged must be there when it comes back, or it must not come back.

use super::cluster::{RaftCluster, SnapshotPlan};
use crate::judge::Known;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::time::Instant;
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

/// What an fsync of a leader takes that does not come to its end: two followers have a command and say so within
/// [`COPIED_WITHIN`] and [`ANSWERED_WITHIN`], which are less together.
const ENDLESS: Duration = Duration::from_millis(200);
const COPIED_WITHIN: Duration = Duration::from_millis(100);
const ANSWERED_WITHIN: Duration = Duration::from_millis(40);

/// Entries of a leader in [`unsynced_copies`] that are cut off again before it leads once more.
const CUT: u32 = 8;

/// Commands of [`kill_and_then_power_loss`], and elections.
const KILLED: u32 = 2;

/// Fsyncs fail so often: one that failed may be followed by one that succeeds.
const FAILING: Ppm = Ppm(350_000);

/// How often a server is tried whose fsyncs fail.
const TRIES: u32 = 8;

/// An operation fails so often while a server starts: some start has read nothing of a file and could write all that it needs to.
const UNREADABLE: Ppm = Ppm(110_000);

/// Commands in the log of a server before its disk rots: each is written by itself.
const COMMANDS: u32 = 12;

/// A command is committed within, or never.
const COMMITTED_WITHIN: Duration = Duration::from_millis(600);

/// How often bits rot behind snapshots: at a start that reads two files one of them alone is rotten as often as not.
const HALF: Ppm = Ppm(500_000);

/// How often a server is started whose disk rots behind a snapshot, or until it ends itself.
const STARTS: u32 = 4;

/// What state machines hand over, so that most of what is on a disk is the snapshot.
const SNAPSHOTS: SnapshotPlan = SnapshotPlan { every: 5, bytes: 1_500 };

/// A server that starts has read its disk within.
const STARTED: Duration = Duration::from_millis(30);

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
        let is_elected = cluster.comes_true_within(ELECTED_WITHIN, leads).await;
        cluster.inner().judge().note_scene(is_elected);
        if is_elected {
            lose_power_and_go_on(&cluster, &slow).await;
        }
        cluster.set_disks(&slow, DiskWeather::default());
        cluster.reconnect(cluster.nodes());
    }
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    Ok(())
}

/// A leader commits with two followers out of four. Just when a command is committed, the power is lost where fsyncs
/// are slow: the leader's, or the followers'. The copies that were counted are on the disks. And the leader's power is
/// lost in the fsync of its copy, when the followers have theirs: it has not counted its own, also if what it once had
/// in that place, and was cut off, was on its disk.
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
    for _ in 0..COPIES {
        let (leader, followers) = lead_two(&cluster).await?;
        let came_about = lose_the_leaders_copy(&cluster, leader, followers).await?;
        cluster.inner().judge().note_scene(came_about);
        let (leader, followers) = lead_with_a_log_that_was_longer(&cluster).await?;
        let came_about = lose_the_leaders_copy(&cluster, leader, followers).await?;
        cluster.inner().judge().note_scene(came_about);
    }
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    Ok(())
}

/// Who leads, when all agree, and the two followers that it is left with.
async fn lead_two(cluster: &RaftCluster) -> TestResult<(NodeId, [NodeId; 2])> {
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    let leader = cluster.one_leader().await?;
    let followers = [1, 2].map(|places| cluster.after(leader, places));
    cluster.star(leader, &followers);
    Ok((leader, followers))
}

/// The leader loses power at the very event at which somebody shows a command as committed; or, since nobody should,
/// when both followers have it and must have said so. Whether its own fsync was still under way then, for certain.
async fn lose_the_leaders_copy(cluster: &RaftCluster, leader: NodeId, followers: [NodeId; 2]) -> TestResult<bool> {
    cluster.make_syncs_take(&[leader], ENDLESS);
    let proposed = Instant::now();
    let mut came_about = false;
    if let Some(taken) = cluster.propose(leader, &cluster.new_command()).await? {
        let is_committed = |known: &Known| known.committed().last_index() >= taken.index;
        let has = |known: &Known, node: NodeId| known.server(node).log.term_at(taken.index) == Some(taken.term);
        let is_copied = |known: &Known| is_committed(known) || followers.iter().all(|node| has(known, *node));
        came_about = cluster.comes_true_within(COPIED_WITHIN, is_copied).await;
        cluster.is_shown_within(ANSWERED_WITHIN, is_committed).await;
    }
    came_about &= proposed.elapsed() < ENDLESS;
    cluster.inner().power_loss(leader);
    cluster.set_disks(&[leader], DiskWeather::default());
    cluster.inner().start(leader);
    cluster.sleep(SETTLED).await;
    cluster.reconnect(cluster.nodes());
    Ok(came_about)
}

/// A leader that is cut off has entries on its disk which another one's take the place of, fewer; then it leads again,
/// by two votes, and was never down. Who it is, and who voted.
async fn lead_with_a_log_that_was_longer(cluster: &RaftCluster) -> TestResult<(NodeId, [NodeId; 2])> {
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    let leader = cluster.one_leader().await?;
    cluster.cut_off(&[leader]);
    for _ in 0..CUT {
        cluster.propose(leader, &cluster.new_command()).await?;
    }
    cluster.sleep(SETTLED).await;
    cluster.agree_in_the_end(cluster.new_command(), 4).await?;
    cluster.reconnect(&[leader]);
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    let other = cluster.one_leader().await?;
    let mut voters = cluster.nodes().iter().copied().filter(|node| *node != leader && *node != other);
    let voters = [voters.next(), voters.next()].map(|voter| voter.expect("there are five servers"));
    cluster.elect(leader, &voters).await?;
    Ok((leader, voters))
}

/// Two servers out of four, whose copies count, and then whose votes do, are killed in the fsync. A kill takes nothing that
/// was written: at the next start it is there to read, synced or not, and they say so when they are asked again. Just when that is
/// what commits a command, or elects somebody, they lose power. What they said by then is on their disks.
pub async fn kill_and_then_power_loss(cluster: RaftCluster) -> TestResult {
    for _ in 0..KILLED {
        let (leader, followers) = lead_two(&cluster).await?;
        let came_about = kill_in_the_fsync_of_copies(&cluster, leader, followers).await?;
        cluster.inner().judge().note_scene(came_about);
        lose_power_and_go_on(&cluster, &followers).await;
        cluster.reconnect(cluster.nodes());
    }
    for _ in 0..KILLED {
        cluster.agree_in_the_end(cluster.new_command(), 5).await?;
        let former = cluster.one_leader().await?;
        let [candidate, first, second] = [1, 2, 3].map(|places| cluster.after(former, places));
        cluster.star(candidate, &[first, second]);
        let came_about = kill_in_the_fsync_of_votes(&cluster, candidate, [first, second]).await;
        cluster.inner().judge().note_scene(came_about);
        lose_power_and_go_on(&cluster, &[first, second]).await;
        cluster.reconnect(cluster.nodes());
    }
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    Ok(())
}

/// Whether a command is committed that both followers had not synced when they were killed.
async fn kill_in_the_fsync_of_copies(
    cluster: &RaftCluster,
    leader: NodeId,
    followers: [NodeId; 2],
) -> TestResult<bool> {
    cluster.make_syncs_take(&followers, ENDLESS);
    let Some(taken) = cluster.propose(leader, &cluster.new_command()).await? else { return Ok(false) };
    let has = |known: &Known, node: NodeId| known.server(node).log.term_at(taken.index) == Some(taken.term);
    let both = |known: &Known| followers.iter().all(|node| has(known, *node));
    let is_copied = cluster.comes_true_within(COPIED_WITHIN, both).await;
    kill_for_a_moment(cluster, &followers);
    let is_committed = |known: &Known| known.committed().last_index() >= taken.index;
    Ok(is_copied && cluster.is_shown_within(COMMITTED_WITHIN, is_committed).await)
}

/// Whether a candidate is elected in the term in which both voters had not synced their votes when they were killed. Not if
/// it asks for each vote but once.
async fn kill_in_the_fsync_of_votes(cluster: &RaftCluster, candidate: NodeId, voters: [NodeId; 2]) -> bool {
    cluster.make_syncs_take(&voters, ENDLESS);
    let term = |known: &Known| known.server(candidate).head.map(|head| head.term);
    let has_voted = |known: &Known, node: NodeId| {
        let head = known.server(node).head.filter(|head| head.voted_for == Some(candidate));
        head.is_some_and(|head| Some(head.term) == term(known))
    };
    let both = |known: &Known| voters.iter().all(|node| has_voted(known, *node));
    let have_voted = cluster.comes_true_within(ELECTED_WITHIN, both).await;
    let asked_in = term(cluster.inner().judge().known());
    let was_elected = cluster.inner().judge().known().server(candidate).leads().is_some();
    kill_for_a_moment(cluster, &voters);
    let leads = |known: &Known| known.server(candidate).leads().is_some();
    let is_elected = cluster.is_shown_within(COMMITTED_WITHIN, leads).await;
    have_voted && !was_elected && is_elected && term(cluster.inner().judge().known()) == asked_in
}

/// Kills servers and starts them again at once, on disks that are fast.
fn kill_for_a_moment(cluster: &RaftCluster, nodes: &[NodeId]) {
    nodes.iter().for_each(|node| cluster.inner().kill(*node));
    cluster.set_disks(nodes, DiskWeather::default());
    nodes.iter().for_each(|node| cluster.inner().start(*node));
}

/// A leader commits with two followers out of four. The fsyncs of one fail, and it loses power when a command is
/// committed; later another one's disk fails while it starts, and comes back with all that it held, and then a disk rots
/// while its server is down. Each of them may stop for good.
pub async fn unsound_disks(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    let leader = cluster.one_leader().await?;
    let [first, other] = [1, 2].map(|places| cluster.after(leader, places));
    cluster.star(leader, &[first, other]);
    let has_ended = fail_fsyncs(&cluster, leader, first).await?;
    cluster.inner().judge().note_scene(has_ended);
    cluster.reconnect(cluster.nodes());
    cluster.agree_on_all_running(cluster.new_command()).await?;

    let (leader, sound) = leader_and_others(&cluster, first).await?;
    cluster.star(leader, &sound[..2]);
    let has_ended = fail_at_starts(&cluster, leader, sound[0]).await?;
    cluster.inner().judge().note_scene(has_ended);
    cluster.reconnect(cluster.nodes());
    cluster.agree_on_all_running(cluster.new_command()).await?;

    let (leader, sound) = leader_and_others(&cluster, first).await?;
    cluster.star(leader, &sound[..2]);
    let has_ended = let_rot(&cluster, leader, sound[0]).await?;
    cluster.inner().judge().note_scene(has_ended);
    cluster.reconnect(cluster.nodes());
    cluster.agree_on_all_running(cluster.new_command()).await?;
    Ok(())
}

/// Who leads, and the other servers but this one.
async fn leader_and_others(cluster: &RaftCluster, but: NodeId) -> TestResult<(NodeId, Vec<NodeId>)> {
    let leader = cluster.one_leader().await?;
    let other = |node: &NodeId| *node != leader && *node != but;
    Ok((leader, cluster.nodes().iter().copied().filter(other).collect()))
}

/// The last record that a server wrote is the one whose fsync failed: what comes after it would save it. Whether it has ended
/// itself once.
async fn fail_fsyncs(cluster: &RaftCluster, leader: NodeId, victim: NodeId) -> TestResult<bool> {
    let mut has_ended = false;
    for _ in 0..TRIES {
        cluster.set_disks(&[victim], DiskWeather { sync_error_ppm: FAILING, ..DiskWeather::default() });
        commits(cluster, leader).await?;
        has_ended |= !cluster.is_up(victim);
        cluster.inner().power_loss(victim);
        cluster.set_disks(&[victim], DiskWeather::default());
        cluster.inner().start(victim);
        cluster.sleep(SETTLED).await;
    }
    Ok(has_ended)
}

/// What cannot be read is not what is not there: a server that starts on a disk that fails at times has all that it held, or it ends
/// itself and has it at its next start. Whether it has ended itself once.
async fn fail_at_starts(cluster: &RaftCluster, leader: NodeId, victim: NodeId) -> TestResult<bool> {
    let mut has_ended = false;
    for _ in 0..TRIES {
        commits(cluster, leader).await?;
        cluster.crash(&[victim]);
        cluster.set_disks(&[victim], DiskWeather { error_ppm: UNREADABLE, ..DiskWeather::default() });
        cluster.restart(&[victim]);
        cluster.sleep(STARTED).await;
        cluster.set_disks(&[victim], DiskWeather::default());
        if !cluster.is_up(victim) {
            has_ended = true;
            cluster.restart(&[victim]);
        }
        cluster.sleep(SETTLED).await;
    }
    Ok(has_ended)
}

/// Whether it has ended itself.
async fn let_rot(cluster: &RaftCluster, leader: NodeId, victim: NodeId) -> TestResult<bool> {
    for _ in 0..COMMANDS {
        commits(cluster, leader).await?;
    }
    cluster.crash(&[victim]);
    cluster.set_disks(&[victim], DiskWeather { bit_rot_ppm: Ppm(1_000_000), ..DiskWeather::default() });
    cluster.restart(&[victim]);
    cluster.sleep(SETTLED).await;
    cluster.set_disks(&[victim], DiskWeather::default());
    Ok(!cluster.is_up(victim))
}

/// Two followers of four start on disks that rot, one after the other, each with a snapshot whose entries two others alone
/// have besides. A server that has replaced the file of it whole finds it rotten at times: it ends itself, or it shows a
/// state that nobody had, or has forgotten what was committed by its copy.
pub async fn rotten_snapshots(cluster: RaftCluster) -> TestResult {
    let _snapshots = cluster.take_snapshots(SNAPSHOTS);
    let mut victims = Vec::new();
    while victims.len() < 2 {
        for _ in 0..2 * SNAPSHOTS.every {
            cluster.agree_on_all_running(cluster.new_command()).await?;
        }
        cluster.small_state(SNAPSHOTS).await?;
        let leader = cluster.one_leader().await?;
        let sound = |node: &NodeId| *node != leader && !victims.contains(node);
        let mut sound = cluster.nodes().iter().copied().filter(sound);
        let [victim, third] = [sound.next(), sound.next()].map(|node| node.expect("two of five rot at the most"));
        cluster.star(leader, &[victim, third]);
        for _ in 0..2 * SNAPSHOTS.every {
            commits(&cluster, leader).await?;
        }
        let has_ended = start_on_rotting_disk(&cluster, victim).await;
        cluster.inner().judge().note_scene(has_ended);
        cluster.reconnect(cluster.nodes());
        victims.push(victim);
    }
    cluster.agree_on_all_running(cluster.new_command()).await?;
    Ok(())
}

/// Whether it has ended itself.
async fn start_on_rotting_disk(cluster: &RaftCluster, victim: NodeId) -> bool {
    for _ in 0..STARTS {
        cluster.crash(&[victim]);
        cluster.set_disks(&[victim], DiskWeather { bit_rot_ppm: HALF, ..DiskWeather::default() });
        cluster.restart(&[victim]);
        cluster.sleep(SETTLED).await;
        cluster.set_disks(&[victim], DiskWeather::default());
        if !cluster.is_up(victim) {
            return true;
        }
    }
    false
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
