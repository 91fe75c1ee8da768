//! Part lock: what befalls who holds it.

use super::bounds::DRIFT_PPM;
use super::cluster::{Client, KvCluster};
use crate::contract::LEASE;
use crate::node::SERVER;
use lab_harness::failed::TestResult;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::world::{Command, LinkWeather};
use windtunnel::{Nanos, NodeId, spawn};

/// The lock.
const LOCK: &str = "l";

/// Each story goes round so often.
const ROUNDS: usize = 4;

/// Who holds the lock dies, or nobody hears it any more. The next one has it soon after the lease, and not before.
pub async fn holder_dies(cluster: KvCluster) -> TestResult {
    let clients = cluster.clients();
    let inner = cluster.inner();
    for round in 0..ROUNDS {
        let (holder, next) = (&clients[round % 2], &clients[(round + 1) % 2]);
        holder.acquire(LOCK).await?;
        if round < 2 {
            inner.kill(holder.node())
        } else {
            inner.cut_off(holder.node())
        }
        next.take_over(LOCK).await?;
        if round < 2 {
            inner.start(holder.node())
        } else {
            inner.reconnect(holder.node())
        }
        if round >= 2 {
            // Whoever is back gives back what is another's by now, which must not set it free.
            holder.release(LOCK).await?;
            alone(&clients[2]).await?;
        }
        next.release(LOCK).await?;
    }
    Ok(())
}

/// Who holds the lock stands still for longer than its lease, wakes up, and goes on as if it held it: the vault turns it
/// away, and what it releases is not the other's.
pub async fn holder_stands_still(cluster: KvCluster) -> TestResult {
    let [holder, next, third] = &cluster.clients()[..] else { panic!("three clients") };
    for _ in 0..ROUNDS {
        holder.acquire(LOCK).await?;
        enter(holder, true).await?;
        cluster.inner().pause(holder.node());
        next.take_over(LOCK).await?;
        enter(next, true).await?;
        cluster.inner().resume(holder.node());
        enter(holder, false).await?;
        holder.release(LOCK).await?;
        alone(third).await?;
        next.release(LOCK).await?;
    }
    Ok(())
}

/// Visits the vault, which must take the token or turn it away.
async fn enter(client: &Client, may_enter: bool) -> TestResult {
    let accepted = client.show(LOCK).await?.and_then(|used| used.accepted);
    if accepted.is_none_or(|accepted| accepted == may_enter) {
        return Ok(());
    }
    let what = if may_enter {
        "holds the lock, and the vault turns it away"
    } else {
        "held the lock before another one, and the vault takes it"
    };
    Err(client.failed("fencing-token", format!("{} {what}.", client.node())))
}

/// Wants a lock that is held, for a second: the judge sees it if it gets it.
async fn alone(client: &Client) -> TestResult {
    let waiting = client.clone();
    let wanted = spawn(async move { waiting.acquire(LOCK).await });
    client.cluster().sleep(Duration::from_secs(1)).await;
    wanted.abort();
    client.cluster().inner().restart(client.node()); // what its clerk was asked it would go on doing
    Ok(())
}

/// The holder's clock loses, and that of whoever waits gains, as much as the contract allows.
pub async fn clocks_drift(cluster: KvCluster) -> TestResult {
    set_drifts(&cluster);
    lease_after_lease(&cluster).await
}

/// The same, and answers to whoever acquires the lock come late: a lease that began with the answer would end too late.
pub async fn late_answers(cluster: KvCluster) -> TestResult {
    set_drifts(&cluster);
    let latency = [Nanos::from_millis(150), Nanos::from_millis(200)];
    let late = LinkWeather { latency, ..cluster.inner().calm() };
    cluster.inner().set_link(SERVER, slow(&cluster), late);
    lease_after_lease(&cluster).await
}

fn slow(cluster: &KvCluster) -> NodeId {
    cluster.clients()[0].node()
}

/// The first client's clock is slow, all others' are fast.
fn set_drifts(cluster: &KvCluster) {
    for client in cluster.clients() {
        let ppm = if client.node() == slow(cluster) { -DRIFT_PPM } else { DRIFT_PPM };
        cluster.inner().tester().apply(Command::ClockDrift { node: client.node(), ppm });
    }
}

/// Again and again the first client holds the lock to the end of its lease, and the others want it all the while: the judge
/// sees whether one of them has it before.
async fn lease_after_lease(cluster: &KvCluster) -> TestResult {
    let clients = cluster.clients();
    let is_over = Rc::new(Cell::new(false));
    let others = clients[1..].iter().map(|client| spawn(want_it_now_and_then(client.clone(), is_over.clone())));
    let others: Vec<_> = others.collect();
    for _ in 0..ROUNDS {
        clients[0].acquire(LOCK).await?;
        cluster.sleep(LEASE + LEASE / 4).await;
    }
    is_over.set(true);
    for other in others {
        other.await.expect("nobody aborts it")?;
    }
    Ok(())
}

async fn want_it_now_and_then(client: Client, is_over: Rc<Cell<bool>>) -> TestResult {
    while !is_over.get() {
        client.acquire(LOCK).await?;
        client.release(LOCK).await?;
        client.cluster().sleep(client.cluster().draw(700, 2_000)).await;
    }
    Ok(())
}

/// The only client acquires the lock, and the answer comes when the lease would be over: it must begin anew.
pub async fn answer_after_the_lease(cluster: KvCluster) -> TestResult {
    let [client] = &cluster.clients()[..] else { panic!("one client") };
    for _ in 0..2 * ROUNDS {
        let acquiring = client.clone();
        let acquired = spawn(async move { acquiring.acquire(LOCK).await });
        // About when the put arrives, if a look went before it.
        cluster.sleep(cluster.draw(5, 40)).await;
        cluster.inner().cut(SERVER, client.node());
        cluster.sleep(LEASE + LEASE / 4).await;
        cluster.inner().mend(SERVER, client.node());
        acquired.await.expect("nobody aborts it")?;
        client.release(LOCK).await?;
    }
    Ok(())
}
