//! Situations that the paper and its readers warn of, each brought about on purpose: what MIT's tests hope to
//! meet by chance. The servers may time their elections as they like; the scene is set by who hears whom.

use super::bounds::{AGREEMENT_WITHIN, CALLS_IN_AN_IDLE_SECOND, ELECTION_WITHIN, WATCHED_FOR};
use super::cluster::RaftCluster;
use crate::contract::{Digest, Proposed};
use crate::judge::Known;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::time::Instant;

/// After that a server has on its disk what it has in its log, if it writes at all.
const SETTLED: Duration = Duration::from_millis(200);

/// The schedule of figure 8, up to (c), and then both of its ends: (d) the old entry is overwritten though a
/// majority has it, (e) it is safe because an entry of the leader's own term is committed behind it.
pub async fn figure_8_schedule(cluster: RaftCluster) -> TestResult {
    let ([s1, _, s3, s4, s5], old) = up_to_figure_8_c(&cluster).await?;
    cluster.crash(&[s1]);
    cluster.restart(&[s5]);
    cluster.elect(s5, &[s3, s4]).await?; // its last entry is of a later term than theirs
    heal(&cluster, &[s1]).await?;
    expect_at(&cluster, old, "figure 8 (d)", false)?;

    let ([s1, _, s3, s4, s5], old) = up_to_figure_8_c(&cluster).await?;
    let own = cluster.must_take(s1, &cluster.new_command()).await?;
    cluster.replicated_to(s3, own).await?;
    cluster.sleep(SETTLED).await;
    cluster.crash(&[s1]);
    cluster.restart(&[s5]);
    cluster.star(s5, &[s3, s4]);
    cluster.no_leader_for(ELECTION_WITHIN / 2).await?; // neither votes for a log without that entry
    heal(&cluster, &[s1]).await?;
    expect_at(&cluster, old, "figure 8 (e)", true)
}

/// What was proposed as an old entry, and where.
#[derive(Clone, Copy, Debug)]
struct Old {
    entry: Proposed,
    digest: Digest,
}

/// Figure 8 (a) to (c): S1 leads again and has brought its entry of an older term to a majority.
async fn up_to_figure_8_c(cluster: &RaftCluster) -> TestResult<([NodeId; 5], Old)> {
    cluster.agree_in_the_end(cluster.new_command(), 5).await?;
    let leader = cluster.one_leader().await?;
    let servers = [0, 1, 2, 3, 4].map(|places| cluster.after(leader, places));
    let [s1, s2, s3, s4, s5] = servers;
    // (a) S1 leads and replicates an entry to S2 alone.
    cluster.star(s1, &[s2]);
    let lost = cluster.new_command();
    let old = Old { entry: cluster.must_take(s1, &lost).await?, digest: Digest::of(&lost) };
    cluster.replicated_to(s2, old.entry).await?;
    cluster.sleep(SETTLED).await;
    // (b) S1 crashes; S5 is elected by S3 and S4, and takes another entry at that place.
    cluster.crash(&[s1]);
    cluster.elect(s5, &[s3, s4]).await?;
    cluster.cut_off(&[s5]);
    let other = cluster.must_take(s5, &cluster.new_command()).await?;
    if other.index != old.entry.index {
        let title =
            format!("{s5} never saw entry {}, and takes its first command as entry {}.", old.entry.index, other.index);
        return Err(cluster.failed("wrong-index", title));
    }
    cluster.sleep(SETTLED).await;
    // (c) S5 crashes; S1 comes back, is elected, and goes on with replication.
    cluster.crash(&[s5]);
    cluster.restart(&[s1]);
    cluster.elect(s1, &[s2, s3]).await?;
    cluster.replicated_to(s3, old.entry).await?;
    // A majority has it, and it is not committed yet: no entry of the leader's own term is.
    cluster.nothing_commits_for(SETTLED, old.entry.index).await?;
    Ok((servers, old))
}

/// All come back and agree.
async fn heal(cluster: &RaftCluster, down: &[NodeId]) -> TestResult {
    cluster.restart(down);
    cluster.reconnect(cluster.nodes());
    cluster.agree_in_the_end(cluster.new_command(), cluster.size()).await?;
    Ok(())
}

fn expect_at(cluster: &RaftCluster, old: Old, figure: &str, is_there: bool) -> TestResult {
    let index = old.entry.index;
    if (cluster.value_at(index) == Some(old.digest)) == is_there {
        return Ok(());
    }
    let verb = if is_there { "stays" } else { "is overwritten" };
    let title =
        format!("In {figure} the old entry {verb}; at index {index} another command was applied than that says.");
    Err(cluster.failed("wrong-value", title))
}

/// Rounds of [`late_append`].
const LATE: u32 = 3;

/// A call is late by so much there.
const LATE_BY: Duration = Duration::from_millis(400);

/// A leader has sent what it took within: longer than from one heartbeat to the next.
const SENT_WITHIN: Duration = Duration::from_millis(150);

/// An AppendEntries call comes late, when its receiver has acknowledged more since: nothing conflicts, so
/// nothing may go.
pub async fn late_append(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    for _ in 0..LATE {
        let came_about = one_late_append(&cluster).await?;
        cluster.inner().judge().note_scene(came_about);
    }
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    Ok(())
}

/// Whether the follower had more before the late one could come. Not if a leader waits for the answer to one call before
/// it sends the next.
async fn one_late_append(cluster: &RaftCluster) -> TestResult<bool> {
    let leader = cluster.one_leader().await?;
    let [follower, other] = [1, 2].map(|places| cluster.after(leader, places));
    cluster.make_late(leader, follower, LATE_BY);
    let proposed = Instant::now();
    let late = cluster.must_take(leader, &cluster.new_command()).await?;
    let has =
        |known: &Known, node: NodeId, entry: Proposed| known.server(node).log.term_at(entry.index) == Some(entry.term);
    // When the other one has it, it is on its way to this one too.
    let is_sent = cluster.comes_true_within(SENT_WITHIN, |known| has(known, other, late)).await;
    cluster.make_calm(leader, follower);
    cluster.propose(leader, &cluster.new_command()).await?;
    let Some(last) = cluster.propose(leader, &cluster.new_command()).await? else { return Ok(false) };
    cluster.replicated_to(follower, last).await?;
    let has_overtaken = proposed.elapsed() < LATE_BY;
    cluster.applied_on_all(last.index, AGREEMENT_WITHIN).await?;
    cluster.sleep(LATE_BY + SENT_WITHIN).await; // the late one arrives
    Ok(is_sent && has_overtaken)
}

/// Entries by which logs differ in [`fast_back_up`].
const DIFFERING: usize = 400;

/// Calls until the first of them is right, besides those of an idle cluster. With a refusal for each entry it takes as
/// many as there are, with one for each term a few; an election may come between.
const CALLS_TO_BACK_UP: u64 = 60;

/// A leader finds the place where a follower's log begins to differ a term at a time, and not an entry at a time.
/// (End of section 5.3)
pub async fn fast_back_up(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    // A leader without followers takes many commands, and the others agree on as many.
    let away = cluster.one_leader().await?;
    let others = [1, 2].map(|places| cluster.after(away, places));
    cluster.cut_off(&[away]);
    for _ in 0..DIFFERING {
        cluster.propose(away, &cluster.new_command()).await?;
    }
    let first = cluster.agree_in_the_end(cluster.new_command(), 2).await?;
    let leader = cluster.one_leader().await?;
    for _ in 1..DIFFERING {
        cluster.propose(leader, &cluster.new_command()).await?;
    }
    cluster.agree_in_the_end(cluster.new_command(), 2).await?;
    // They lose sight of each other, so that there is a new leader who has never heard of the one that is away.
    cluster.cut_off(&others);
    cluster.sleep(WATCHED_FOR).await;
    cluster.reconnect(&others);
    cluster.one_leader().await?;
    let (before, began) = (cluster.calls(), Instant::now());
    cluster.reconnect(&[away]);
    let term = |known: &Known, node: NodeId| known.server(node).log.term_at(first);
    cluster.comes_true(|known| term(known, away).is_some() && term(known, away) == term(known, others[0])).await;
    let calls = cluster.calls() - before;
    let idle = CALLS_IN_AN_IDLE_SECOND * began.elapsed().as_millis() as u64 / 1000;
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    let allowed = CALLS_TO_BACK_UP + idle;
    if calls > allowed {
        let title = format!(
            "It took {calls} calls to find where the log of {away} differs from those of the others, by about \
             {DIFFERING} entries of one term; {allowed} would do."
        );
        return Err(cluster.failed("number-of-calls", title).on([away]));
    }
    Ok(())
}

/// Rounds of [`deaf_candidates`], and how many there are.
const DEAF: (u32, usize) = (4, 4);

/// Servers that nobody can elect, since their logs lack something, hear nobody and ask for votes on and on. Whoever
/// refuses them goes on waiting for a leader as long as before: the election timer begins anew with a vote that is
/// granted, not with one that is asked for. (Figure 2, "Rules for Servers", Followers)
pub async fn deaf_candidates(cluster: RaftCluster) -> TestResult {
    let (rounds, deaf) = DEAF;
    for _ in 0..rounds {
        cluster.agree_in_the_end(cluster.new_command(), cluster.size()).await?;
        let leader = cluster.one_leader().await?;
        let others: Vec<NodeId> = cluster.nodes().iter().copied().filter(|node| *node != leader).collect();
        let (deaf, able) = others.split_at(deaf);
        cluster.cut_off(deaf);
        cluster.agree_in_the_end(cluster.new_command(), able.len() + 1).await?;
        cluster.cut_off(&[leader]);
        deaf.iter().for_each(|node| able.iter().for_each(|voter| cluster.inner().mend(*node, *voter)));
        // One of them, in whatever term: those who ask may depose it soon.
        let leads = |known: &Known| known.leader_among(|node| able.contains(&node)).filter(|node| *node != leader);
        let nobody = || {
            let (seconds, deaf) = (ELECTION_WITHIN.as_secs(), deaf.len());
            let title = format!(
                "{deaf} servers who cannot be elected ask for votes, and after {seconds} s nobody of the {} who can \
                 be elected leads.",
                able.len()
            );
            cluster.failed("no-leader", title)
        };
        cluster.inner().until("a leader", ELECTION_WITHIN, |judge| leads(judge.known()), nobody).await?;
        cluster.reconnect(cluster.nodes());
    }
    cluster.agree_in_the_end(cluster.new_command(), cluster.size()).await?;
    Ok(())
}

/// Rounds of [`unsynced_append`], half of them at a commit and half at a moment of an fsync.
const POWER_LOSSES: u32 = 10;

/// What an fsync takes, about: half of that at the least.
const SLOW_SYNC: Duration = Duration::from_millis(20);

/// All lose power just when somebody shows a command as committed, or in each part of an fsync after it was taken,
/// while disks are slow to sync: what was acknowledged is on a majority of the disks.
pub async fn unsynced_append(cluster: RaftCluster) -> TestResult {
    cluster.make_syncs_slow(SLOW_SYNC);
    let stream = cluster.inner().stream("power losses");
    let part = SLOW_SYNC / (POWER_LOSSES / 2);
    for round in 0..POWER_LOSSES {
        cluster.agree_in_the_end(cluster.new_command(), 3).await?;
        let leader = cluster.one_leader().await?;
        let taken = cluster.must_take(leader, &cluster.new_command()).await?;
        if round % 2 == 0 {
            let is_committed = |known: &Known| known.committed().last_index() >= taken.index;
            let came_about = cluster.comes_true(is_committed).await;
            cluster.inner().judge().note_scene(came_about);
        } else {
            let within = Duration::from_micros(stream.below(part.as_micros() as u64));
            cluster.sleep(part * (round / 2) + within).await;
        }
        cluster.lose_power_for_a_moment(cluster.nodes());
    }
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    Ok(())
}
