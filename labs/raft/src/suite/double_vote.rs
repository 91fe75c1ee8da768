//! Two candidates of one term, and a voter between them who crashes when it has voted for the first. (Section 5.2)
//!
//! Whoever asks before it stands (pre-vote) is told of a term that has begun, and stands in a later one. So both win
//! what they ask for first, and only then does a vote go to anybody: clocks stand almost still while messages travel.

use super::bounds::ELECTION_WITHIN;
use super::cluster::RaftCluster;
use crate::contract::{Role, Term};
use crate::judge::Known;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::time::Instant;

/// Rounds, in which servers crash by kill or by power loss, as is drawn.
const VOTERS: u32 = 4;

/// After that nothing is under way that was sent to a server before it crashed.
const ARRIVED: Duration = Duration::from_millis(20);

/// The first candidate's request for a vote is under way for so long: by then the other one stands too.
const FIRST_TAKES: Duration = Duration::from_secs(2);

/// The other one's comes so much later. By then the voter has voted, crashed and come back.
const BEHIND: Duration = Duration::from_millis(300);

/// A request that has arrived is answered after that, unless a disk is slow.
const ANSWERED: Duration = Duration::from_millis(30);

/// A leader has the vote of one other server; that one crashes, comes back at once, and is asked by the third for its
/// vote in the same term.
pub async fn double_vote(cluster: RaftCluster) -> TestResult {
    cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    for _ in 0..VOTERS {
        let voter = cluster.after(cluster.one_leader().await?, 1);
        let came_about = ask_for_a_second_vote(&cluster, voter).await;
        cluster.inner().judge().note_scene(came_about);
        cluster.make_reliable();
        cluster.right_clocks(cluster.nodes());
        cluster.one_leader().await?; // of a later term, by the voter and the second candidate: the rules watch
        let down: Vec<NodeId> = cluster.nodes().iter().copied().filter(|node| !cluster.is_up(*node)).collect();
        cluster.restart(&down);
        cluster.reconnect(cluster.nodes());
        cluster.agree_in_the_end(cluster.new_command(), 3).await?;
    }
    Ok(())
}

/// Whether the voter was asked for a second vote in the leader's term. Not if the two stood in different terms.
async fn ask_for_a_second_vote(cluster: &RaftCluster, voter: NodeId) -> bool {
    let others = [1, 2].map(|places| cluster.after(voter, places));
    // All begin anew, in one term, and nobody has heard a leader. The voter does not stand itself.
    cluster.slow_clocks(&[voter]);
    cluster.crash(cluster.nodes());
    cluster.sleep(ARRIVED).await;
    cluster.restart(cluster.nodes());
    cluster.star(voter, &others);
    let Some((first, term)) = stands(cluster, &others, ELECTION_WITHIN).await else { return false };
    cluster.make_late(first, voter, FIRST_TAKES);
    cluster.slow_clocks(&[first]);
    let arrives = Instant::now() + FIRST_TAKES;

    let second = if others[0] == first { others[1] } else { others[0] };
    if stands(cluster, &[second], FIRST_TAKES - BEHIND).await != Some((second, term)) {
        return false;
    }
    cluster.make_late(second, voter, (arrives + BEHIND).duration_since(Instant::now()));
    cluster.slow_clocks(&[second]);

    let leads = |known: &Known| known.server(first).leads() == Some(term);
    let has_voted = cluster.is_shown_within(FIRST_TAKES + BEHIND, leads).await;
    cluster.crash_and_restart(&[voter]);
    cluster.crash(&[first]);
    let is_back = |known: &Known| known.server(voter).head.is_some();
    let is_back = cluster.is_shown_within(BEHIND / 2, is_back).await;
    cluster.sleep((arrives + BEHIND + ANSWERED).duration_since(Instant::now())).await;
    has_voted && is_back && candidacy(cluster.inner().judge().known(), second) == Some(term)
}

/// Who of these stands first, and in which term.
async fn stands(cluster: &RaftCluster, nodes: &[NodeId], within: Duration) -> Option<(NodeId, Term)> {
    let first = |known: &Known| nodes.iter().find_map(|node| Some((*node, candidacy(known, *node)?)));
    cluster.is_shown_within(within, |known| first(known).is_some()).await;
    first(cluster.inner().judge().known())
}

fn candidacy(known: &Known, node: NodeId) -> Option<Term> {
    known.server(node).head.filter(|head| head.role == Role::Candidate).map(|head| head.term)
}
