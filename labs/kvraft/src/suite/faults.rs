//! Part kv, beyond MIT: servers and clients fail while clients work.

use super::client::Client;
use super::cluster::KvRaftCluster;
use super::load::FEW_KEYS;
use crate::contract::{GetError, PutError, Version, Versioned};
use lab_harness::at_work::everybody;
use lab_harness::failed::TestResult;
use lab_harness::load::{Load, begin};
use std::time::Duration;
use windtunnel::task::JoinHandle;
use windtunnel::time::sleep;
use windtunnel::world::LinkWeather;
use windtunnel::{Nanos, Ppm, spawn};

/// Leaders crash one after the other, while clients work.
pub async fn leaders_crash_under_load(cluster: KvRaftCluster) -> TestResult {
    const CRASHES: u32 = 8;
    let at_work = begin(&cluster.clients(), FEW_KEYS);
    for _ in 0..CRASHES {
        cluster.sleep(cluster.draw(200, 800)).await;
        let leader = cluster.leader().await?;
        cluster.crash_for(leader, cluster.draw(0, 500)).await;
    }
    drop(at_work);
    settle(&cluster).await
}

/// Any server crashes at any moment, two at a time now and then, while clients work.
pub async fn servers_crash_under_load(cluster: KvRaftCluster) -> TestResult {
    const CRASHES: u32 = 12;
    let at_work = begin(&cluster.clients(), FEW_KEYS);
    for _ in 0..CRASHES {
        cluster.sleep(cluster.draw(20, 400)).await;
        let first = cluster.draw_one(cluster.servers());
        let second = cluster.draw_one(cluster.servers());
        cluster.crash(first);
        cluster.crash_for(second, cluster.draw(0, 300)).await;
        cluster.inner().start(first);
    }
    drop(at_work);
    settle(&cluster).await
}

/// Leaders are cut off from the other servers, and clients who do not know go on asking them. What others write meanwhile must be
/// in what they read.
pub async fn stale_leaders(cluster: KvRaftCluster) -> TestResult {
    const TIMES: u32 = 6;
    let clients = cluster.clients();
    let at_work = begin(&clients[2..], Load { keys: 1, rest: Duration::from_millis(5), ..Load::ONE_KEY });
    let (writer, reader) = (&clients[0], &clients[1]);
    for _ in 0..TIMES {
        let leader = cluster.leader().await?;
        let _ = reader.get("k0").await?; // now its clerk knows whom to ask
        let others = cluster.servers_but(&[leader]);
        cluster.partition(&[&[leader], &others]);
        cluster.leader_among(&others).await?;
        for _ in 0..3 {
            let version = writer.get("k0").await?.map_or(Version::NONE, |found| found.version);
            let _ = writer.put("k0", &cluster.new_value(), version).await?;
            let _ = reader.get("k0").await?;
        }
        cluster.mend();
        cluster.sleep(cluster.draw(0, 300)).await;
    }
    drop(at_work);
    settle(&cluster).await
}

/// Two clerks on each of three nodes append to one key, while replies to them are lost, some of their requests arrive when they have
/// asked for other things since, and leaders crash: each append is there once, and those of a clerk in their order.
pub async fn appends_once(cluster: KvRaftCluster) -> TestResult {
    const APPENDS: u32 = 12;
    let calm = cluster.inner().calm();
    let lossy = LinkWeather { loss_ppm: Ppm(300_000), ..calm };
    let reorder_by = [Nanos::from_millis(300), Nanos::from_millis(1_500)];
    let late = LinkWeather { reorder_ppm: Ppm(100_000), reorder_by, ..calm };
    for client in cluster.clients() {
        for server in cluster.servers() {
            cluster.inner().set_link(*server, client.node(), lossy);
            cluster.inner().set_link(client.node(), *server, late);
        }
    }
    let crasher = {
        let cluster = cluster.clone();
        spawn(async move {
            loop {
                // Whoever takes long to elect gets as long to work.
                let Ok(leader) = cluster.leader().await else { continue };
                sleep(cluster.draw(500, 2_000)).await;
                cluster.crash_for(leader, cluster.draw(0, 300)).await;
            }
        })
    };
    let clients: Vec<Client> =
        cluster.clients().iter().flat_map(|client| [client.another(0), client.another(1)]).collect();
    let appends = |client: Client| async move {
        for _ in 0..APPENDS {
            client.append("k", &format!("{}; ", client.cluster().new_value())).await?;
            client.expect_value("k").await?; // which of several appends came first, the judge learns from this
        }
        Ok(())
    };
    let written = everybody(&clients, appends).await;
    crasher.abort();
    cluster.servers().iter().for_each(|server| cluster.inner().start(*server));
    written?;
    let found = clients[0].expect_value("k").await?;
    let appends = u64::from(APPENDS) * clients.len() as u64;
    if found.version != Version(appends) {
        let title = format!("{appends} appends were done, and the key has version {}.", found.version);
        return Err(clients[0].failed("wrong-version", title));
    }
    Ok(())
}

/// Clients are cut off, stand still and die, while servers crash.
pub async fn clients_come_and_go(cluster: KvRaftCluster) -> TestResult {
    const TIMES: u32 = 12;
    let clients = cluster.clients();
    let at_work = begin(&clients, FEW_KEYS);
    for _ in 0..TIMES {
        let node = clients[cluster.draw_below(clients.len() as u64) as usize].node();
        let inner = cluster.inner();
        let lasts = cluster.draw(10, 700);
        match cluster.draw_below(4) {
            0 => {
                inner.cut_off(node);
                cluster.sleep(lasts).await;
                inner.reconnect(node);
            }
            1 => {
                inner.pause(node);
                cluster.sleep(lasts).await;
                inner.resume(node);
            }
            2 => {
                inner.kill(node);
                cluster.sleep(lasts).await;
                inner.start(node);
            }
            _ => cluster.crash_for(cluster.draw_one(cluster.servers()), lasts).await,
        }
    }
    drop(at_work);
    settle(&cluster).await
}

/// Begins the only put of that version: it is done or may be, and nothing else.
fn only_put(client: &Client, version: Version) -> JoinHandle<TestResult> {
    let (client, value) = (client.clone(), client.cluster().new_value());
    spawn(async move {
        let told = client.put("k", &value, version).await?;
        if matches!(told, Ok(()) | Err(PutError::Maybe)) {
            return Ok(());
        }
        Err(client.failed("wrong-answer", format!("Of the only put of version {version} it is said: {told:?}.")))
    })
}

/// What a put says that was sent again: it may be done, and then it is either there or not.
pub async fn perhaps_done(cluster: KvRaftCluster) -> TestResult {
    const ROUNDS: u64 = 12;
    let client = cluster.clients().remove(0);
    let mut version = Version::NONE;
    for _ in 0..ROUNDS {
        let leader = cluster.leader().await?;
        // It is heard, and its answers are not.
        cluster.inner().cut(leader, client.node());
        let put = only_put(&client, version);
        cluster.sleep(cluster.draw(20, 200)).await;
        if cluster.draw_below(2) == 0 {
            cluster.crash_for(leader, cluster.draw(0, 300)).await;
        }
        cluster.inner().mend(leader, client.node());
        put.await.expect("nobody aborts it")?;
        version = client.get("k").await?.map_or(Version::NONE, |found| found.version);
    }
    Ok(())
}

/// A leader hands a put on and does not hear that the others have taken it, and then nobody hears it. Who leads next does the put; the
/// first leader says what it knows.
pub async fn lost_puts(cluster: KvRaftCluster) -> TestResult {
    const ROUNDS: u64 = 12;
    let client = cluster.clients().remove(0);
    let mut version = Version::NONE;
    for _ in 0..ROUNDS {
        let leader = cluster.leader().await?;
        let others = cluster.servers_but(&[leader]);
        let _ = client.get("k").await?; // now its clerk knows whom to ask
        others.iter().for_each(|other| cluster.inner().cut(*other, leader));
        let put = only_put(&client, version);
        cluster.sleep(cluster.draw(5, 50)).await;
        cluster.partition(&[&[leader], &others]);
        cluster.leader_among(&others).await?;
        cluster.mend();
        put.await.expect("nobody aborts it")?;
        version = client.get("k").await?.map_or(Version::NONE, |found| found.version);
    }
    Ok(())
}

/// One client and no fault: whatever is answered, there is one right answer, and nothing is perhaps done.
pub async fn no_doubt(cluster: KvRaftCluster) -> TestResult {
    const ROUNDS: u64 = 10;
    let client = cluster.clients().remove(0);
    cluster.leader().await?;
    for clerk in 1..=5 {
        // A clerk that knows of no leader yet is sent on, and what was not begun with leaves no doubt.
        let told = client.another(clerk).put("nobody's", "never", Version(1)).await?;
        client.expect(told, Err(PutError::NoKey))?;
    }
    for round in 0..ROUNDS {
        let (key, value) = (format!("k{round}"), cluster.new_value());
        client.expect(client.get(&key).await?, Err(GetError::NoKey))?;
        client.expect(client.put(&key, &value, Version(1 + round)).await?, Err(PutError::NoKey))?;
        client.expect(client.put(&key, &value, Version::NONE).await?, Ok(()))?;
        for wrong in [Version::NONE, Version(2), Version(2 + round)] {
            client.expect(client.put(&key, "never", wrong).await?, Err(PutError::Version))?;
        }
        client.append(&key, " and more").await?;
        let found = Versioned { value: format!("{value} and more"), version: Version(2) };
        client.expect(client.get(&key).await?, Ok(found))?;
        client.expect(client.put(&key, "never", Version(1)).await?, Err(PutError::Version))?;
        client.expect(client.put(&key, "last", Version(2)).await?, Ok(()))?;
        client.append(&format!("new {key}"), "value").await?;
        let found = Versioned { value: "value".to_owned(), version: Version(1) };
        client.expect(client.get(&format!("new {key}")).await?, Ok(found))?;
    }
    // Nothing is a value too.
    client.expect(client.put("put", "", Version::NONE).await?, Ok(()))?;
    client.append("appended", "").await?;
    for key in ["put", "appended"] {
        let nothing = |version| Versioned { value: String::new(), version: Version(version) };
        client.expect(client.get(key).await?, Ok(nothing(1)))?;
        client.append(key, "").await?;
        client.expect(client.get(key).await?, Ok(nothing(2)))?;
        client.expect(client.put(key, "last", Version(2)).await?, Ok(()))?;
    }
    Ok(())
}

/// What was asked is answered, and what was written is there for the judge to see.
pub(super) async fn settle(cluster: &KvRaftCluster) -> TestResult {
    cluster.all_answered().await?;
    for client in cluster.clients() {
        for key in FEW_KEYS.keys() {
            let _ = client.get(&key).await?;
        }
    }
    Ok(())
}
