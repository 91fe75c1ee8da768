//! Part server: what befalls messages, and the clients who send them.

use super::cluster::KvCluster;
use super::load::FEW_KEYS;
use super::puts::expect;
use super::storms::settle;
use crate::contract::{Version, Versioned};
use lab_harness::at_work::everybody;
use lab_harness::failed::TestResult;
use lab_harness::load::begin;
use std::time::Duration;
use windtunnel::world::Command;

/// How long clients work among messages that come twice, late and out of order.
const FOR: Duration = Duration::from_secs(12);

/// How late copies are at most.
const LATE: Duration = Duration::from_secs(10);

/// What befalls a client, so often.
const BLOWS: u64 = 20;

/// Messages are late and overtaken, requests come again and replies twice: a put arrives among later ones, after its clerk has given
/// up on it or has its answer.
pub async fn duplicates_and_overtakers(cluster: KvCluster) -> TestResult {
    cluster.make_disorderly();
    let at_work = begin(&cluster.clients(), FEW_KEYS);
    cluster.sleep(FOR).await;
    drop(at_work);
    cluster.inner().heal();
    settle(&cluster).await
}

/// Each request comes once more, long after it was answered, and perhaps to a key that nobody has touched since: what was put
/// stays as it was put. Whoever asked is told once, and never hears of a copy.
pub async fn late_copies(cluster: KvCluster) -> TestResult {
    const ROUNDS: u64 = 4;
    cluster.make_copies(LATE);
    everybody(&cluster.clients(), |client| async move {
        let key = format!("of {}", client.node());
        for round in 0..ROUNDS {
            let value = client.cluster().new_value();
            expect(&client, client.put(&key, &value, Version(round)).await?, Ok(()))?;
            client.cluster().sleep(LATE).await;
            let found = Versioned { value, version: Version(round + 1) };
            expect(&client, client.get(&key).await?, Ok(found))?;
        }
        Ok(())
    })
    .await
}

/// Clients are cut off, stand still, die and come back; their clocks run fast and slow. What they had asked may have been
/// done, and the others see no difference.
pub async fn clients_come_and_go(cluster: KvCluster) -> TestResult {
    cluster.make_unreliable();
    let clients = cluster.clients();
    let at_work = begin(&clients, FEW_KEYS);
    let stream = cluster.inner().stream("blows");
    for _ in 0..BLOWS {
        let inner = cluster.inner();
        let node = clients[stream.below(clients.len() as u64) as usize].node();
        let span = cluster.draw(50, 900);
        match stream.below(4) {
            0 => {
                inner.cut_off(node);
                cluster.sleep(span).await;
                inner.reconnect(node);
            }
            1 => {
                inner.pause(node);
                cluster.sleep(span).await;
                inner.resume(node);
            }
            2 => {
                inner.kill(node);
                cluster.sleep(span).await;
                inner.start(node);
            }
            _ => {
                let ppm = i32::try_from(stream.below(800_000)).expect("it is small") - 400_000;
                inner.tester().apply(Command::ClockDrift { node, ppm });
                cluster.sleep(span).await;
            }
        }
    }
    drop(at_work);
    cluster.inner().heal();
    settle(&cluster).await
}
