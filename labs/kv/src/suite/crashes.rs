//! Part server: a server that is killed or loses power, under load. What it answered must survive.

use super::cluster::KvCluster;
use super::load::FEW_KEYS;
use super::puts::expect_value;
use super::storms::settle;
use crate::contract::{PutError, Version};
use crate::node::SERVER;
use lab_harness::failed::TestResult;
use lab_harness::load::{Load, begin};
use std::time::Duration;
use windtunnel::Nanos;
use windtunnel::world::disk::DiskWeather;

/// Each story crashes the server so often.
const CRASHES: u64 = 25;

/// Power is lost at the very event at which a put was answered, and what was answered is there afterwards.
pub async fn power_loss_at_the_answer(cluster: KvCluster) -> TestResult {
    let [writer, reader] = &cluster.clients()[..] else { panic!("two clients") };
    for round in 0..CRASHES {
        let value = cluster.new_value();
        let told = writer.put("k", &value, Version(round)).await?;
        cluster.lose_power();
        if !matches!(told, Ok(()) | Err(PutError::Maybe)) {
            return Err(writer.failed("wrong-answer", format!("The only client that puts is told {told:?}.")));
        }
        let found = expect_value(reader, "k").await?;
        if (found.version, &found.value) != (Version(round + 1), &value) {
            let title =
                format!("Version {} was put, and after a power loss version {} is found.", round + 1, found.version);
            return Err(reader.failed("wrong-answer", title));
        }
    }
    Ok(())
}

/// Four clients get and put, and the server crashes at any moment, one time after the other.
pub async fn crashes_under_load(cluster: KvCluster) -> TestResult {
    let clients = cluster.clients();
    let at_work = begin(&clients, FEW_KEYS);
    for _ in 0..CRASHES {
        cluster.sleep(cluster.draw(20, 400)).await;
        cluster.crash_server(cluster.draw(0, 300)).await;
    }
    drop(at_work);
    settle(&cluster).await
}

/// The same with long values, a disk that takes its time, and power that is lost while it does.
pub async fn torn_writes(cluster: KvCluster) -> TestResult {
    let sync_latency = [Nanos::from_millis(2), Nanos::from_millis(30)];
    cluster.inner().tester().set_disk(SERVER, DiskWeather { sync_latency, ..DiskWeather::default() });
    let load = Load { rest: Duration::from_millis(5), value_bytes: 6_000, ..FEW_KEYS };
    let at_work = begin(&cluster.clients(), load);
    for _ in 0..CRASHES {
        cluster.sleep(cluster.draw(150, 500)).await;
        cluster.lose_power();
    }
    drop(at_work);
    settle(&cluster).await
}

/// The server is killed, and starts from what it had written, synced or not. Clients read that. Then power is lost.
pub async fn kill_and_then_power_loss(cluster: KvCluster) -> TestResult {
    let sync_latency = [Nanos::from_millis(10), Nanos::from_millis(60)];
    cluster.inner().tester().set_disk(SERVER, DiskWeather { sync_latency, ..DiskWeather::default() });
    let at_work = begin(&cluster.clients(), Load { rest: Duration::from_millis(5), ..FEW_KEYS });
    for _ in 0..CRASHES {
        cluster.sleep(cluster.draw(100, 600)).await;
        cluster.inner().restart(SERVER);
        cluster.sleep(cluster.draw(30, 400)).await;
        cluster.lose_power();
    }
    drop(at_work);
    settle(&cluster).await
}
