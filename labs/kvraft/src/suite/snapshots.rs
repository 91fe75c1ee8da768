//! Part snapshot, beyond MIT: what must be in a snapshot besides the pairs.

use super::bounds::{ALL_DOWN_FOR, STATE_BYTES};
use super::client::Client;
use super::cluster::KvRaftCluster;
use super::faults::settle;
use super::load::FEW_KEYS;
use crate::contract::Version;
use lab_harness::failed::TestResult;
use lab_harness::load::{Load, begin};
use std::time::Duration;
use windtunnel::spawn;

/// An append is done, and its client does not hear of it. Its entry goes from all logs, behind snapshots; all servers crash, or one
/// that was away takes over. Then the client asks again: the append was done before.
pub async fn appends_and_snapshots(cluster: KvRaftCluster) -> TestResult {
    const TIMES: u64 = 4;
    let clients = cluster.clients();
    let [deaf, busy] = &clients[..] else { panic!("two clients") };
    for round in 1..=TIMES {
        let leader = cluster.leader().await?;
        let away = cluster.servers_but(&[leader])[0];
        let takes_over = round % 2 == 0;
        if takes_over {
            let stay = cluster.servers_but(&[away]);
            cluster.partition(&[&stay]);
        }
        cluster.servers().iter().for_each(|server| cluster.inner().cut(*server, deaf.node()));
        let append = {
            let (deaf, value) = (deaf.clone(), format!("{round}; "));
            spawn(async move { deaf.append("k", &value).await })
        };
        cluster.sleep(Duration::from_millis(100)).await;
        fill_logs(busy, round).await?;
        if takes_over {
            cluster.mend();
            busy.append("filler", "once more").await?;
            cluster.sleep(Duration::from_millis(500)).await; // who was away catches up
            for server in cluster.servers_but(&[away]).into_iter().take(1) {
                cluster.crash_for(server, ALL_DOWN_FOR).await;
            }
        } else {
            cluster.crash_all_for(ALL_DOWN_FOR).await;
        }
        cluster.servers().iter().for_each(|server| cluster.inner().mend(*server, deaf.node()));
        append.await.expect("nobody aborts it")?;
        let found = busy.expect_value("k").await?;
        let expected: String = (1..=round).map(|round| format!("{round}; ")).collect();
        busy.expect((found.value, found.version), (expected, Version(round)))?;
    }
    Ok(())
}

/// Writes several times as much as a log may hold.
async fn fill_logs(client: &Client, round: u64) -> TestResult {
    for number in 0..8 {
        let told = client.put(&format!("filler {round} {number}"), &"x".repeat(400), Version::NONE).await?;
        client.expect(told, Ok(()))?;
    }
    Ok(())
}

/// Servers crash while they take snapshots and are handed them, and clients work.
pub async fn crashes_around_snapshots(cluster: KvRaftCluster) -> TestResult {
    const CRASHES: u32 = 12;
    let load = Load { value_bytes: 200, rest: Duration::from_millis(10), ..FEW_KEYS };
    let at_work = begin(&cluster.clients(), load);
    for _ in 0..CRASHES {
        cluster.sleep(cluster.draw(20, 300)).await;
        let server = cluster.draw_one(cluster.servers());
        cluster.crash_for(server, cluster.draw(0, 800)).await;
    }
    drop(at_work);
    settle(&cluster).await?;
    cluster.small_state(STATE_BYTES[1]).await
}
