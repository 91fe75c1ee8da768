//! Part kv, beyond MIT: a leader that may answer reads alone, for a while, by clocks that do not agree.

use super::bounds::LEASE_MS;
use super::client::Client;
use super::cluster::KvRaftCluster;
use crate::contract::{MAX_DRIFT_PPM, Version};
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::spawn;
use windtunnel::task::JoinHandle;
use windtunnel::time::sleep;
use windtunnel::world::Command;

/// What nodes of such a test are told.
pub const LEASE: &[(&str, u64)] = &[("lease_ms", LEASE_MS)];

/// A leader with a lease answers reads without asking anybody.
pub async fn reads_under_a_lease(cluster: KvRaftCluster) -> TestResult {
    const READS: u64 = 200;
    let client = cluster.clients().remove(0);
    client.expect(client.put("k", "value", Version::NONE).await?, Ok(()))?;
    for _ in 0..5 {
        client.expect_value("k").await?; // by now it has asked for its lease
        cluster.sleep(Duration::from_millis(50)).await;
    }
    let before = cluster.inner().counters().calls;
    for _ in 0..READS {
        client.expect_value("k").await?;
    }
    // Those of the client, and as many again: heartbeats, and leases that go through the log.
    let calls = cluster.inner().counters().calls - before;
    if calls <= 2 * READS {
        return Ok(());
    }
    let title = format!("{READS} reads under a lease take {calls} calls; {} would do.", 2 * READS);
    Err(cluster.failed("lease-not-used", title))
}

/// The leader's clock loses and the others' gain as much as the contract allows, and the leader is cut off from the others while clients
/// go on reading there.
pub async fn leases_and_clocks(cluster: KvRaftCluster) -> TestResult {
    const TIMES: u32 = 4;
    let clients = cluster.clients();
    let [writer, readers @ ..] = &clients[..] else { panic!("several clients") };
    writer.expect(writer.put("k", "first", Version::NONE).await?, Ok(()))?;
    for _ in 0..TIMES {
        let leader = cluster.leader().await?;
        drift(&cluster, leader);
        let others = cluster.servers_but(&[leader]);
        let reading: Vec<JoinHandle<()>> = readers.iter().map(|reader| spawn(read_on_and_on(reader.clone()))).collect();
        cluster.sleep(cluster.draw(500, 1_500)).await; // it holds a lease
        for reader in readers {
            others.iter().for_each(|other| cluster.inner().cut(reader.node(), *other));
        }
        cluster.partition(&[&[leader], &others]);
        cluster.inner().cut(writer.node(), leader);
        cluster.leader_among(&others).await?;
        for _ in 0..3 {
            let version = writer.expect_value("k").await?.version;
            let _ = writer.put("k", &cluster.new_value(), version).await?;
        }
        cluster.sleep(cluster.draw(0, 500)).await;
        cluster.inner().heal();
        reading.iter().for_each(JoinHandle::abort);
        cluster.all_answered().await?;
    }
    Ok(())
}

/// Leaders crash and come back with clocks of their own, while clients read and write under leases.
pub async fn leases_and_crashes(cluster: KvRaftCluster) -> TestResult {
    const CRASHES: u32 = 6;
    let clients = cluster.clients();
    let at_work = super::load::begin(&clients, super::load::Load::ONE_KEY);
    for _ in 0..CRASHES {
        let leader = cluster.leader().await?;
        drift(&cluster, leader);
        cluster.sleep(cluster.draw(300, 1_200)).await;
        match cluster.draw_below(3) {
            // It stands still while its lease runs out, and wakes with reads before it.
            0 => {
                cluster.inner().pause(leader);
                cluster.sleep(cluster.draw(500, 2_500)).await;
                cluster.inner().resume(leader);
            }
            _ => cluster.crash_for(leader, cluster.draw(0, 1_000)).await,
        }
    }
    drop(at_work);
    super::faults::settle(&cluster).await
}

/// That server's clock loses, and all others' gain.
fn drift(cluster: &KvRaftCluster, slow: NodeId) {
    let most = MAX_DRIFT_PPM as i32;
    for server in cluster.servers() {
        let ppm = if *server == slow { -most } else { most };
        cluster.inner().tester().apply(Command::ClockDrift { node: *server, ppm });
    }
}

async fn read_on_and_on(reader: Client) {
    loop {
        reader.ask_on_and_on(&reader.asks_for("k")).await;
        sleep(Duration::from_millis(3)).await;
    }
}
