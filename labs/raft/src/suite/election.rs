//! Part election: MIT's 3A.

use super::bounds::WATCHED_FOR;
use super::cluster::RaftCluster;
use lab_harness::failed::TestResult;
use windtunnel::NodeId;

/// MIT `TestInitialElection3A`. A leader is elected, and as long as nothing fails nothing changes.
pub async fn initial_election(cluster: RaftCluster) -> TestResult {
    let leader = cluster.leader_within(super::bounds::ELECTION_WITHIN).await?;
    if leader.term.0 < 1 {
        return Err(cluster.failed("term-too-low", "There is a leader of term 0; the first election is for term 1."));
    }
    cluster.nothing_changes_for(WATCHED_FOR, leader).await?;
    cluster.one_leader().await?;
    Ok(())
}

/// MIT `TestReElection3A`. A cut-off leader is replaced; without a quorum there is none; with one again, there is.
pub async fn re_election(cluster: RaftCluster) -> TestResult {
    let first = cluster.one_leader().await?;
    cluster.cut_off(&[first]);
    cluster.one_leader().await?;

    cluster.reconnect(&[first]); // the old leader finds the higher term and steps down
    let second = cluster.one_leader().await?;

    let other = cluster.after(second, 1);
    cluster.cut_off(&[second, other]);
    cluster.no_leader_for(WATCHED_FOR).await?;

    cluster.reconnect(&[other]); // a quorum again
    cluster.one_leader().await?;
    cluster.reconnect(&[second]);
    cluster.one_leader().await?;
    Ok(())
}

/// Rounds of [`many_elections`]. (MIT: 9)
const ROUNDS: usize = 9;

/// MIT `TestManyElections3A`. Whichever three of seven are cut off, the others have a leader.
pub async fn many_elections(cluster: RaftCluster) -> TestResult {
    cluster.one_leader().await?;
    for _ in 0..ROUNDS {
        let cut: Vec<NodeId> = cluster.draw_different(3);
        cluster.cut_off(&cut);
        cluster.one_leader().await?;
        cluster.reconnect(&cut);
    }
    cluster.one_leader().await?;
    Ok(())
}
