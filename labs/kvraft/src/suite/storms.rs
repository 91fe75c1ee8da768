//! What happens in a storm besides the weather: clients, and recovery after it.

use super::bounds::RECOVERY_BUDGET;
use super::cluster::KvRaftCluster;
use super::load::FEW_KEYS;
use super::rsm;
use crate::contract::{PutError, Version};
use crate::judge::KvRaftJudge;
use lab_harness::cluster::Cluster;
use lab_harness::failed::TestResult;
use lab_harness::load::{Load, begin};
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Running, Storm};

/// Clients and recovery of all storms of the lab.
#[must_use]
pub fn storm() -> Storm<KvRaftJudge> {
    Storm { load, recovery, recovery_budget: RECOVERY_BUDGET }
}

/// All clients get, put and append. Without any the servers have a counter, and as many as are drawn count.
fn load(cluster: Cluster<KvRaftJudge>, load: DrawnLoad) -> Running<()> {
    let cluster = KvRaftCluster::new(cluster);
    let value_bytes = usize::try_from(load.command_bytes).expect("values fit the memory");
    let clients = cluster.clients();
    let rest = load.propose_every.0.to_duration();
    let at_work = begin(&clients, Load { value_bytes, rest, ..FEW_KEYS });
    let counting = clients.is_empty().then(|| rsm::begin(&cluster, load.clients));
    Box::pin(async move {
        let _end_with_the_storm = (at_work, counting);
        std::future::pending().await
    })
}

fn recovery(cluster: Cluster<KvRaftJudge>) -> Running {
    Box::pin(recover(KvRaftCluster::new(cluster)))
}

/// All is healed. Whatever was asked is answered soon, and each client can write and read again.
async fn recover(cluster: KvRaftCluster) -> TestResult {
    cluster.leader().await?;
    cluster.all_answered().await?;
    let clients = cluster.clients();
    if clients.is_empty() {
        cluster.increment_among(cluster.servers()).await?;
        return cluster.all_replicas_equal().await.map(drop);
    }
    for client in clients {
        let key = format!("after the storm {}", client.node());
        let told = client.put(&key, "value", Version::NONE).await?;
        if !matches!(told, Ok(()) | Err(PutError::Maybe)) {
            let title = format!("A key that nobody else puts cannot be created: {told:?}.");
            return Err(client.failed("wrong-answer", title));
        }
        client.expect_value(&key).await?;
        for key in FEW_KEYS.keys() {
            let _ = client.get(&key).await?;
        }
    }
    Ok(())
}
