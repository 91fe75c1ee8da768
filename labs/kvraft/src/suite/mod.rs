//! The suite: all tests of the lab, part by part.
//!
//! - `rsm` (part rsm), `rounds` and `mit` (parts kv and snapshot): MIT's tests of 4A, 4B and 4C, as stories;
//! - `faults`, `leases`, `snapshots`: what befalls servers, clocks and logs under load;
//! - `flight`: clients in flight, and which stories do not fly;
//! - `load`: the clients of stories and storms; `storms`: recovery, whose weather is in `scenarios/kvraft/`;
//! - [`KvRaftCluster`], [`Client`]: how stories ask and complain;
//! - [`bounds`]: all bounds, MIT's beside them.
//!
//! docs/MIT.md says how each of MIT's tests is covered, and where this suite asks for more.

pub mod bounds;
mod client;
mod cluster;
mod faults;
mod flight;
mod leases;
mod load;
mod mit;
mod rounds;
mod rsm;
mod snapshots;
mod storms;

pub use client::Client;
pub use cluster::KvRaftCluster;

use crate::judge::KvRaftJudge;
use crate::observation;
use bounds::TEST_BUDGET;
use lab_harness::scenario::RuledOut;
use lab_harness::suite::{Body, Lab, Part, Running, Test};
use leases::{LEASE, LEASE_AND_LIMIT};
use rounds::Rounds;

/// Why none of its requests may come again.
const LATE_PUTS: &str = "a put that was refused for a version still to come would be done after all, and right servers be called \
     wrong: leave `late_copy_ppm` out";

/// The lab.
#[must_use]
pub fn lab() -> Lab<KvRaftJudge> {
    let part = |name, alias| Part { name, alias };
    Lab {
        name: "kvraft",
        parts: vec![part("rsm", "4A"), part("kv", "4B"), part("snapshot", "4C")],
        tests: [rsm_part(), kv_part(), snapshot_part()].into_iter().flatten().collect(),
        observations: observation::KINDS,
        settings: &["lease_ms", "log_limit"],
        client_nodes: true,
        ruled_out: &[(RuledOut::LateCopies, LATE_PUTS)],
        storm: storms::storm(),
        flight: Some(flight::flight()),
    }
}

/// A story: its part, MIT's name or `None`, points, servers, clients, what nodes are told, its name and what it does, and what it is about.
macro_rules! story {
    ($part:literal, $mit:expr, $points:literal, $servers:literal, $clients:literal, $settings:expr, $name:ident: $story:expr, $about:literal) => {{
        fn run(cluster: lab_harness::cluster::Cluster<KvRaftJudge>) -> Running {
            Box::pin(($story)(KvRaftCluster::new(cluster)))
        }
        let body = Body::Directed {
            nodes: $servers,
            client_nodes: $clients,
            settings: $settings,
            time_budget: TEST_BUDGET,
            run,
        };
        let name = stringify!($name);
        Test {
            name,
            mit: $mit,
            part: $part,
            points: $points,
            about: $about,
            grounded: lab_harness::grounded::reason(flight::GROUNDED, name),
            body,
        }
    }};
}

/// Three rounds of clients at work: the same with the faults that there are.
macro_rules! rounds {
    ($part:literal, $mit:literal, $points:literal, $servers:literal, $clients:literal, $settings:expr, $name:ident: $rounds:expr, $about:literal) => {
        story!($part, Some($mit), $points, $servers, $clients, $settings, $name: |cluster| ($rounds).run(cluster), $about)
    };
}

#[rustfmt::skip]
fn rsm_part() -> Vec<Test<KvRaftJudge>> {
    vec![
        story!("rsm", Some("TestBasic4A"), 10, 3, 0, &[], basic: rsm::basic, "ten commands, one after the other"),
        story!("rsm", Some("TestConcurrent4A"), 10, 3, 0, &[], concurrent: rsm::concurrent, "fifty commands at the same time"),
        story!("rsm", Some("TestLeaderFailure4A"), 10, 3, 0, &[], leader_failure: rsm::leader_failure, "the leader is cut off, and comes back"),
        story!("rsm", Some("TestLeaderPartition4A"), 10, 3, 0, &[], leader_partition: rsm::leader_partition, "a leader whom nobody hears takes commands that are never done"),
        story!("rsm", Some("TestRestartReplay4A"), 10, 3, 0, &[], restart_replay: rsm::restart_replay, "all servers stop, and have done what they had done"),
        story!("rsm", Some("TestShutdown4A"), 10, 3, 0, &[], shutdown: rsm::shutdown, "all servers stop while commands are on their way"),
        story!("rsm", Some("TestRestartSubmit4A"), 10, 3, 0, &[], restart_submit: rsm::restart_submit, "all servers stop twice, the second time under load"),
        story!("rsm", None, 10, 3, 0, &[], leaders_crash: rsm::leaders_crash, "leaders crash while commands and reads are on their way"),
        story!("rsm", None, 10, 3, 0, &[], deposed_leaders: rsm::deposed_leaders, "leaders who are none any more are asked all the same"),
        Test::storm("rsm", "submits", 10, "everything happens to servers that count", "submits", include_str!("../../../../scenarios/kvraft/submits.toml")),
    ]
}

#[rustfmt::skip]
fn kv_part() -> Vec<Test<KvRaftJudge>> {
    vec![
        rounds!("kv", "TestBasic4B", 3, 5, 1, &[], one_client: Rounds::CALM, "one client"),
        story!("kv", Some("TestSpeed4B"), 3, 3, 1, &[], speed: mit::speed, "a thousand puts, one after the other"),
        rounds!("kv", "TestConcurrent4B", 3, 5, 5, &[], many_clients: Rounds::CALM, "five clients"),
        rounds!("kv", "TestUnreliable4B", 3, 5, 5, &[], unreliable: Rounds::CALM.unreliable(), "messages are late and lost"),
        story!("kv", Some("TestOnePartition4B"), 3, 5, 3, &[], one_partition: mit::one_partition, "a leader in a minority answers nothing"),
        rounds!("kv", "TestManyPartitionsOneClient4B", 3, 5, 1, &[], partitions_one_client: Rounds::CALM.partitions(), "servers are parted, now so and now so"),
        rounds!("kv", "TestManyPartitionsManyClients4B", 3, 5, 5, &[], partitions_many_clients: Rounds::CALM.partitions(), "the same with five clients"),
        rounds!("kv", "TestPersistOneClient4B", 3, 5, 1, &[], crashes_one_client: Rounds::CALM.crashes(), "servers crash, and all of them at once"),
        rounds!("kv", "TestPersistConcurrent4B", 3, 5, 5, &[], crashes_many_clients: Rounds::CALM.crashes(), "the same with five clients"),
        rounds!("kv", "TestPersistConcurrentUnreliable4B", 3, 5, 5, &[], crashes_unreliable: Rounds::CALM.crashes().unreliable(), "the same while messages are lost"),
        rounds!("kv", "TestPersistPartition4B", 3, 5, 5, &[], crashes_partitions: Rounds::CALM.crashes().partitions(), "servers crash and are parted"),
        rounds!("kv", "TestPersistPartitionUnreliable4B", 3, 5, 5, &[], crashes_partitions_unreliable: Rounds::CALM.crashes().partitions().unreliable(), "the same while messages are lost"),
        rounds!("kv", "TestPersistPartitionUnreliableLinearizable4B", 3, 7, 15, &[], crashes_partitions_many_keys: Rounds::CALM.crashes().partitions().unreliable().many_keys(), "the same with seven servers, fifteen clients and a hundred keys"),
        story!("kv", None, 2, 3, 1, &[], no_doubt: faults::no_doubt, "one client and no fault: nothing is perhaps done"),
        story!("kv", None, 4, 3, 4, &[], leaders_crash_under_load: faults::leaders_crash_under_load, "leaders crash while clients work"),
        story!("kv", None, 3, 5, 4, &[], servers_crash_under_load: faults::servers_crash_under_load, "any servers crash while clients work"),
        story!("kv", None, 4, 5, 4, &[], stale_leaders: faults::stale_leaders, "leaders who are none any more are read from"),
        story!("kv", None, 4, 3, 3, &[], appends_once: faults::appends_once, "appends are sent again and again, and done once"),
        story!("kv", None, 4, 3, 1, &[], perhaps_done: faults::perhaps_done, "answers to a put are lost, and it is sent again"),
        story!("kv", None, 3, 5, 1, &[], lost_puts: faults::lost_puts, "a leader hands a put on and never hears what came of it"),
        story!("kv", None, 3, 3, 4, &[], clients_come_and_go: faults::clients_come_and_go, "clients are cut off, stand still and die"),
        story!("kv", None, 2, 3, 1, LEASE, reads_under_a_lease: leases::reads_under_a_lease, "a leader with a lease asks nobody before it answers a read"),
        story!("kv", None, 3, 3, 4, LEASE, leases_and_clocks: leases::leases_and_clocks, "clocks drift apart as far as the contract allows"),
        story!("kv", None, 3, 3, 4, LEASE, leases_of_deposed_leaders: leases::leases_of_deposed_leaders, "who holds a lease hears nobody, is cut off, and is back for a moment"),
        story!("kv", None, 2, 3, 3, LEASE, leases_and_crashes: leases::leases_and_crashes, "who holds a lease crashes or stands still"),
        Test::storm("kv", "partitions_and_crashes", 3, "servers are parted and crash in any shape", "partitions-and-crashes", include_str!("../../../../scenarios/kvraft/partitions-and-crashes.toml")),
        Test::storm("kv", "one_way_links", 2, "links carry messages one way only", "one-way-links", include_str!("../../../../scenarios/kvraft/one-way-links.toml")),
        Test::storm("kv", "bridges", 2, "halves that only one server hears, and rings", "bridges", include_str!("../../../../scenarios/kvraft/bridges.toml")),
        Test::storm("kv", "clocks", 2, "clocks drift and are set anew, under leases", "clocks", include_str!("../../../../scenarios/kvraft/clocks.toml")),
        Test::storm("kv", "doubled_and_overtaken", 2, "messages arrive twice, late and out of order", "doubled-and-overtaken", include_str!("../../../../scenarios/kvraft/doubled-and-overtaken.toml")),
        Test::storm("kv", "pauses", 2, "servers and clients stand still", "pauses", include_str!("../../../../scenarios/kvraft/pauses.toml")),
        Test::storm("kv", "slow_links", 2, "links are slow, narrow and lossy", "slow-links", include_str!("../../../../scenarios/kvraft/slow-links.toml")),
        Test::storm("kv", "power_losses", 2, "most of five servers lose power at once", "power-losses", include_str!("../../../../scenarios/kvraft/power-losses.toml")),
        Test::storm("kv", "leaders_without_power", 2, "leaders lose power just after they answered", "leaders-without-power", include_str!("../../../../scenarios/kvraft/leaders-without-power.toml")),
        Test::storm("kv", "three_without_power", 2, "three servers lose power, one, two and all at once", "three-without-power", include_str!("../../../../scenarios/kvraft/three-without-power.toml")),
        Test::storm("kv", "everything", 3, "every kind of fault there is, but for disks that lie", "everything", include_str!("../../../../scenarios/kvraft/everything.toml")),
    ]
}

#[rustfmt::skip]
fn snapshot_part() -> Vec<Test<KvRaftJudge>> {
    vec![
        story!("snapshot", Some("TestSnapshot4C"), 8, 3, 0, Rounds::LIMIT, snapshot_of_a_counter: rsm::snapshot, "replicas take snapshots, and begin from them"),
        story!("snapshot", Some("TestSnapshotRPC4C"), 8, 3, 1, Rounds::LIMIT, snapshot_rpc: mit::snapshot_rpc, "a server was away while logs were cut"),
        story!("snapshot", Some("TestSnapshotSize4C"), 8, 3, 1, Rounds::LIMIT, snapshot_size: mit::snapshot_size, "one short value, written again and again"),
        story!("snapshot", Some("TestSpeed4C"), 8, 3, 1, Rounds::LIMIT, speed_with_snapshots: mit::speed, "a thousand puts, one after the other"),
        rounds!("snapshot", "TestSnapshotRecover4C", 8, 5, 1, Rounds::LIMIT, snapshots_crashes_one_client: Rounds::CALM.snapshots().crashes(), "servers crash, one client"),
        rounds!("snapshot", "TestSnapshotRecoverManyClients4C", 8, 5, 20, Rounds::LIMIT, snapshots_crashes_many_clients: Rounds::CALM.snapshots().crashes(), "servers crash, twenty clients"),
        rounds!("snapshot", "TestSnapshotUnreliable4C", 8, 5, 5, Rounds::LIMIT, snapshots_unreliable: Rounds::CALM.snapshots().unreliable(), "messages are late and lost"),
        rounds!("snapshot", "TestSnapshotUnreliableRecover4C", 8, 5, 5, Rounds::LIMIT, snapshots_crashes_unreliable: Rounds::CALM.snapshots().crashes().unreliable(), "servers crash, and messages are lost"),
        rounds!("snapshot", "TestSnapshotUnreliableRecoverConcurrentPartition4C", 8, 5, 5, Rounds::LIMIT, snapshots_crashes_partitions: Rounds::CALM.snapshots().crashes().partitions().unreliable(), "servers crash and are parted, and messages are lost"),
        rounds!("snapshot", "TestSnapshotUnreliableRecoverConcurrentPartitionLinearizable4C", 8, 7, 15, Rounds::LIMIT, snapshots_crashes_partitions_many_keys: Rounds::CALM.snapshots().crashes().partitions().unreliable().many_keys(), "the same with seven servers, fifteen clients and a hundred keys"),
        story!("snapshot", None, 4, 3, 2, Rounds::LIMIT, appends_and_snapshots: snapshots::appends_and_snapshots, "an append was done before a snapshot, and is sent again after it"),
        story!("snapshot", None, 4, 3, 4, LEASE_AND_LIMIT, leases_and_snapshots: leases::leases_and_snapshots, "servers begin from snapshots that hold another's lease"),
        story!("snapshot", None, 4, 3, 4, Rounds::LIMIT, crashes_around_snapshots: snapshots::crashes_around_snapshots, "servers crash while they take snapshots and are handed them"),
        Test::storm("snapshot", "snapshots", 3, "logs that begin behind snapshots, and servers that were away", "snapshots", include_str!("../../../../scenarios/kvraft/snapshots.toml")),
        Test::storm("snapshot", "large_snapshots", 2, "large snapshots on slow and narrow links", "large-snapshots", include_str!("../../../../scenarios/kvraft/large-snapshots.toml")),
        Test::storm("snapshot", "failing_disks", 3, "fewer than half of the disks are full, fail and rot", "failing-disks", include_str!("../../../../scenarios/kvraft/failing-disks.toml")),
    ]
}

#[cfg(test)]
mod tests;
