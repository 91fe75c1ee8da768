//! Commands: offering them, and waiting until so many servers agree.

use super::super::bounds::{AGREEMENT_WITHIN, APPLIED_WITHIN, ASK_AGAIN, BATCH_WITHIN};
use super::standings::{Standings, Taken};
use super::{RaftCluster, dishonest, same_role};
use crate::contract::{Digest, LogIndex, Proposed, Role};
use crate::control::{Reply, Request};
use crate::judge::{Head, Known, RaftJudge};
use lab_harness::failed::{Failed, TestResult};
use std::time::Duration;
use windtunnel::task::JoinHandle;
use windtunnel::time::{Instant, timeout_at};
use windtunnel::{NodeId, spawn};

/// A command that says a number.
pub fn command(number: u64) -> Vec<u8> {
    number.to_string().into_bytes()
}

impl RaftCluster {
    /// A command that no other of this run is, and none of another run.
    #[must_use]
    pub fn new_command(&self) -> Vec<u8> {
        command(self.random_word())
    }

    /// Offers a command to one server; nothing if it is not the leader, or does not answer.
    ///
    /// # Errors
    /// When its answer and its view contradict each other.
    pub async fn propose(&self, node: NodeId, command: &[u8]) -> TestResult<Option<Proposed>> {
        let before = self.head(node);
        let Ok(reply) = self.cluster.control(node, &Request::Propose(command.to_vec())).await else { return Ok(None) };
        let head = self.head(node).filter(|head| same_role(before, *head));
        match reply {
            Reply::Proposed(proposed) => {
                self.check_proposed(node, head, proposed, command)?;
                Ok(Some(proposed))
            }
            Reply::NotLeader(_) => match head.filter(|head| head.role == Role::Leader) {
                Some(head) => {
                    Err(dishonest(node, format!("answers propose() with NotLeader, and shows leader of {}", head.term)))
                }
                None => Ok(None),
            },
            other => Err(dishonest(node, format!("answers a command with {other:?}"))),
        }
    }

    /// Offers a command to those of `nodes` that show that they lead, and to one other of them, who must refuse it.
    /// (MIT: to all. The others would refuse too, and each question is an event.) All that took it: one that was cut
    /// off may still lead an old term.
    ///
    /// # Errors
    /// As [`propose`](Self::propose).
    pub async fn offer(&self, nodes: &[NodeId], command: &[u8]) -> TestResult<Vec<(NodeId, Proposed)>> {
        let leads = |node: &NodeId| self.cluster.judge().known().server(*node).leads().is_some();
        let (mut asked, others): (Vec<NodeId>, Vec<NodeId>) = nodes.iter().partition(|node| leads(node));
        let drawn = self.cluster.stream("offers").below(nodes.len().max(1) as u64) as usize;
        asked.extend(others.get(drawn % others.len().max(1)));
        let mut taken = Vec::new();
        for node in asked {
            taken.extend(self.propose(node, command).await?.map(|proposed| (node, proposed)));
        }
        Ok(taken)
    }

    /// What a leader says of a command must be what its view shows.
    fn check_proposed(&self, node: NodeId, head: Option<Head>, proposed: Proposed, command: &[u8]) -> TestResult {
        let Some(head) = head else { return Ok(()) };
        let Proposed { index, term } = proposed;
        if (head.role, head.term) != (Role::Leader, term) {
            let what = format!("took a command as leader of {term}, and shows {} of {}", head.role, head.term);
            return Err(dishonest(node, what));
        }
        let judge = self.cluster.judge();
        match judge.known().server(node).log.get(index) {
            Some(shown) if (shown.term, shown.digest) != (term, Digest::of(command)) => {
                Err(dishonest(node, format!("says its entry {index} is the command it took, and shows another")))
            }
            _ => Ok(()),
        }
    }

    /// Offers a command to a server that must take it.
    ///
    /// # Errors
    /// When it does not.
    pub async fn must_take(&self, leader: NodeId, command: &[u8]) -> TestResult<Proposed> {
        let refused = || self.failed("leader-refuses", format!("{leader} leads and does not take a command."));
        self.propose(leader, command).await?.ok_or_else(refused)
    }

    /// MIT's `one(…, false)`: the leader takes the command, and so many servers apply it at the index
    /// that it said.
    ///
    /// # Errors
    /// When there is no leader in time, it does not take it, or it is not applied in time.
    pub async fn agree(&self, command: impl AsRef<[u8]>, servers: usize) -> TestResult<LogIndex> {
        let command = command.as_ref();
        let leader = self.leader_within(AGREEMENT_WITHIN).await?.node;
        let at = self.cluster.now();
        let proposed = self.must_take(leader, command).await?;
        let taken = Taken { leader, proposed, digest: Digest::of(command), at };
        if self.applied_within(APPLIED_WITHIN, taken.proposed.index, command, |_| servers).await {
            return Ok(proposed.index);
        }
        Err(self.not_applied(proposed.index, Some(taken), servers, APPLIED_WITHIN))
    }

    /// MIT's `one(…, true)`: the same, and whatever a leader took and lost is offered again.
    ///
    /// # Errors
    /// When it is not applied in time.
    pub async fn agree_in_the_end(&self, command: impl AsRef<[u8]>, servers: usize) -> TestResult<LogIndex> {
        self.agree_with(command.as_ref(), |_| servers).await
    }

    /// The same on all servers that run, however many these are by then.
    ///
    /// # Errors
    /// When it is not applied in time.
    pub async fn agree_on_all_running(&self, command: impl AsRef<[u8]>) -> TestResult<LogIndex> {
        self.agree_with(command.as_ref(), Known::running).await
    }

    async fn agree_with(&self, command: &[u8], servers: impl Fn(&Known) -> usize) -> TestResult<LogIndex> {
        let deadline = Instant::now() + AGREEMENT_WITHIN;
        let mut last_taken = None;
        while Instant::now() < deadline {
            let leader = self.cluster.judge().known().leader_among(|node| self.is_connected(node));
            let at = self.cluster.now();
            let taken = match leader {
                Some(leader) => self.propose(leader, command).await?.map(|proposed| (leader, proposed)),
                None => None,
            };
            match taken {
                Some((leader, proposed)) => {
                    let index = proposed.index;
                    last_taken = Some(Taken { leader, proposed, digest: Digest::of(command), at });
                    let left = APPLIED_WITHIN.min(deadline - Instant::now());
                    if self.applied_within(left, index, command, &servers).await {
                        return Ok(index);
                    }
                }
                None => {
                    let _awaiting = self.cluster.awaiting("a leader that takes a command");
                    let again = deadline.min(Instant::now() + ASK_AGAIN);
                    let _ = timeout_at(again, self.cluster.tester().changed()).await;
                }
            }
        }
        self.ask_all().await?;
        let servers = servers(self.cluster.judge().known());
        Err(self.not_agreed(last_taken, servers))
    }

    /// Waits until so many servers have applied all these commands at these indices.
    ///
    /// # Errors
    /// When they have not in time.
    pub async fn applied_everywhere(&self, commands: &[(LogIndex, Vec<u8>)]) -> TestResult {
        let last = commands.iter().map(|(index, _)| *index).max().unwrap_or_default();
        self.applied_on_all(last, BATCH_WITHIN).await?;
        for (index, command) in commands {
            if self.value_at(*index) != Some(Digest::of(command)) {
                let title = format!("At index {index} another command was applied than the one that the leader took.");
                return Err(self.failed("wrong-value", title));
            }
        }
        Ok(())
    }

    /// The same in a task of its own.
    pub fn spawn_agreement(&self, command: Vec<u8>, servers: usize) -> JoinHandle<TestResult<LogIndex>> {
        let cluster = self.clone();
        spawn(async move { cluster.agree_in_the_end(command, servers).await })
    }

    /// Waits until all servers have applied `index`.
    ///
    /// # Errors
    /// When they have not in time.
    pub async fn applied_on_all(&self, index: LogIndex, patience: Duration) -> TestResult {
        let all = |judge: &RaftJudge| (judge.known().applied_count(index) == self.size()).then_some(());
        let what = format!("index {index} applied on all servers");
        self.cluster.until(what, patience, all, || self.not_applied(index, None, self.size(), patience)).await
    }

    /// Watches that nobody commits or applies anything at `index` or after it.
    ///
    /// # Errors
    /// As soon as somebody does.
    pub async fn nothing_commits_for(&self, span: Duration, index: LogIndex) -> TestResult {
        let what = format!("nobody commits entry {index}");
        let watched = self.cluster.never(what, span, |judge| {
            let known = judge.known();
            let committed = known.committed().get(index).map(|committed| ("committed", committed.shown_by));
            let applied = known.first_applied(index).map(|first| ("applied", first.node));
            let (what, node) = applied.or(committed)?;
            Some(self.failed("commit-without-quorum", format!("{node} {what} entry {index} without a quorum.")))
        });
        watched.await
    }

    /// That the logs of all servers that run hold what was seen applied, each in its place, unless a snapshot stands for
    /// it. One whose disk has failed may have stopped for good, before it heard of the rest.
    ///
    /// # Errors
    /// When one holds another entry there, or none.
    pub fn nothing_is_lost(&self, seen: &[(LogIndex, Digest)]) -> TestResult {
        let Some((node, index)) = first_lost(self.cluster.judge().known(), seen) else { return Ok(()) };
        let title = format!("A command was seen applied as entry {index}, and the log of {node} lacks it now.");
        Err(self.failed("lost-command", title).on([node]))
    }

    /// That nobody has applied anything at `index` yet.
    ///
    /// # Errors
    /// When somebody has.
    pub fn nothing_applied_at(&self, index: LogIndex) -> TestResult {
        match self.cluster.judge().known().first_applied(index) {
            Some(first) => {
                let title = format!("{} applied entry {index} before any command was proposed for it.", first.node);
                Err(self.failed("applied-out-of-nothing", title))
            }
            None => Ok(()),
        }
    }

    /// Waits until a command is applied at its index by so many; `false` if it is not, in time or
    /// because another one was.
    async fn applied_within(
        &self,
        patience: Duration,
        index: LogIndex,
        command: &[u8],
        servers: impl Fn(&Known) -> usize,
    ) -> bool {
        let digest = Digest::of(command);
        let look = |judge: &RaftJudge| match judge.known().first_applied(index) {
            Some(first) if first.digest != digest => Some(false),
            _ => (judge.known().applied_count(index) >= servers(judge.known())).then_some(true),
        };
        let otherwise = || self.failed("no-agreement", "");
        let what = format!("index {index} applied on {} servers", servers(self.cluster.judge().known()));
        self.cluster.until(what, patience, look, otherwise).await.unwrap_or(false)
    }

    /// What was applied at an index, if anything was.
    #[must_use]
    pub fn value_at(&self, index: LogIndex) -> Option<Digest> {
        self.cluster.judge().known().first_applied(index).map(|first| first.digest)
    }

    fn not_agreed(&self, taken: Option<Taken>, servers: usize) -> Failed {
        let seconds = AGREEMENT_WITHIN.as_secs();
        let taken_in_words = match taken {
            Some(Taken { leader, proposed: Proposed { index, term }, .. }) => {
                format!("{leader} took it last, as entry {index} of term {term}")
            }
            None => "no leader ever took it".to_owned(),
        };
        let title = format!("{servers} servers did not agree on a new command within {seconds} s; {taken_in_words}.");
        self.with_standings(self.failed("no-agreement", title), taken.map(|taken| taken.proposed.index), taken)
    }

    fn not_applied(&self, index: LogIndex, taken: Option<Taken>, servers: usize, patience: Duration) -> Failed {
        let count = self.cluster.judge().known().applied_count(index);
        let seconds = patience.as_secs();
        let leader = taken.map_or_else(|| "A leader".to_owned(), |taken| taken.leader.to_string());
        let title = format!(
            "{leader} took a command as entry {index}; {servers} servers should have applied it within {seconds} s, \
             {count} did."
        );
        self.with_standings(self.failed("no-agreement", title), Some(index), taken)
    }

    fn with_standings(&self, failed: Failed, index: Option<LogIndex>, taken: Option<Taken>) -> Failed {
        let judge = self.cluster.judge();
        let is_connected = |node| self.is_connected(node);
        Standings { known: judge.known(), is_connected: &is_connected, index, taken }.told_in(failed)
    }
}

/// A server whose log lacks what was seen applied, and where; no snapshot of its own stands for it.
fn first_lost(known: &Known, seen: &[(LogIndex, Digest)]) -> Option<(NodeId, LogIndex)> {
    known.servers().filter(|(_, server)| server.running).find_map(|(node, server)| {
        let lost = |(index, digest): &&(LogIndex, Digest)| {
            let is_there = server.log.get(*index).is_some_and(|entry| entry.digest == *digest);
            let is_in_snapshot = server.head.is_some_and(|head| head.snapshot_index >= *index);
            !is_there && !is_in_snapshot
        };
        seen.iter().find(lost).map(|(index, _)| (node, *index))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::Script;

    #[test]
    fn a_command_that_one_log_lacks_is_lost_and_one_in_a_snapshot_is_not() {
        let seen = [(LogIndex(1), Digest::of(b"a")), (LogIndex(3), Digest::of(b"c"))];
        let servers = |behind_snapshot: &[(u64, &str)]| {
            let mut script = Script::of(2);
            script.leader(1, 1, 3, &[(1, "a"), (1, "b"), (1, "c")]);
            script.follower_behind_snapshot(2, 1, 2, (2, 1), behind_snapshot);
            script
        };
        assert_eq!(first_lost(servers(&[]).judge().known(), &seen), Some((NodeId(2), LogIndex(3))));
        let mut script = servers(&[(1, "c")]);
        assert_eq!(first_lost(script.judge().known(), &seen), None);
        let others = [(LogIndex(3), Digest::of(b"x"))];
        assert_eq!(
            first_lost(script.judge().known(), &others),
            Some((NodeId(1), LogIndex(3))),
            "another command there"
        );
    }

    #[test]
    fn a_server_that_has_shown_nothing_has_nothing() {
        let seen = [(LogIndex(1), Digest::of(b"a"))];
        assert_eq!(first_lost(Script::of(1).judge().known(), &seen), Some((NodeId(1), LogIndex(1))));
        assert_eq!(first_lost(Script::of(1).judge().known(), &[]), None);
    }
}
