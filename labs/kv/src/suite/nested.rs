//! Part lock: locks of several names, and several clerks of one node, each of which is a client of its own.

use super::bounds::{FREE_LOCK_WITHIN, INSIDE_FOR};
use super::cluster::{Client, KvCluster};
use lab_harness::at_work::everybody;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::time::Instant;

/// Whoever holds the first takes the second as well.
const LOCKS: [&str; 2] = ["outer", "inner"];

/// Turns are taken for so long while every message arrives,
const CALM: Duration = Duration::from_secs(5);

/// and while some are lost: then it is seen who takes another clerk's turn for its own.
const LOSSY: Duration = Duration::from_secs(60);

/// Two clerks of each node take two locks, one inside the other. Who holds the first finds the second free, and has it at once if no message
/// is lost.
pub async fn locks_in_locks(cluster: KvCluster) -> TestResult {
    let nodes = cluster.clients();
    let clerks: Vec<Client> = nodes.iter().flat_map(|client| [client.clone(), client.another(1)]).collect();
    let until = Instant::now() + CALM;
    everybody(&clerks, move |client| async move {
        while Instant::now() < until {
            client.acquire(LOCKS[0]).await?;
            client.acquire_free(LOCKS[1], FREE_LOCK_WITHIN).await?;
            leave(&client).await?;
        }
        Ok(())
    })
    .await?;
    cluster.make_unreliable();
    let until = Instant::now() + LOSSY;
    everybody(&clerks, move |client| async move {
        while Instant::now() < until {
            client.acquire(LOCKS[0]).await?;
            client.acquire(LOCKS[1]).await?;
            leave(&client).await?;
        }
        Ok(())
    })
    .await
}

/// Leaves the inner lock, and the outer one after it.
async fn leave(client: &Client) -> TestResult {
    client.cluster().sleep(INSIDE_FOR).await;
    client.release(LOCKS[1]).await?;
    client.release(LOCKS[0]).await
}
