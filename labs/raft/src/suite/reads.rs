//! Reads behind a read barrier, for submissions that have one: whoever gives an index knows all that was committed
//! before it was asked. (Section 8; dissertation, section 6.4)

use super::cluster::RaftCluster;
use crate::control::{Reply, Request};
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::time::{Instant, sleep_until, timeout};

/// Rounds of [`stale_reads`].
const ROUNDS: u32 = 4;

/// A reader waits so long for an answer; none is no mistake.
const PATIENCE: Duration = Duration::from_millis(500);

/// What was sent has arrived, and what was answered is known, within.
const SETTLED: Duration = Duration::from_millis(200);

/// Two leaders who know too little: a new one whom nobody told what his predecessor committed last, and the
/// predecessor, who is cut off while the new one commits.
pub async fn stale_reads(cluster: RaftCluster) -> TestResult {
    for _ in 0..ROUNDS {
        cluster.agree_in_the_end(cluster.new_command(), 3).await?;
        let old = cluster.one_leader().await?;
        let others = [1, 2].map(|places| cluster.after(old, places));
        // It commits one more entry, and can tell nobody.
        let last = cluster.must_take(old, &cluster.new_command()).await?;
        cluster.replicated_to(others[0], last).await?;
        others.iter().for_each(|other| cluster.inner().cut(old, *other));
        cluster.sleep(SETTLED).await;
        cluster.cut_off(&[old]);

        let new = cluster.one_leader().await?;
        expect_fresh_read(&cluster, new).await?;
        cluster.agree_in_the_end(cluster.new_command(), 2).await?;
        expect_fresh_read(&cluster, old).await?;
        cluster.reconnect(&[old]);
    }
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    Ok(())
}

/// Rounds of [`late_confirmations`].
const DEPOSED: u32 = 2;

/// A follower's answers are under way for so long: others elect a leader meanwhile, who commits.
const ANSWERS_TAKE: Duration = Duration::from_secs(8);

/// Meanwhile a leader has sent heartbeats that are so answered.
const HEARTBEATS: Duration = Duration::from_millis(200);

/// So long before the first of these answers a read is asked for.
const BEFORE: Duration = Duration::from_millis(20);

/// A leader is deposed while a follower's answers to it are under way, and is asked to read when they arrive. They say that
/// it led when their questions were sent, before somebody else committed, and not that it leads now. (Dissertation, section
/// 6.4: it "issues a new round of heartbeats") Its clock stands almost still meanwhile, so that it gives up neither
/// these calls nor its office.
pub async fn late_confirmations(cluster: RaftCluster) -> TestResult {
    for _ in 0..DEPOSED {
        cluster.agree_in_the_end(cluster.new_command(), 3).await?;
        let came_about = ask_when_old_answers_come(&cluster).await?;
        cluster.inner().judge().note_scene(came_about);
        cluster.right_clocks(cluster.nodes());
        cluster.make_reliable();
        cluster.reconnect(cluster.nodes());
    }
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    Ok(())
}

/// Whether the new leader answered a read, and the old one took itself for a leader when it was asked, and heard the follower then.
async fn ask_when_old_answers_come(cluster: &RaftCluster) -> TestResult<bool> {
    let old = cluster.one_leader().await?;
    let follower = cluster.after(old, 1);
    cluster.make_late(follower, old, ANSWERS_TAKE);
    let asked = Instant::now() + ANSWERS_TAKE - BEFORE;
    cluster.sleep(HEARTBEATS).await;
    cluster.cut_off(&[old]);
    cluster.slow_clocks(&[old]);
    cluster.agree_in_the_end(cluster.new_command(), 2).await?;
    let new = cluster.one_leader().await?;
    let is_answered = expect_fresh_read(cluster, new).await?;
    if Instant::now() > asked {
        return Ok(false);
    }
    sleep_until(asked).await;
    cluster.inner().mend(follower, old);
    cluster.right_clocks(&[old]);
    let leads = cluster.inner().judge().known().server(old).leads().is_some();
    let mark = cluster.inner().judge().known().deliveries();
    expect_fresh_read(cluster, old).await?;
    let judge = cluster.inner().judge();
    let is_heard = judge.known().server(old).heard.since(mark).any(|from| from == follower);
    Ok(is_answered && leads && is_heard)
}

/// Asks for an index to read at: it may refuse or be silent, and it must not be too low. Whether it gave one.
async fn expect_fresh_read(cluster: &RaftCluster, node: NodeId) -> TestResult<bool> {
    let committed = cluster.inner().judge().known().committed().last_index();
    let asked = timeout(PATIENCE, cluster.inner().control::<Reply>(node, &Request::ReadBarrier)).await;
    match asked {
        Ok(Ok(Reply::Barrier(Ok(index)))) if index < committed => {
            let title = format!(
                "{node} says that a state machine with entry {index} may answer a read, and entry {committed} was \
                 committed before the read was asked for."
            );
            Err(cluster.failed("stale-read", title).on([node]))
        }
        Ok(Ok(Reply::Barrier(Ok(_)))) => Ok(true),
        _ => Ok(false),
    }
}
