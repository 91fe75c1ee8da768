//! Part lock: MIT's tests, in which clients take turns, and whether each has one, for long enough.

use super::bounds::{INSIDE_FOR, LEASE_LEFT, TURNS_FOR};
use super::cluster::{Client, KvCluster};
use crate::contract::{Token, Version};
use lab_harness::at_work::everybody;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::Nanos;
use windtunnel::time::Instant;

/// The lock.
const LOCK: &str = "l";

/// What only the holder touches. (MIT: the same key)
const GUARDED: &str = "l0";

/// MIT `TestOneClientReliable`.
pub async fn one_client_reliable(cluster: KvCluster) -> TestResult {
    take_turns(&cluster).await?;
    leases_are_long(&cluster)
}

/// MIT `TestManyClientsReliable`.
pub async fn many_clients_reliable(cluster: KvCluster) -> TestResult {
    take_turns(&cluster).await?;
    leases_are_long(&cluster)
}

/// MIT `TestOneClientUnreliable`.
pub async fn one_client_unreliable(cluster: KvCluster) -> TestResult {
    cluster.make_unreliable();
    take_turns(&cluster).await
}

/// MIT `TestManyClientsUnreliable`.
pub async fn many_clients_unreliable(cluster: KvCluster) -> TestResult {
    cluster.make_unreliable();
    take_turns(&cluster).await
}

/// All clients take turns for two seconds, and then the turn that each is waiting for. What the last of them put is there for the judge
/// to see.
async fn take_turns(cluster: &KvCluster) -> TestResult {
    let until = Instant::now() + TURNS_FOR;
    let clients = cluster.clients();
    everybody(&clients, move |client| async move {
        while Instant::now() < until {
            let token = client.acquire(LOCK).await?;
            turn(&client, token).await?;
            client.release(LOCK).await?;
        }
        Ok(())
    })
    .await?;
    clients[0].get(GUARDED).await.map(drop)
}

/// One turn. Whoever finds another one's name inside, or is refused, has proved nothing: that one may be late, its lease over.
/// Whether two hold the lock the judge sees, at the very event.
async fn turn(client: &Client, token: Token) -> TestResult {
    let version = client.get(GUARDED).await?.map_or(Version::NONE, |known| known.version);
    let _ = client.put(GUARDED, &format!("{} of turn {token}", client.node()), version).await?;
    client.cluster().sleep(INSIDE_FOR).await;
    let _ = client.put(GUARDED, "", version.next()).await?;
    Ok(())
}

/// Nothing was lost: whoever acquired the lock had it for long enough. A lease that is over at once keeps nobody out.
fn leases_are_long(cluster: &KvCluster) -> TestResult {
    match cluster.inner().judge().turns().shortest_lease(LOCK) {
        Some((left, node)) if left < Nanos::from(LEASE_LEFT) => {
            let least = Nanos::from(LEASE_LEFT);
            let title = format!("No message was lost, and {node} acquires the lock for {left}; {least} are the least.");
            Err(cluster.failed("short-lease", title).on([node]))
        }
        _ => Ok(()),
    }
}

/// How long five clients want the lock all the time.
const WANTED_FOR: Duration = Duration::from_secs(20);

/// Five clients want the lock all the time. None may be left out, and there are as many turns as there is time for, if
/// each takes ten times as long as it needs.
pub async fn a_turn_for_each(cluster: KvCluster) -> TestResult {
    let until = Instant::now() + WANTED_FOR;
    let clients = cluster.clients();
    everybody(&clients, move |client| async move {
        while Instant::now() < until {
            client.acquire(LOCK).await?;
            client.cluster().sleep(INSIDE_FOR).await;
            client.release(LOCK).await?;
        }
        Ok(())
    })
    .await?;
    leases_are_long(&cluster)?;
    let judge = cluster.inner().judge();
    let turns: Vec<u64> = clients.iter().map(|client| judge.turns().acquired(LOCK, client.node())).collect();
    let (least, all) = (turns.iter().min().copied().unwrap_or_default(), turns.iter().sum::<u64>());
    if least >= TURNS_OF_EACH && all >= TURNS_OF_ALL {
        return Ok(());
    }
    let title = format!(
        "In {} s five clients had {turns:?} turns; {TURNS_OF_EACH} of each and {TURNS_OF_ALL} of all would do.",
        WANTED_FOR.as_secs()
    );
    Err(cluster.failed("unfair-turns", title))
}

/// Who is left out has fewer; who waits two seconds for a free lock is just there.
const TURNS_OF_EACH: u64 = 3;

/// A turn takes about 60 ms if somebody is always ready for it.
const TURNS_OF_ALL: u64 = 50;
