//! Part kv, beyond MIT: a leader that may answer reads alone, for a while, by clocks that do not agree.

use super::bounds::{LEASE_MS, LOG_LIMIT};
use super::client::Client;
use super::cluster::KvRaftCluster;
use crate::contract::{MAX_DRIFT_PPM, Version};
use crate::control::Reply;
use lab_harness::at_work::AtWork;
use lab_harness::failed::TestResult;
use lab_harness::load::{Load, begin};
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::spawn;
use windtunnel::time::sleep;
use windtunnel::world::Command;

/// What nodes of such a test are told.
pub const LEASE: &[(&str, u64)] = &[("lease_ms", LEASE_MS)];

/// The same with logs that must be cut.
pub const LEASE_AND_LIMIT: &[(&str, u64)] = &[("lease_ms", LEASE_MS), ("log_limit", LOG_LIMIT)];

/// A leader with a lease answers reads without asking anybody.
pub async fn reads_under_a_lease(cluster: KvRaftCluster) -> TestResult {
    const READS: u64 = 200;
    let client = cluster.clients().remove(0);
    cluster.leader().await?;
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

/// The leader's clock loses and the others' gain as much as the contract allows, and the leader is cut off from the others. Clients go on
/// reading there, and others write and read elsewhere.
pub async fn leases_and_clocks(cluster: KvRaftCluster) -> TestResult {
    const TIMES: u32 = 3;
    let sides = Sides::of(&cluster);
    let at_work = sides.begin_to_write();
    for _ in 0..TIMES {
        let leader = cluster.leader().await?;
        set_clocks(&cluster, leader);
        let reading = sides.begin_to_read();
        cluster.sleep(cluster.draw(500, 1_500)).await; // it holds a lease
        sides.part(leader);
        cluster.leader_among(&cluster.servers_but(&[leader])).await?;
        cluster.sleep(cluster.draw(LEASE_MS, LEASE_MS * 3 / 2)).await;
        cluster.inner().heal();
        drop(reading);
        cluster.all_answered().await?;
    }
    drop(at_work);
    super::faults::settle(&cluster).await
}

/// A leader is deposed by and by: it hears nobody and is still heard, it is cut off, crashes or stands still, it is back for a
/// moment. There are clients who ask nobody else all the while, and they begin at any moment of it.
pub async fn leases_of_deposed_leaders(cluster: KvRaftCluster) -> TestResult {
    const TIMES: u32 = 6;
    let sides = Sides::of(&cluster);
    for _ in 0..TIMES {
        let leader = cluster.leader().await?;
        let others = cluster.servers_but(&[leader]);
        set_clocks(&cluster, leader);
        let (mut writing, mut reading) = (None, None);
        if cluster.draw_below(2) == 0 {
            cluster.sleep(Duration::from_millis(LEASE_MS * 3 / 2)).await; // all leases are over
        } else {
            writing = Some(sides.begin_to_write());
        }
        if cluster.draw_below(2) == 0 {
            reading = Some(sides.begin_to_read());
            cluster.sleep(sides.draw_soon_or_late()).await;
        }
        if cluster.draw_below(3) > 0 {
            others.iter().for_each(|other| cluster.inner().cut(*other, leader));
            reading.get_or_insert_with(|| sides.begin_to_read());
            cluster.sleep(sides.draw_soon_or_late()).await;
        }
        sides.part(leader);
        reading.get_or_insert_with(|| sides.begin_to_read());
        writing.get_or_insert_with(|| sides.begin_to_write());
        match cluster.draw_below(6) {
            0 => cluster.crash_for(leader, cluster.draw(0, 300)).await,
            1 => stand_still(&cluster, leader).await,
            _ => {}
        }
        cluster.leader_among(&others).await?;
        cluster.sleep(cluster.draw(0, 600)).await;
        cluster.mend();
        cluster.sleep(cluster.draw(50, 250)).await;
        sides.part(leader);
        cluster.sleep(cluster.draw(LEASE_MS / 2, LEASE_MS * 3 / 2)).await;
        cluster.inner().heal();
        drop((reading, writing));
        cluster.all_answered().await?;
    }
    super::faults::settle(&cluster).await
}

/// The leader is cut off while clients go on reading there, and all others start again, from snapshots that hold its lease.
pub async fn leases_and_snapshots(cluster: KvRaftCluster) -> TestResult {
    const TIMES: u32 = 3;
    let sides = Sides::of(&cluster);
    let at_work = sides.begin_to_write();
    for _ in 0..TIMES {
        let leader = cluster.leader().await?;
        let reading = sides.begin_to_read();
        cluster.sleep(cluster.draw(500, 1_500)).await;
        sides.part(leader);
        for other in cluster.servers_but(&[leader]) {
            cluster.crash_for(other, cluster.draw(0, 50)).await;
        }
        cluster.leader_among(&cluster.servers_but(&[leader])).await?;
        cluster.sleep(cluster.draw(LEASE_MS / 2, LEASE_MS)).await;
        cluster.inner().heal();
        drop(reading);
        cluster.all_answered().await?;
    }
    drop(at_work);
    super::faults::settle(&cluster).await
}

/// Leaders crash and come back with clocks of their own, while clients read and write under leases.
pub async fn leases_and_crashes(cluster: KvRaftCluster) -> TestResult {
    const CRASHES: u32 = 6;
    let clients = cluster.clients();
    let at_work = begin(&clients, Load::ONE_KEY);
    for _ in 0..CRASHES {
        let leader = cluster.leader().await?;
        set_clocks(&cluster, leader);
        cluster.sleep(cluster.draw(300, 1_200)).await;
        match cluster.draw_below(3) {
            0 => stand_still(&cluster, leader).await,
            _ => cluster.crash_for(leader, cluster.draw(0, 1_000)).await,
        }
    }
    drop(at_work);
    super::faults::settle(&cluster).await
}

/// A server stands still, perhaps while its lease runs out, and wakes with reads before it.
async fn stand_still(cluster: &KvRaftCluster, server: NodeId) {
    cluster.inner().pause(server);
    cluster.sleep(cluster.draw(LEASE_MS / 4, LEASE_MS * 3 / 2)).await;
    cluster.inner().resume(server);
}

/// That server's clock loses, and all others' gain. Now and then somebody sets the clock on its wall back.
fn set_clocks(cluster: &KvRaftCluster, slow: NodeId) {
    let most = MAX_DRIFT_PPM as i32;
    for server in cluster.servers() {
        let ppm = if *server == slow { -most } else { most };
        cluster.inner().tester().apply(Command::ClockDrift { node: *server, ppm });
    }
    if cluster.draw_below(2) == 0 {
        set_back(cluster.clone(), slow);
    }
}

/// Some time from now.
fn set_back(cluster: KvRaftCluster, server: NodeId) {
    const BY_NS: i64 = -(LEASE_MS as i64) * 1_000_000;
    let after = cluster.draw(0, 2 * LEASE_MS);
    spawn(async move {
        sleep(after).await;
        cluster.inner().tester().apply(Command::ClockJump { node: server, by_ns: BY_NS });
    });
}

/// Two clients who read, of a leader that is about to be cut off, and the others, who ask the other servers then.
struct Sides {
    cluster: KvRaftCluster,
    readers: Vec<Client>,
    writers: Vec<Client>,
}

impl Sides {
    fn of(cluster: &KvRaftCluster) -> Self {
        let mut readers = cluster.clients();
        let writers = readers.split_off(2);
        Sides { cluster: cluster.clone(), readers, writers }
    }

    /// Nobody reaches the leader but those who read, and they nobody else.
    fn part(&self, leader: NodeId) {
        let others = self.cluster.servers_but(&[leader]);
        self.cluster.partition(&[&[leader], &others]);
        for reader in &self.readers {
            others.iter().for_each(|other| self.cluster.inner().cut(reader.node(), *other));
        }
        self.writers.iter().for_each(|writer| self.cluster.inner().cut(writer.node(), leader));
    }

    /// Some time, or next to none.
    fn draw_soon_or_late(&self) -> Duration {
        let most = if self.cluster.draw_below(2) == 0 { 30 } else { LEASE_MS * 3 / 4 };
        self.cluster.draw(5, most)
    }

    /// They write one key, again and again, and read it too.
    fn begin_to_write(&self) -> AtWork {
        begin(&self.writers, Load { rest: Duration::from_millis(10), value_bytes: 200, ..Load::ONE_KEY })
    }

    /// They read that key, again and again.
    fn begin_to_read(&self) -> AtWork {
        AtWork::begin(self.readers.iter().map(|reader| read_on_and_on(reader.clone())))
    }
}

async fn read_on_and_on(reader: Client) {
    loop {
        reader.cluster().inner().ask_on_and_on::<Reply>(reader.node(), &reader.asks_for("k0")).await;
        sleep(Duration::from_millis(10)).await;
    }
}
