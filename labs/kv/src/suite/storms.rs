//! What happens in a storm besides the weather: clients, and recovery after it.

use super::bounds::{ANSWER_AFTER_STORM, LOCK_OF_THE_DEAD_WITHIN, RECOVERY_BUDGET};
use super::cluster::{Client, KvCluster};
use super::load::{FEW_KEYS, begin_turns};
use super::puts::expect_value;
use crate::contract::{PutError, Version};
use crate::judge::KvJudge;
use lab_harness::at_work::AtWork;
use lab_harness::cluster::Cluster;
use lab_harness::failed::TestResult;
use lab_harness::load::{Load, begin};
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Running, Storm};
use windtunnel::Nanos;

/// The lock of all storms.
const LOCK: &str = "storm";

/// Clients and recovery of all storms of the lab.
#[must_use]
pub fn storm() -> Storm<KvJudge> {
    Storm { load, recovery, recovery_budget: RECOVERY_BUDGET }
}

/// As many clients as are drawn get and put; the others take turns with a lock.
fn load(cluster: Cluster<KvJudge>, load: DrawnLoad) -> Running<()> {
    let clients = KvCluster::new(cluster).clients();
    let workers = usize::try_from(load.clients).unwrap_or(usize::MAX).min(clients.len());
    let (workers, holders) = clients.split_at(workers);
    let value_bytes = usize::try_from(load.command_bytes).expect("values fit the memory");
    let at_work = begin(workers, Load { rest: load.propose_every.0.to_duration(), value_bytes, ..FEW_KEYS });
    let turns = take_turns(holders);
    Box::pin(async move {
        let _end_with_the_storm = (at_work, turns);
        std::future::pending().await
    })
}

/// Sets these to take turns with the lock of all storms.
pub(super) fn take_turns(holders: &[Client]) -> AtWork {
    begin_turns(holders, LOCK, [Nanos::from_millis(1), Nanos::from_millis(400)])
}

fn recovery(cluster: Cluster<KvJudge>) -> Running {
    Box::pin(recover(KvCluster::new(cluster)))
}

/// All is healed. Whatever was asked is answered soon, each client can put and get again, and the lock is to be had.
async fn recover(cluster: KvCluster) -> TestResult {
    all_answered(&cluster).await?;
    for client in cluster.clients() {
        let key = format!("after the storm {}", client.node());
        let told = client.put(&key, "value", Version::NONE).await?;
        if !matches!(told, Ok(()) | Err(PutError::Maybe)) {
            return Err(
                client.failed("wrong-answer", format!("A key that nobody else puts cannot be created: {told:?}."))
            );
        }
        expect_value(&client, &key).await?;
        read_keys(&client).await?;
    }
    let client = cluster.clients().remove(0);
    let another = "another lock";
    client.acquire_within(another, LOCK_OF_THE_DEAD_WITHIN).await?;
    client.release(another).await
}

/// What was asked is answered, and what was put is there for the judge to see.
pub(super) async fn settle(cluster: &KvCluster) -> TestResult {
    all_answered(cluster).await?;
    for client in cluster.clients() {
        read_keys(&client).await?;
    }
    Ok(())
}

/// Reads what was put, for the judge to see.
async fn read_keys(client: &Client) -> TestResult {
    for key in FEW_KEYS.keys() {
        let _ = client.get(&key).await?;
    }
    Ok(())
}

/// Waits until nothing that was asked in the storm is without an answer.
async fn all_answered(cluster: &KvCluster) -> TestResult {
    cluster.inner().all_answered(ANSWER_AFTER_STORM, |judge| judge.operations().oldest_open()).await
}
