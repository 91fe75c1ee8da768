//! The suite: all tests of the lab, part by part.
//!
//! - `election`, `agreement`, `failures` (3A, 3B), `persistence`, `figure_8`, `churn` (3C), `snapshots` (3D): MIT's
//!   tests, as stories;
//! - `situations`, `late_reply`, `double_vote`, `far_apart`, `halves`, `disk_situations`, `snapshot_situations`, `reads`: what the paper warns of,
//!   brought about on purpose;
//! - `storms`: clients and recovery of the storms, whose weather is in `scenarios/raft/`;
//! - `load`: clients in flight, who count what they do; `grounded`: which stories do not fly, and why;
//! - [`RaftCluster`]: how stories wait, count and complain;
//! - [`bounds`]: all bounds, MIT's beside them.
//!
//! docs/MIT.md says how each of MIT's tests is covered, and where this suite asks for more.

mod agreement;
pub mod bounds;
mod churn;
mod cluster;
mod disk_situations;
mod double_vote;
mod election;
mod failures;
mod far_apart;
mod figure_8;
mod grounded;
mod halves;
mod late_reply;
mod load;
mod persistence;
mod reads;
mod situations;
mod snapshot_situations;
mod snapshots;
mod storms;

pub use cluster::{Leader, RaftCluster};

use crate::judge::RaftJudge;
use crate::observation;
use bounds::TEST_BUDGET;
use lab_harness::suite::{Body, Lab, Part, Running, Test};

/// The Raft lab.
#[must_use]
pub fn lab() -> Lab<RaftJudge> {
    let part = |name, alias| Part { name, alias };
    let parts = vec![part("election", "3A"), part("log", "3B"), part("persistence", "3C"), part("snapshot", "3D")];
    let tests = [election_part(), log_part(), persistence_part(), snapshot_part()].into_iter().flatten().collect();
    Lab {
        name: "raft",
        parts,
        tests,
        observations: observation::KINDS,
        settings: &[],
        client_nodes: false,
        ruled_out: &[],
        storm: storms::storm(),
        flight: Some(load::flight()),
    }
}

/// A test of MIT's: its part, name, points, servers, what it is about, and the story.
macro_rules! directed {
    ($part:literal, $mit:literal, $points:literal, $nodes:literal, $story:path, $about:literal) => {
        situation!($part, Some($mit), $points, $nodes, $story, $about)
    };
}

/// A story that MIT may not have: the same, with its name there or `None`.
macro_rules! situation {
    ($part:literal, $mit:expr, $points:literal, $nodes:literal, $story:path, $about:literal) => {{
        fn run(cluster: lab_harness::cluster::Cluster<RaftJudge>) -> Running {
            Box::pin($story(RaftCluster::new(cluster)))
        }
        let name = stringify!($story).rsplit("::").next().expect("a path has a last part").trim();
        let body = Body::Directed { nodes: $nodes, client_nodes: 0, settings: &[], time_budget: TEST_BUDGET, run };
        Test {
            name,
            mit: $mit,
            part: $part,
            points: $points,
            about: $about,
            grounded: lab_harness::grounded::reason(grounded::GROUNDED, name),
            body,
        }
    }};
}

/// A storm: its part, name, points, the file below `scenarios/raft/`, and what it is about.
macro_rules! storm {
    ($part:literal, $name:literal, $points:literal, $file:literal, $about:literal) => {
        Test::storm(
            $part,
            $name,
            $points,
            $about,
            $file,
            include_str!(concat!("../../../../scenarios/raft/", $file, ".toml")),
        )
    };
}

#[rustfmt::skip]
fn election_part() -> Vec<Test<RaftJudge>> {
    vec![
        directed!("election", "TestInitialElection3A", 20, 3, election::initial_election, "a leader is elected, and stays while nothing fails"),
        directed!("election", "TestReElection3A", 25, 3, election::re_election, "a new leader when one is cut off, none without a quorum"),
        directed!("election", "TestManyElections3A", 25, 7, election::many_elections, "a leader whichever three of seven are cut off"),
        storm!("election", "one_way_elections", 10, "elections-one-way", "elections while links carry messages one way only"),
        storm!("election", "paused_elections", 10, "elections-pauses", "elections among servers that stand still and wake up"),
        storm!("election", "late_elections", 10, "elections-late", "elections among late, doubled and lost messages"),
    ]
}

#[rustfmt::skip]
fn log_part() -> Vec<Test<RaftJudge>> {
    vec![
        directed!("log", "TestBasicAgree3B", 8, 3, agreement::basic_agreement, "three commands get indices 1, 2 and 3"),
        directed!("log", "TestRPCBytes3B", 8, 3, agreement::rpc_bytes, "each command goes to each follower once"),
        directed!("log", "TestFollowerFailure3B", 8, 3, failures::follower_failure, "followers fail one after the other"),
        directed!("log", "TestLeaderFailure3B", 8, 3, failures::leader_failure, "leaders fail one after the other"),
        directed!("log", "TestFailAgree3B", 8, 3, failures::fail_agreement, "a follower is away, comes back and catches up"),
        directed!("log", "TestFailNoAgree3B", 8, 5, failures::fail_no_agreement, "no agreement while three of five are away"),
        directed!("log", "TestConcurrentStarts3B", 8, 3, agreement::concurrent_starts, "five commands proposed at once"),
        directed!("log", "TestRejoin3B", 8, 3, failures::rejoin, "a leader comes back with entries that never committed"),
        directed!("log", "TestBackup3B", 8, 5, failures::backup, "logs that differ over many entries are made one fast"),
        directed!("log", "TestCount3B", 7, 3, agreement::count, "no more calls than needed"),
        situation!("log", None, 2, 3, situations::late_append, "a message comes late, when more was acknowledged since"),
        situation!("log", None, 1, 5, late_reply::late_reply, "a reply reaches its caller in a later term of its"),
        situation!("log", None, 1, 3, situations::fast_back_up, "logs that differ are compared term by term, not entry by entry"),
        situation!("log", None, 1, 11, situations::deaf_candidates, "servers whom nobody can elect ask for votes on and on"),
        situation!("log", None, 1, 3, far_apart::far_apart, "each message takes longer than a heartbeat, and none is lost"),
        situation!("log", None, 1, 3, reads::stale_reads, "leaders who do not know what is committed are asked for a read barrier"),
        situation!("log", None, 1, 3, reads::late_confirmations, "a leader that was deposed is asked to read when answers from before come in"),
        situation!("log", None, 1, 4, halves::halves, "four servers, cut in halves"),
        storm!("log", "asymmetric", 2, "asymmetric", "links that carry messages one way only"),
        storm!("log", "bridge", 2, "bridge", "majorities that overlap and do not see each other"),
        storm!("log", "duplication_and_reordering", 2, "duplication-and-reordering", "old messages meet new terms"),
        storm!("log", "pauses", 2, "pauses", "servers stand still for longer than an election takes"),
        storm!("log", "clocks", 2, "clocks", "clocks are off, drift and jump"),
        storm!("log", "slow_links", 2, "slow-links", "links are slow, narrow and lossy"),
    ]
}

#[rustfmt::skip]
fn persistence_part() -> Vec<Test<RaftJudge>> {
    vec![
        directed!("persistence", "TestPersist13C", 5, 3, persistence::persist_1, "all crash, the leader does, a follower does"),
        directed!("persistence", "TestPersist23C", 5, 5, persistence::persist_2, "the majority changes from crash to crash"),
        directed!("persistence", "TestPersist33C", 5, 3, persistence::persist_3, "a crash and a partition at the same time"),
        directed!("persistence", "TestFigure83C", 5, 5, figure_8::figure_8, "leaders crash soon after they took a command"),
        directed!("persistence", "TestUnreliableAgree3C", 5, 5, persistence::unreliable_agreement, "agreement while a tenth of all messages is lost"),
        directed!("persistence", "TestFigure8Unreliable3C", 5, 5, figure_8::figure_8_unreliable, "leaders are cut off soon after they took a command"),
        directed!("persistence", "TestReliableChurn3C", 5, 5, churn::reliable_churn, "clients at work while servers come and go"),
        directed!("persistence", "TestUnreliableChurn3C", 5, 5, churn::unreliable_churn, "the same while a tenth of all messages is lost"),
        situation!("persistence", None, 6, 5, situations::figure_8_schedule, "the schedule of figure 8, step by step, with both of its ends"),
        situation!("persistence", None, 5, 3, double_vote::double_vote, "a voter crashes and is asked again in the same term"),
        situation!("persistence", None, 5, 5, disk_situations::unsynced_votes, "slow disks lose power just when somebody is elected"),
        situation!("persistence", None, 5, 3, situations::unsynced_append, "all lose power just when a command is committed"),
        situation!("persistence", None, 5, 5, disk_situations::unsynced_copies, "slow disks lose power just when a command is committed"),
        situation!("persistence", None, 3, 5, disk_situations::kill_and_then_power_loss, "servers are killed in an fsync, answer when they are back, and lose power"),
        situation!("persistence", None, 5, 5, disk_situations::unsound_disks, "fsyncs fail, a disk fails at a start, and one rots"),
        storm!("persistence", "power_losses", 7, "power-losses", "hosts lose power, one, several and most at once"),
        storm!("persistence", "three_without_power", 7, "three-without-power", "three servers, so that each vote and each copy counts"),
        storm!("persistence", "failing_disks", 6, "failing-disks", "fewer than half of the disks are full, fail and rot"),
        storm!("persistence", "everything", 6, "everything", "every kind of fault there is"),
    ]
}

#[rustfmt::skip]
fn snapshot_part() -> Vec<Test<RaftJudge>> {
    vec![
        directed!("snapshot", "TestSnapshotBasic3D", 8, 3, snapshots::snapshot_basic, "logs stay short behind snapshots"),
        directed!("snapshot", "TestSnapshotInstall3D", 8, 3, snapshots::snapshot_install, "who was cut off gets a snapshot"),
        directed!("snapshot", "TestSnapshotInstallUnreliable3D", 8, 3, snapshots::snapshot_install_unreliable, "the same while messages are lost"),
        directed!("snapshot", "TestSnapshotInstallCrash3D", 8, 3, snapshots::snapshot_install_crash, "who crashed gets a snapshot"),
        directed!("snapshot", "TestSnapshotInstallUnCrash3D", 8, 3, snapshots::snapshot_install_unreliable_crash, "the same while messages are lost"),
        directed!("snapshot", "TestSnapshotAllCrash3D", 8, 3, snapshots::snapshot_all_crash, "all crash with snapshots at different places"),
        directed!("snapshot", "TestSnapshotInit3D", 8, 3, snapshots::snapshot_init, "the first write after a crash keeps the snapshot"),
        situation!("snapshot", None, 5, 3, snapshot_situations::stale_snapshot, "snapshots come late and twice"),
        situation!("snapshot", None, 5, 3, snapshot_situations::power_loss_around_snapshots, "power is lost while a snapshot is written"),
        situation!("snapshot", None, 3, 3, snapshot_situations::unsynced_snapshot, "power is lost before a snapshot that was sent is on the disk"),
        situation!("snapshot", None, 5, 3, snapshot_situations::large_snapshot, "a large snapshot is under way when its sender or receiver crashes"),
        situation!("snapshot", None, 3, 3, far_apart::snapshot_from_afar, "who was away gets a large snapshot from afar"),
        situation!("snapshot", None, 3, 5, disk_situations::rotten_snapshots, "disks rot that hold snapshots"),
        storm!("snapshot", "snapshots", 10, "snapshots", "logs that begin behind snapshots, and servers that were away"),
        storm!("snapshot", "large_snapshots", 10, "large-snapshots", "large snapshots on slow links"),
    ]
}

#[cfg(test)]
mod tests;
