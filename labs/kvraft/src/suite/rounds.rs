//! MIT's `GenericTest` of Labs 4B and 4C: three rounds of clients at work. Its faults come between the rounds; here they come while
//! clients work, and MIT's then come too.

use super::bounds::{ALL_DOWN_FOR, LOG_LIMIT, ROUND, ROUNDS, STATE_BYTES};
use super::cluster::KvRaftCluster;
use super::load::{MANY_KEYS, PUTS_AND_GETS};
use crate::contract::Version;
use lab_harness::failed::TestResult;
use lab_harness::load::{Load, begin};
use lab_harness::operations::Writes;
use windtunnel::task::JoinHandle;
use windtunnel::time::sleep;
use windtunnel::{NodeId, spawn};

/// What happens in a test of rounds.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    load: Load,
    unreliable: bool,
    partitions: bool,
    crashes: bool,
    snapshots: bool,
}

impl Rounds {
    /// Clients of a few keys, and no fault.
    pub const CALM: Rounds =
        Rounds { load: PUTS_AND_GETS, unreliable: false, partitions: false, crashes: false, snapshots: false };

    /// With messages that are late and lost.
    #[must_use]
    pub const fn unreliable(self) -> Self {
        Rounds { unreliable: true, ..self }
    }

    /// With servers that are parted, now so and now so.
    #[must_use]
    pub const fn partitions(self) -> Self {
        Rounds { partitions: true, ..self }
    }

    /// With servers that crash: the leader, and any, and after each round all.
    #[must_use]
    pub const fn crashes(self) -> Self {
        Rounds { crashes: true, ..self }
    }

    /// With logs that must be cut.
    #[must_use]
    pub const fn snapshots(self) -> Self {
        Rounds { snapshots: true, ..self }
    }

    /// With a hundred keys.
    #[must_use]
    pub const fn many_keys(self) -> Self {
        Rounds { load: MANY_KEYS, ..self }
    }

    /// Runs the test.
    ///
    /// # Errors
    /// When something is not answered, or wrongly.
    pub async fn run(self, cluster: KvRaftCluster) -> TestResult {
        if self.unreliable {
            cluster.make_unreliable();
        }
        let clients = cluster.clients();
        cluster.leader().await?;
        for _ in 0..ROUNDS {
            let at_work = begin(&clients, self.load);
            let faults = Faults::begin(self, &cluster);
            cluster.sleep(ROUND).await;
            drop(at_work);
            faults.end(&cluster);
            cluster.all_answered().await?;
            self.look_at_disks(&cluster).await?; // a crash could mend what is wrong there
            if self.crashes {
                cluster.crash_all_for(ALL_DOWN_FOR).await;
            }
        }
        self.look_back(&cluster).await
    }

    /// What was written is there, and as often as it was written.
    async fn look_back(self, cluster: &KvRaftCluster) -> TestResult {
        for key in self.load.keys() {
            self.look_at(cluster, &key).await?;
        }
        self.look_at_disks(cluster).await
    }

    /// Logs are cut as they must be, or not at all.
    async fn look_at_disks(self, cluster: &KvRaftCluster) -> TestResult {
        if self.snapshots {
            return cluster.small_state(STATE_BYTES[1]).await;
        }
        if let Some((node, bytes)) = cluster.inner().judge().replicas().largest_snapshot() {
            let title = format!("{node} has taken a snapshot of {bytes} bytes, and was told to take none.");
            return Err(cluster.failed("needless-snapshot", title).on([node]));
        }
        Ok(())
    }

    /// A key has as many versions as writes of it were done, those that were perhaps done counted or not.
    async fn look_at(self, cluster: &KvRaftCluster, key: &str) -> TestResult {
        let version = cluster.clients()[0].get(key).await?.map_or(Version::NONE, |found| found.version);
        let Writes { done, maybe } = cluster.inner().judge().operations().writes_of(key);
        let is_calm = !(self.unreliable || self.partitions || self.crashes);
        if is_calm && maybe > 0 {
            let title = format!("Nothing is lost, nobody fails, and {maybe} puts of {key:?} are perhaps done.");
            return Err(cluster.failed("wrong-answer", title));
        }
        if (done..=done + maybe).contains(&version.0) {
            return Ok(());
        }
        let title = format!("Of {key:?} {done} writes were done and {maybe} perhaps, and it has version {version}.");
        Err(cluster.failed("wrong-version", title))
    }

    /// What nodes of such a test are told.
    pub const LIMIT: &'static [(&'static str, u64)] = &[("log_limit", LOG_LIMIT)];
}

/// Faults under way.
struct Faults(Vec<JoinHandle<()>>);

impl Faults {
    fn begin(rounds: Rounds, cluster: &KvRaftCluster) -> Self {
        let mut faults = Vec::new();
        if rounds.partitions {
            faults.push(spawn(part_servers(cluster.clone())));
        }
        if rounds.crashes {
            faults.push(spawn(crash_servers(cluster.clone())));
        }
        Faults(faults)
    }

    /// All that was broken is mended.
    fn end(self, cluster: &KvRaftCluster) {
        self.0.iter().for_each(JoinHandle::abort);
        cluster.mend();
        cluster.servers().iter().for_each(|server| cluster.inner().start(*server));
    }
}

/// Puts each server at random on one of two sides, again and again. (MIT: once a second, when clients have all but ended)
async fn part_servers(cluster: KvRaftCluster) {
    loop {
        let sides = cluster.servers().iter().map(|server| (*server, cluster.draw_below(2)));
        let (left, right): (Vec<_>, Vec<_>) = sides.partition(|(_, side)| *side == 0);
        let nodes = |side: Vec<(NodeId, u64)>| side.into_iter().map(|(node, _)| node).collect::<Vec<_>>();
        cluster.partition(&[&nodes(left), &nodes(right)]);
        sleep(cluster.draw(150, 600)).await;
    }
}

/// Crashes the leader or any server, one at a time.
async fn crash_servers(cluster: KvRaftCluster) {
    loop {
        sleep(cluster.draw(50, 500)).await;
        let known = cluster.inner().judge().raft().known().leader_among(|_| true);
        let victim = match known {
            Some(leader) if cluster.draw_below(2) == 0 => leader,
            _ => cluster.draw_one(cluster.servers()),
        };
        cluster.crash(victim);
        sleep(cluster.draw(1, 300)).await;
        cluster.inner().start(victim);
    }
}
