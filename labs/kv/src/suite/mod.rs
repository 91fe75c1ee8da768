//! The suite: all tests of the lab, part by part.
//!
//! - `puts` (part server) and `turns` (part lock): MIT's tests, as stories;
//! - `crashes`, `messages`: what befalls the server and its messages under load; `holders`: what befalls who holds a lock;
//! - `nested`: several locks, and several clerks of a node;
//! - `flight`: clients in flight, and which stories do not fly;
//! - `load`: the clients of stories and storms; `storms`: recovery, whose weather is in `scenarios/kv/`;
//! - [`KvCluster`], [`Client`]: how stories ask and complain;
//! - [`bounds`]: all bounds, MIT's beside them.
//!
//! docs/MIT.md says how each of MIT's tests is covered, and where this suite asks for more.

pub mod bounds;
mod cluster;
mod crashes;
mod flight;
mod holders;
mod load;
mod messages;
mod nested;
mod puts;
mod storms;
mod turns;

pub use cluster::{Client, KvCluster};

use crate::judge::KvJudge;
use crate::observation;
use bounds::{CROWD_BUDGET, TEST_BUDGET};
use lab_harness::suite::{Body, Lab, Part, Running, Test};

/// The key/value lab.
#[must_use]
pub fn lab() -> Lab<KvJudge> {
    Lab {
        name: "kv",
        parts: vec![Part { name: "server", alias: "2" }, Part { name: "lock", alias: "2L" }],
        tests: server_part().into_iter().chain(lock_part()).collect(),
        observations: observation::KINDS,
        settings: &[],
        client_nodes: false,
        ruled_out: &[],
        storm: storms::storm(),
        flight: Some(flight::flight()),
    }
}

/// A story: its part, MIT's name or `None`, points, clients, the time it has, the story, and what it is about.
macro_rules! story {
    ($part:literal, $mit:expr, $points:literal, $clients:literal, $budget:expr, $story:path, $about:literal) => {{
        fn run(cluster: lab_harness::cluster::Cluster<KvJudge>) -> Running {
            Box::pin($story(KvCluster::new(cluster)))
        }
        let name = stringify!($story).rsplit("::").next().expect("a path has a last part").trim();
        let body = Body::Directed { nodes: 1 + $clients, client_nodes: 0, settings: &[], time_budget: $budget, run };
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

/// A storm: its part, name, points, the file below `scenarios/kv/`, and what it is about.
macro_rules! storm {
    ($part:literal, $name:literal, $points:literal, $file:literal, $about:literal) => {
        Test::storm(
            $part,
            $name,
            $points,
            $about,
            $file,
            include_str!(concat!("../../../../scenarios/kv/", $file, ".toml")),
        )
    };
}

#[rustfmt::skip]
fn server_part() -> Vec<Test<KvJudge>> {
    vec![
        story!("server", Some("TestReliablePut"), 10, 1, TEST_BUDGET, puts::reliable_put, "what is put is found, and what cannot be put is refused"),
        story!("server", Some("TestPutConcurrentReliable"), 10, 10, TEST_BUDGET, puts::put_concurrent_reliable, "ten clients put one key at the same time"),
        story!("server", Some("TestMemPutManyClientsReliable"), 10, 1, CROWD_BUDGET, puts::many_clients, "100,000 clerks, of each of whom little is kept"),
        story!("server", Some("TestUnreliableNet"), 10, 1, TEST_BUDGET, puts::unreliable_net, "requests and replies are lost, and puts sent again"),
        story!("server", None, 5, 4, TEST_BUDGET, messages::duplicates_and_overtakers, "puts are sent again, and the first one comes late"),
        story!("server", None, 5, 4, TEST_BUDGET, messages::late_copies, "puts come again, long after they were answered"),
        story!("server", None, 10, 2, TEST_BUDGET, crashes::power_loss_at_the_answer, "power is lost at the moment at which a put was answered"),
        story!("server", None, 10, 4, TEST_BUDGET, crashes::crashes_under_load, "the server is killed or loses power, at any moment"),
        story!("server", None, 5, 4, TEST_BUDGET, crashes::torn_writes, "power is lost while long values are on their way to a slow disk"),
        story!("server", None, 5, 4, TEST_BUDGET, crashes::kill_and_then_power_loss, "what a killed server left unsynced is read, and then power is lost"),
        story!("server", None, 5, 5, TEST_BUDGET, messages::clients_come_and_go, "clients are cut off, stand still and die"),
        storm!("server", "crashes_and_losses", 10, "crashes-and-losses", "the server crashes while messages are lost"),
        storm!("server", "everything", 5, "everything", "every kind of fault there is, but for disks that lie"),
    ]
}

#[rustfmt::skip]
fn lock_part() -> Vec<Test<KvJudge>> {
    vec![
        story!("lock", Some("TestOneClientReliable"), 5, 1, TEST_BUDGET, turns::one_client_reliable, "one client takes a lock again and again"),
        story!("lock", Some("TestManyClientsReliable"), 10, 10, TEST_BUDGET, turns::many_clients_reliable, "ten clients take turns"),
        story!("lock", Some("TestOneClientUnreliable"), 10, 1, TEST_BUDGET, turns::one_client_unreliable, "one client, while messages are lost"),
        story!("lock", Some("TestManyClientsUnreliable"), 10, 10, TEST_BUDGET, turns::many_clients_unreliable, "ten clients, while messages are lost"),
        story!("lock", None, 10, 3, TEST_BUDGET, holders::holder_dies, "who holds the lock dies, or is cut off"),
        story!("lock", None, 10, 3, TEST_BUDGET, holders::holder_stands_still, "who holds the lock stands still for longer than its lease"),
        story!("lock", None, 10, 3, TEST_BUDGET, holders::clocks_drift, "the holder's clock is slow, and that of who waits is fast"),
        story!("lock", None, 10, 3, TEST_BUDGET, holders::late_answers, "the answers to who acquires the lock come late"),
        story!("lock", None, 10, 5, TEST_BUDGET, turns::a_turn_for_each, "five clients want the lock all the time, and each has its turn"),
        story!("lock", None, 5, 1, TEST_BUDGET, holders::answer_after_the_lease, "who acquires the lock hears of it when its lease would be over"),
        story!("lock", None, 5, 2, TEST_BUDGET, nested::locks_in_locks, "two clerks of each node take two locks, one inside the other"),
        storm!("lock", "locks", 5, "locks", "holders and servers come and go while clocks drift"),
    ]
}

#[cfg(test)]
mod tests;
