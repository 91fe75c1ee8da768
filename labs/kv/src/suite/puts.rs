//! Part server: MIT's tests of Lab 2, and what the server keeps of each client.

use super::bounds::{BYTES_EACH, CROWD, CROWD_BUDGET, CROWD_VALUE_BYTES, MORE_ROUNDS, PUTS_FOR, UNRELIABLE_ROUNDS};
use super::cluster::{Client, KvCluster};
use crate::contract::{GetError, PutError, Version, Versioned};
use crate::control::{Reply, Request};
use lab_harness::at_work::everybody;
use lab_harness::failed::TestResult;
use std::fmt::Debug;
use windtunnel::Nanos;
use windtunnel::time::Instant;

/// MIT `TestReliablePut`. What is put is found; a version that has passed, or that no key has, is refused. Nothing is a value too.
pub async fn reliable_put(cluster: KvCluster) -> TestResult {
    let [client] = &cluster.clients()[..] else { panic!("one client") };
    expect(client, client.put("k", "value", Version::NONE).await?, Ok(()))?;
    let found = Versioned { value: "value".to_owned(), version: Version(1) };
    expect(client, client.get("k").await?, Ok(found.clone()))?;
    expect(client, client.put("k", "other", Version::NONE).await?, Err(PutError::Version))?;
    expect(client, client.get("k").await?, Ok(found))?;
    expect(client, client.put("y", "value", Version(1)).await?, Err(PutError::NoKey))?;
    expect(client, client.get("y").await?, Err(GetError::NoKey))?;
    expect(client, client.put("y", "", Version::NONE).await?, Ok(()))?;
    let nothing = Versioned { value: String::new(), version: Version(1) };
    expect(client, client.get("y").await?, Ok(nothing))
}

/// MIT `TestPutConcurrentReliable`. Ten clients put the same key for a second, and each put that is done is one version.
pub async fn put_concurrent_reliable(cluster: KvCluster) -> TestResult {
    let until = Instant::now() + PUTS_FOR;
    let clients = cluster.clients();
    everybody(&clients, move |client| async move {
        let mut version = Version::NONE;
        while Instant::now() < until {
            let told = client.put("k", &client.cluster().new_value(), version).await?;
            if told == Err(PutError::Maybe) || told == Err(PutError::NoKey) {
                let title = format!("On a network that loses nothing a put of a known version is answered {told:?}.");
                return Err(client.failed("wrong-answer", title));
            }
            version = expect_value(&client, "k").await?.version;
        }
        Ok(())
    })
    .await?;
    let done = cluster.inner().judge().operations().writes_of("k").done;
    let version = expect_value(&clients[0], "k").await?.version;
    if version == Version(done) {
        return Ok(());
    }
    Err(cluster.failed("wrong-version", format!("{done} puts were done, and the key has version {version}.")))
}

/// MIT `TestMemPutManyClientsReliable`. What a server, or a client, keeps of each of 100,000 clerks is little or nothing.
pub async fn many_clients(cluster: KvCluster) -> TestResult {
    let [client] = &cluster.clients()[..] else { panic!("one client") };
    expect(client, client.put("k", "value", Version::NONE).await?, Ok(()))?;
    let before = cluster.inner().counters().peak_heap;
    let request = Request::Crowd { clerks: CROWD, value_bytes: CROWD_VALUE_BYTES };
    match client.ask(&request, Nanos::to_duration(CROWD_BUDGET), "the crowd").await? {
        Reply::Done => {}
        Reply::Wrong(what) => return Err(client.failed("wrong-answer", format!("Of {CROWD} clerks {what}."))),
        other => return Err(client.failed("own-answers", format!("The crowd answers {other:?}."))),
    }
    let grown = cluster.inner().counters().peak_heap.saturating_sub(before);
    if grown <= BYTES_EACH * u64::from(CROWD) {
        return Ok(());
    }
    let each = grown / u64::from(CROWD);
    let title = format!("For each of {CROWD} clerks a node comes to hold {each} bytes; {BYTES_EACH} are allowed.");
    Err(cluster.failed("memory", title))
}

/// MIT `TestUnreliableNet`. Requests and replies are lost: each put is done once, and who cannot know says so.
pub async fn unreliable_net(cluster: KvCluster) -> TestResult {
    cluster.make_unreliable();
    let [client] = &cluster.clients()[..] else { panic!("one client") };
    let mut maybe = 0;
    for round in 0..UNRELIABLE_ROUNDS + MORE_ROUNDS {
        if round >= UNRELIABLE_ROUNDS && maybe > 0 {
            return Ok(());
        }
        let (version, value) = (Version(round), cluster.new_value());
        let mut told = client.put("k", &value, version).await?;
        let mut times = 1;
        while told == Err(PutError::Maybe) {
            maybe += 1;
            told = client.put("k", &value, version).await?;
            times += 1;
        }
        if (times == 1) != (told == Ok(())) {
            let title = format!("The only client puts version {version} for the {times}th time, and is told {told:?}.");
            return Err(client.failed("wrong-answer", title));
        }
        let found = Versioned { value, version: version.next() };
        expect(client, client.get("k").await?, Ok(found))?;
        // Nobody ever creates that key: however often the put is sent, it was not done.
        expect(client, client.put("nobody's", "", Version(1)).await?, Err(PutError::NoKey))?;
    }
    let title = format!(
        "A tenth of all replies was lost, and none of {} puts was perhaps done.",
        UNRELIABLE_ROUNDS + MORE_ROUNDS
    );
    Err(client.failed("never-maybe", title))
}

/// The value of a key that is there.
///
/// # Errors
/// If it is not.
pub(super) async fn expect_value(client: &Client, key: &str) -> TestResult<Versioned> {
    let answer = client.get(key).await?;
    answer.map_err(|_| client.failed("wrong-answer", format!("Key {key:?} was put, and a get does not find it.")))
}

/// That an answer is the expected one.
///
/// # Errors
/// If it is not.
pub(super) fn expect<T: Debug + PartialEq>(client: &Client, told: T, expected: T) -> TestResult {
    if told == expected {
        return Ok(());
    }
    Err(client.failed("wrong-answer", format!("{} was answered {told:?}; right would be {expected:?}.", client.node())))
}
