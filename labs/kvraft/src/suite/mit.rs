//! Parts kv and snapshot: those of MIT's tests of 4B and 4C that are not rounds.

use super::bounds::{DONE_AFTER_HEALING, SMALL_SNAPSHOT_BYTES, SPEED_EACH, SPEED_PUTS, STATE_BYTES, WATCHED_FOR};
use super::client::Client;
use super::cluster::KvRaftCluster;
use crate::contract::{PutError, Version};
use lab_harness::failed::TestResult;
use windtunnel::spawn;
use windtunnel::time::{Instant, timeout};

/// MIT `TestSpeed4B` and `TestSpeed4C`. A thousand puts, one after the other.
pub async fn speed(cluster: KvRaftCluster) -> TestResult {
    let client = cluster.clients().remove(0);
    cluster.leader().await?;
    client
        .put("warm", "up", Version::NONE)
        .await?
        .map_err(|_| client.failed("wrong-answer", "A key cannot be created."))?;
    let began = Instant::now();
    for round in 0..SPEED_PUTS {
        let told = client.put("k", &cluster.new_value(), Version(round)).await?;
        client.expect(told, Ok(()))?;
    }
    let each = began.elapsed() / SPEED_PUTS as u32;
    if each > SPEED_EACH {
        let title = format!("{SPEED_PUTS} puts take {each:?} each; {SPEED_EACH:?} are allowed.");
        return Err(cluster.failed("too-slow", title));
    }
    let found = client.expect_value("k").await?;
    client.expect(found.version, Version(SPEED_PUTS))
}

/// MIT `TestOnePartition4B`. A majority goes on without the leader; a leader in the minority answers nothing, neither puts nor gets, and
/// what it was asked is done when all are together again.
pub async fn one_partition(cluster: KvRaftCluster) -> TestResult {
    cluster.make_unreliable();
    let clients = cluster.clients();
    let [outside, writer, reader] = &clients[..] else { panic!("three clients") };
    let told = outside.put("1", "13", Version::NONE).await?;
    expect_done(outside, told)?;
    let leader = cluster.leader().await?;
    let others = cluster.servers_but(&[leader]);
    let (minority, majority) = ([leader, others[0]], &others[1..]);
    cluster.partition(&[&minority, majority]);
    // The clients of the two sides: one with the majority, two with the minority.
    for server in minority {
        cluster.inner().cut(outside.node(), server);
    }
    for client in [writer, reader] {
        majority.iter().for_each(|server| cluster.inner().cut(client.node(), *server));
    }
    let told = outside.put("1", "14", Version(1)).await?;
    expect_done(outside, told)?;

    let put = {
        let writer = writer.clone();
        spawn(async move { put_at_last(writer, "15", Version(2)).await })
    };
    let get = {
        let reader = reader.clone();
        spawn(async move { reader.get("1").await })
    };
    cluster.sleep(WATCHED_FOR).await;
    let [puts, gets] = [writer, reader].map(|client| cluster.inner().judge().operations().returned_to(client.node()));
    if puts + gets > 0 {
        let title = format!("{leader} leads two of five servers, and {puts} puts and {gets} gets were answered there.");
        return Err(cluster.failed("minority-answers", title).on([leader]));
    }
    let told = outside.put("1", "16", Version(2)).await?;
    expect_done(outside, told)?;

    cluster.inner().heal();
    cluster.make_late(); // a lost message would cost whoever waits for its answer all of its patience
    let healed = Instant::now();
    let late = |what: &str| {
        let patience = DONE_AFTER_HEALING.as_secs();
        let title =
            format!("All servers are together again, and {what} of the minority is not done after {patience} s.");
        cluster.failed("no-answer", title)
    };
    let left = || (healed + DONE_AFTER_HEALING).duration_since(Instant::now());
    timeout(left(), put).await.map_err(|_| late("the put"))?.expect("nobody aborts it")?;
    let read = timeout(left(), get).await.map_err(|_| late("the get"))?.expect("nobody aborts it")?;
    if read.is_err() {
        return Err(reader.failed("wrong-answer", "A key that was put before is not found."));
    }
    let found = outside.expect_value("1").await?;
    outside.expect((found.value.as_str(), found.version), ("15", Version(4)))
}

/// Puts a value, over the version that is named or any later one. It must be a later one, since somebody else is first with that one.
async fn put_at_last(client: Client, value: &str, second: Version) -> TestResult {
    let mut version = second;
    loop {
        let told = client.put("1", value, version).await?;
        if told.is_ok() && version > second {
            return Ok(());
        }
        if told.is_ok() {
            return Err(client.failed("wrong-answer", "Two puts of one version are both done."));
        }
        let found = client.expect_value("1").await?;
        if found.value == value {
            return Ok(());
        }
        version = found.version;
    }
}

fn expect_done(client: &Client, told: Result<(), PutError>) -> TestResult {
    match told {
        Ok(()) | Err(PutError::Maybe) => Ok(()),
        Err(refused) => {
            Err(client.failed("wrong-answer", format!("Of the only put of its version it is said: {refused}.")))
        }
    }
}

/// MIT `TestSnapshotRPC4C`. A server that was away while the log was cut gets what it lacks, and answers with the others.
pub async fn snapshot_rpc(cluster: KvRaftCluster) -> TestResult {
    let client = cluster.clients().remove(0);
    client.append("a", "A").await?;
    let leader = cluster.leader().await?;
    let others = cluster.servers_but(&[leader]);
    let (away, stays) = (others[0], others[1]);
    cluster.partition(&[&[leader, stays]]);
    for key in 0..50 {
        client.append(&format!("{key}"), &format!("{key}")).await?;
    }
    cluster.sleep(WATCHED_FOR).await;
    client.append("b", "B").await?;
    cluster.small_state(STATE_BYTES[1]).await?;

    // Now who was away is needed for a majority.
    cluster.partition(&[&[leader, away]]);
    client.append("c", "C").await?;
    client.append("d", "D").await?;
    for (key, value) in [("a", "A"), ("b", "B"), ("1", "1"), ("49", "49"), ("c", "C")] {
        let found = client.expect_value(key).await?;
        client.expect((found.value.as_str(), found.version), (value, Version(1)))?;
    }
    cluster.mend();
    client.append("e", "E").await?;
    let found = client.expect_value("e").await?;
    client.expect(found.value.as_str(), "E")?;
    cluster.small_state(STATE_BYTES[1]).await
}

/// MIT `TestSnapshotSize4C`. One short value, written four hundred times: logs and snapshots stay short.
pub async fn snapshot_size(cluster: KvRaftCluster) -> TestResult {
    const TIMES: u64 = 400;
    let client = cluster.clients().remove(0);
    cluster.leader().await?;
    for round in 0..TIMES {
        let value = if round % 2 == 0 { "0" } else { "1" };
        let told = client.put("x", value, Version(round)).await?;
        client.expect(told, Ok(()))?;
        let found = client.expect_value("x").await?;
        client.expect((found.value.as_str(), found.version), (value, Version(round + 1)))?;
    }
    cluster.small_state(STATE_BYTES[1]).await?;
    let largest = cluster.inner().judge().replicas().largest_snapshot();
    match largest {
        None => Err(cluster.failed("no-snapshot", format!("{TIMES} puts and no server has taken a snapshot."))),
        Some((_, bytes)) if bytes <= SMALL_SNAPSHOT_BYTES => Ok(()),
        Some((node, bytes)) => {
            let title = format!("A snapshot of one short value has {bytes} bytes; {SMALL_SNAPSHOT_BYTES} would do.");
            Err(cluster.failed("snapshot-too-large", title).on([node]))
        }
    }
}
