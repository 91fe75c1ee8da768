//! Part lock: MIT's tests, in which clients take turns, and whether each has one.

use super::bounds::{INSIDE_FOR, TURNS_FOR};
use super::cluster::{Client, KvCluster};
use crate::contract::{PutError, Token, Version};
use lab_harness::at_work::everybody;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::time::Instant;

/// The lock.
const LOCK: &str = "l";

/// What only the holder touches. (MIT: the same key)
const GUARDED: &str = "l0";

/// MIT `TestOneClientReliable`.
pub async fn one_client_reliable(cluster: KvCluster) -> TestResult {
    take_turns(cluster).await
}

/// MIT `TestManyClientsReliable`.
pub async fn many_clients_reliable(cluster: KvCluster) -> TestResult {
    take_turns(cluster).await
}

/// MIT `TestOneClientUnreliable`.
pub async fn one_client_unreliable(cluster: KvCluster) -> TestResult {
    cluster.make_unreliable();
    take_turns(cluster).await
}

/// MIT `TestManyClientsUnreliable`.
pub async fn many_clients_unreliable(cluster: KvCluster) -> TestResult {
    cluster.make_unreliable();
    take_turns(cluster).await
}

/// All clients take turns for two seconds, and then the turn that each is waiting for. What the last of them put is there for the judge
/// to see.
async fn take_turns(cluster: KvCluster) -> TestResult {
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

/// One turn: nobody else is inside, now or until it is over.
async fn turn(client: &Client, token: Token) -> TestResult {
    let (inside, version) = match client.get(GUARDED).await? {
        Ok(known) => (known.value, known.version),
        Err(_) => (String::new(), Version::NONE),
    };
    if !inside.is_empty() && holds(client, token) {
        let title = format!("{} acquires the lock, and {inside} is still inside.", client.node());
        return Err(client.failed("one-holder", title));
    }
    put_alone(client, token, &format!("{} of turn {token}", client.node()), version).await?;
    client.cluster().sleep(INSIDE_FOR).await;
    put_alone(client, token, "", version.next()).await
}

/// Puts what only the holder puts, so that nothing but a lost reply can come in between.
async fn put_alone(client: &Client, token: Token, value: &str, version: Version) -> TestResult {
    let told = client.put(GUARDED, value, version).await?;
    if matches!(told, Ok(()) | Err(PutError::Maybe)) || !holds(client, token) {
        return Ok(());
    }
    let title =
        format!("{} holds the lock, and its put is answered {told:?}: somebody else was inside.", client.node());
    Err(client.failed("one-holder", title))
}

/// Whether the lease still lasts: whoever takes too long inside, among messages that are lost, is alone no more.
fn holds(client: &Client, token: Token) -> bool {
    client.cluster().inner().judge().turns().is_held(LOCK, token)
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
