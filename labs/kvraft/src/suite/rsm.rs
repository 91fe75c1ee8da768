//! Part rsm, MIT's 4A: a counter of which each server has a replica.

use super::bounds::{
    ALL_DOWN_FOR, COMMAND_WITHIN, ENTRIES_BETWEEN_SNAPSHOTS, ENTRIES_FOR_EACH_SNAPSHOT, LOST_WITHIN, REPLICAS_WITHIN,
    STATE_BYTES, STOPPED_WITHIN, WATCHED_FOR,
};
use super::cluster::KvRaftCluster;
use crate::contract::NotServed;
use crate::control::{Reply, Request};
use crate::judge::KvRaftJudge;
use crate::observation::Count;
use lab_harness::at_work::AtWork;
use lab_harness::failed::{Failed, TestResult};
use lab_raft::Term;
use std::time::Duration;
use windtunnel::line::ControlFailure;
use windtunnel::task::JoinHandle;
use windtunnel::time::{Instant, sleep, timeout, timeout_at};
use windtunnel::{NodeId, spawn};

/// Commands of the longer stories. (MIT: 100)
const MANY: u64 = 100;

/// Who is not told of a leader looks again after. (MIT: it asks all servers in turn)
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// MIT `TestBasic4A`. Ten commands, and the i-th is answered i.
pub async fn basic(cluster: KvRaftCluster) -> TestResult {
    let count = cluster.count_on(0, 10).await?;
    cluster.replicas_at(count, 3).await
}

/// MIT `TestConcurrent4A`. Fifty commands at the same time.
pub async fn concurrent(cluster: KvRaftCluster) -> TestResult {
    const AT_ONCE: u64 = 50;
    let tasks: Vec<_> = (0..AT_ONCE).map(|_| cluster.spawn_increment()).collect();
    let mut perhaps = 0;
    for task in tasks {
        perhaps += task.await.expect("nobody aborts it")?.lost;
    }
    let count = cluster.all_replicas_equal().await?;
    if (AT_ONCE..=AT_ONCE + perhaps).contains(&count) {
        return Ok(());
    }
    let title = format!("{AT_ONCE} commands were done and {perhaps} perhaps, and all replicas count {count}.");
    Err(cluster.failed("wrong-answer", title))
}

/// MIT `TestLeaderFailure4A`. The leader is cut off, the others go on, and it catches up when it is back.
pub async fn leader_failure(cluster: KvRaftCluster) -> TestResult {
    cluster.count_on(0, 1).await?;
    let leader = cluster.leader().await?;
    let others = cluster.servers_but(&[leader]);
    cluster.partition(&[&others]);
    let count = cluster.increment_among(&others).await?.value;
    cluster.replicas_at(count, 2).await?;
    cluster.mend();
    let count = cluster.increment_among(&others).await?.value;
    cluster.replicas_at(count, 3).await
}

/// MIT `TestLeaderPartition4A`. A leader whom nobody hears takes a hundred commands: none of them is ever done, nobody is told that it is
/// lost while the server leads on, and all are told so soon after it is heard again.
pub async fn leader_partition(cluster: KvRaftCluster) -> TestResult {
    cluster.count_on(0, 1).await?;
    let leader = cluster.leader().await?;
    let others = cluster.servers_but(&[leader]);
    cluster.partition(&[&[leader], &others]);
    let term = cluster.leads(leader);
    let spoilers: Vec<_> = (0..MANY).map(|_| spawn(spoil(cluster.clone(), leader, term))).collect();
    cluster.sleep(Duration::from_millis(10)).await;
    let count = cluster.increment_among(&others).await?.value;
    cluster.sleep(WATCHED_FOR).await;
    cluster.replicas_at(count, 2).await?;
    cluster.mend();
    let deadline = Instant::now() + LOST_WITHIN;
    for spoiler in spoilers {
        match timeout_at(deadline, spoiler).await {
            Ok(told) => told.expect("nobody aborts it")?,
            Err(_) => {
                let title = format!("{leader} was offered a command while nobody heard it");
                return Err(hangs(&cluster, leader, &title, LOST_WITHIN));
            }
        }
    }
    cluster.replicas_at(count, 3).await
}

/// Offers a command to the leader of that term whom nobody hears.
async fn spoil(cluster: KvRaftCluster, leader: NodeId, term: Option<Term>) -> TestResult {
    let told = cluster.submit(leader, Count::Spoil).await?;
    match told {
        Reply::Counter(Err(_)) if term.is_some() && cluster.leads(leader) == term => {
            let title = format!("{leader} still leads, and of a command that may yet be done it says {told:?}.");
            Err(cluster.failed("given-up-too-soon", title).on([leader]))
        }
        Reply::Counter(Err(_)) => Ok(()),
        other => {
            let title = format!("Nobody heard {leader}, and of a command that it took it says {other:?}.");
            Err(cluster.failed("wrong-answer", title).on([leader]))
        }
    }
}

fn hangs(cluster: &KvRaftCluster, server: NodeId, what: &str, patience: Duration) -> Failed {
    let title = format!("{what}; {} s after that it has not said what became of it.", patience.as_secs());
    cluster.failed("submit-hangs", title).on([server])
}

/// MIT `TestRestartReplay4A`. All servers stop and start again, and have done what they had done.
pub async fn restart_replay(cluster: KvRaftCluster) -> TestResult {
    let count = cluster.count_on(0, MANY).await?;
    cluster.crash_all_for(ALL_DOWN_FOR).await;
    let count = cluster.count_on(count, 1).await?;
    cluster.replicas_at(count, 3).await
}

/// MIT `TestShutdown4A`. All servers stop while a hundred commands are on their way.
pub async fn shutdown(cluster: KvRaftCluster) -> TestResult {
    cluster.count_on(0, 1).await?;
    stop_under_load(&cluster).await
}

/// MIT `TestRestartSubmit4A`. All servers stop while nothing happens, and again while a hundred commands are on their way.
pub async fn restart_submit(cluster: KvRaftCluster) -> TestResult {
    let count = cluster.count_on(0, MANY).await?;
    cluster.crash_all_for(ALL_DOWN_FOR).await;
    cluster.count_on(count, 1).await?;
    stop_under_load(&cluster).await
}

/// A hundred commands are offered to the leader, and 20 ms later all servers crash. Before that the same with commands that do nothing, and
/// all but the leader crash, so that there is somebody left who has to tell what became of them. What was done is for the judge to see.
async fn stop_under_load(cluster: &KvRaftCluster) -> TestResult {
    for (leader_stays, count) in [(true, Count::Nothing), (false, Count::Increment)] {
        let leader = cluster.leader().await?;
        let submitted: Vec<_> = (0..MANY).map(|_| spawn(submit(cluster.clone(), leader, count))).collect();
        cluster.sleep(Duration::from_millis(20)).await;
        let deadline = Instant::now() + ALL_DOWN_FOR + STOPPED_WITHIN;
        let stop = if leader_stays { cluster.servers_but(&[leader]) } else { cluster.servers().to_vec() };
        cluster.crash_these_for(&stop, ALL_DOWN_FOR).await;
        for submit in submitted {
            match timeout_at(deadline, submit).await {
                Ok(told) => expect_told(cluster, leader, leader_stays, &told.expect("nobody aborts it"))?,
                Err(_) => {
                    let title = format!("{leader} was offered a command, and then the others stopped and came again");
                    return Err(hangs(cluster, leader, &title, STOPPED_WITHIN));
                }
            }
        }
        cluster.increment_among(cluster.servers()).await?;
        cluster.all_replicas_equal().await?;
    }
    Ok(())
}

async fn submit(cluster: KvRaftCluster, server: NodeId, count: Count) -> Result<Reply, ControlFailure> {
    cluster.inner().control(server, &Request::Submit(count)).await
}

/// Who lives on says what became of a command. Who does not may have said so before, and what nobody was told died with it.
fn expect_told(
    cluster: &KvRaftCluster,
    server: NodeId,
    lives_on: bool,
    told: &Result<Reply, ControlFailure>,
) -> TestResult {
    match told {
        Ok(Reply::Counter(_)) => Ok(()),
        Err(ControlFailure::Died) if !lives_on => Ok(()),
        Ok(other) => Err(cluster.odd(server, other)),
        Err(failure) => {
            let title = format!("{server} was offered a command, and has no answer: {failure:?}.");
            Err(cluster.failed("no-answer", title).on([server]))
        }
    }
}

/// MIT `TestSnapshot4C`. Replicas that take snapshots keep their logs short, and begin from them.
pub async fn snapshot(cluster: KvRaftCluster) -> TestResult {
    let count = cluster.count_on(0, MANY).await?;
    cluster.small_state(STATE_BYTES[0]).await?;
    snapshots_when_due(&cluster)?;
    cluster.crash_all_for(ALL_DOWN_FOR).await;
    let count = cluster.count_on(count, 1).await?;
    cluster.replicas_at(count, 3).await?;
    cluster.small_state(STATE_BYTES[0]).await
}

/// A disk may be small all the same where entries are: so it is also counted how many there were from one snapshot to the next, and behind
/// the last. Nor is one taken at every entry: each is the whole state.
fn snapshots_when_due(cluster: &KvRaftCluster) -> TestResult {
    let judge = cluster.inner().judge();
    let replicas = judge.replicas();
    let applied = |node: NodeId| judge.raft().known().server(node).applied;
    let behind_the_last =
        cluster.servers().iter().map(|node| (replicas.entries_since_snapshot(*node, applied(*node)), *node));
    let most = behind_the_last.chain(replicas.most_entries_between_snapshots()).max();
    if let Some((entries, node)) = most.filter(|(entries, _)| *entries > ENTRIES_BETWEEN_SNAPSHOTS) {
        let title =
            format!("{node} applied {entries} entries without a snapshot; {ENTRIES_BETWEEN_SNAPSHOTS} would do.");
        return Err(cluster.failed("late-snapshot", title).on([node]));
    }
    for node in cluster.servers() {
        let (taken, entries) = (replicas.taken(*node), applied(*node).0);
        if taken * ENTRIES_FOR_EACH_SNAPSHOT > entries {
            let title = format!("{node} applied {entries} entries, and took {taken} snapshots of them.");
            return Err(cluster.failed("needless-snapshots", title).on([*node]));
        }
    }
    Ok(())
}

/// Commands and reads while leaders crash, one after the other: each command is done once, if at all, and no read is stale.
pub async fn leaders_crash(cluster: KvRaftCluster) -> TestResult {
    const CRASHES: u32 = 8;
    let at_work = begin(&cluster, 4);
    for _ in 0..CRASHES {
        cluster.sleep(cluster.draw(300, 900)).await;
        let leader = cluster.leader().await?;
        cluster.crash_for(leader, cluster.draw(0, 400)).await;
    }
    drop(at_work);
    cluster.all_answered().await?;
    cluster.increment_among(cluster.servers()).await?;
    cluster.all_replicas_equal().await.map(drop)
}

/// Leaders are cut off from the others and asked all the same, by those who do not know.
pub async fn deposed_leaders(cluster: KvRaftCluster) -> TestResult {
    const TIMES: u32 = 6;
    let at_work = begin(&cluster, 4);
    for _ in 0..TIMES {
        let leader = cluster.leader().await?;
        let others = cluster.servers_but(&[leader]);
        cluster.partition(&[&[leader], &others]);
        cluster.leader_among(&others).await?;
        cluster.sleep(cluster.draw(0, 800)).await;
        cluster.mend();
        cluster.sleep(cluster.draw(0, 300)).await;
    }
    drop(at_work);
    cluster.all_answered().await?;
    cluster.increment_among(cluster.servers()).await?;
    cluster.all_replicas_equal().await.map(drop)
}

/// Sets so many to work, who submit and read: each asks whichever server it likes, and stays with one that answers.
pub(super) fn begin(cluster: &KvRaftCluster, workers: u64) -> AtWork {
    AtWork::begin((0..workers).map(|_| submit_and_read(cluster.clone())))
}

async fn submit_and_read(cluster: KvRaftCluster) {
    let mut server = cluster.draw_one(cluster.servers());
    loop {
        sleep(cluster.draw(0, 40)).await;
        let request = if cluster.draw_below(3) == 0 { Request::Read } else { Request::Submit(Count::Increment) };
        let told = timeout(COMMAND_WITHIN, cluster.inner().control::<Reply>(server, &request)).await;
        match told {
            Ok(Ok(Reply::Counter(Ok(_)))) => {}
            Ok(Ok(Reply::Counter(Err(NotServed::NotLeader { hint: Some(hint) })))) if hint != server => server = hint,
            _ => server = cluster.draw_one(cluster.servers()),
        }
    }
}

/// What one more command was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Increment {
    /// How high the counter was then.
    value: u64,
    /// How many times it was offered before and lost: each of them may have counted too.
    lost: u64,
}

impl KvRaftCluster {
    /// So many more than were counted before, one after the other, for a test in which nobody else counts: how high that is. What was
    /// lost on the way may have counted too.
    async fn count_on(&self, before: u64, more: u64) -> TestResult<u64> {
        let mut count = before;
        for _ in 0..more {
            let Increment { value, lost } = self.increment_among(self.servers()).await?;
            if !(count + 1..=count + 1 + lost).contains(&value) {
                let title =
                    format!("The counter was at {count}, one command and {lost} lost ones came, and it is at {value}.");
                return Err(self.failed("wrong-answer", title));
            }
            count = value;
        }
        Ok(count)
    }

    /// Has one of these servers do one more, whoever leads.
    pub(super) async fn increment_among(&self, servers: &[NodeId]) -> TestResult<Increment> {
        let deadline = Instant::now() + COMMAND_WITHIN;
        let mut lost = 0;
        loop {
            let leader = self.leader_among(servers).await?;
            match self.submit(leader, Count::Increment).await? {
                Reply::Counter(Ok(value)) => return Ok(Increment { value, lost }),
                Reply::Counter(Err(NotServed::Lost)) => lost += 1,
                _ => {}
            }
            if Instant::now() >= deadline {
                let title = format!("For {} s no server has done a command.", COMMAND_WITHIN.as_secs());
                return Err(self.failed("no-answer", title).on(servers.iter().copied()));
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn submit(&self, server: NodeId, count: Count) -> TestResult<Reply> {
        self.inner().ask(server, &Request::Submit(count), COMMAND_WITHIN, "a submit").await
    }

    fn spawn_increment(&self) -> JoinHandle<TestResult<Increment>> {
        let cluster = self.clone();
        spawn(async move { cluster.increment_among(cluster.servers()).await })
    }

    /// The term that a server leads, as it shows.
    fn leads(&self, server: NodeId) -> Option<Term> {
        self.inner().judge().raft().known().server(server).leads()
    }

    /// Waits until so many replicas count that.
    async fn replicas_at(&self, value: u64, servers: usize) -> TestResult {
        let look = |judge: &KvRaftJudge| (judge.replicas().at(value) >= servers).then_some(());
        let what = format!("{servers} replicas to count {value}");
        let otherwise = || {
            self.replicas_failed(format!(
                "{servers} replicas do not count {value} after {} s",
                REPLICAS_WITHIN.as_secs()
            ))
        };
        self.inner().until(what, REPLICAS_WITHIN, look, otherwise).await
    }

    /// Waits until all replicas count the same.
    pub(super) async fn all_replicas_equal(&self) -> TestResult<u64> {
        let servers = self.servers().to_vec();
        let look = |judge: &KvRaftJudge| {
            let first = judge.replicas().counter(servers[0])?;
            (judge.replicas().at(first) == servers.len()).then_some(first)
        };
        let otherwise = || self.replicas_failed(format!("The replicas differ after {} s", REPLICAS_WITHIN.as_secs()));
        self.inner().until("all replicas to be equal", REPLICAS_WITHIN, look, otherwise).await
    }

    fn replicas_failed(&self, title: String) -> Failed {
        let judge = self.inner().judge();
        let counts = self.servers().iter().map(|server| match judge.replicas().counter(*server) {
            Some(value) => format!("{server} counts {value}"),
            None => format!("{server} counts nothing"),
        });
        let counts: Vec<String> = counts.collect();
        self.failed("replicas-differ", format!("{title}: {}.", counts.join(", "))).on(self.servers().iter().copied())
    }
}
