//! Part server: what befalls messages, and the clients who send them.

use super::cluster::KvCluster;
use super::load::{Load, begin};
use super::storms::all_answered;
use lab_harness::failed::TestResult;
use std::time::Duration;
use windtunnel::world::Command;

/// How long clients work among messages that come twice, late and out of order.
const FOR: Duration = Duration::from_secs(12);

/// What befalls a client, so often.
const BLOWS: u64 = 20;

/// Messages are late and overtaken, and replies come twice: a put that was sent again arrives among later ones, after its
/// clerk has given up on it.
pub async fn duplicates_and_overtakers(cluster: KvCluster) -> TestResult {
    cluster.make_disorderly();
    let at_work = begin(&cluster.clients(), Load::USUAL);
    cluster.sleep(FOR).await;
    drop(at_work);
    cluster.inner().heal();
    all_answered(&cluster).await
}

/// Clients are cut off, stand still, die and come back; their clocks run fast and slow. What they had asked may have been
/// done, and the others see no difference.
pub async fn clients_come_and_go(cluster: KvCluster) -> TestResult {
    cluster.make_unreliable();
    let clients = cluster.clients();
    let at_work = begin(&clients, Load::USUAL);
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
    all_answered(&cluster).await
}
