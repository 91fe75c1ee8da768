//! Clients in flight: each proposes a command to whoever leads, and waits until it sees it applied there.
//!
//! That a leader took a command is no answer yet; that it has applied it is one, and from then on the command must never
//! be lost. A leader that dies or is deposed meanwhile answers nothing: its clients do not know, and go on.

use super::bounds::{ASK_AGAIN, CLIENT_PATIENCE};
use super::cluster::{RaftCluster, SnapshotPlan, Taken, take_snapshots};
use super::storms::command_of;
use crate::contract::{Digest, LogIndex, Proposed};
use crate::control::{Reply, Request};
use crate::judge::{Known, RaftJudge};
use lab_harness::at_work::AtWork;
use lab_harness::cluster::Cluster;
use lab_harness::meter::Meter;
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Clients, Flight};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use windtunnel::line::ControlFailure;
use windtunnel::sync::oneshot;
use windtunnel::time::{Instant, sleep, timeout, timeout_at};
use windtunnel::{Nanos, NodeId};

/// Clients of flights, and the rules of this suite that are bounds of time.
pub(super) fn flight() -> Flight<RaftJudge> {
    let bounds = &[
        "leader-change",
        "leader-refuses",
        "no-agreement",
        "no-leader",
        "not-caught-up",
        "not-replicated",
        "unstable-after-storm",
    ];
    Flight {
        load,
        reads: false,
        client_nodes: 0,
        settings: &[],
        bounds,
        whole_history: &["snapshot-contents", "snapshot-rule"],
    }
}

fn load(cluster: Cluster<RaftJudge>, load: DrawnLoad, meter: Meter) -> Clients {
    cluster.judge().set_clients(load.clients);
    let desk = Rc::new(Desk::default());
    let answering = AtWork::begin([desk.clone().answer_on_and_on(cluster.clone())]);
    let client = |number| {
        let (cluster, load, meter, desk) = (cluster.clone(), load.clone(), meter.clone(), desk.clone());
        Client { number, cluster, load, meter, desk }.propose_on_and_on()
    };
    let proposing = AtWork::begin((1..=load.clients).map(client));
    let bytes = usize::try_from(load.snapshot_bytes).expect("snapshots fit the memory");
    let plan = SnapshotPlan { every: load.snapshot_every, bytes };
    let snapshots = (plan.every > 0).then(|| take_snapshots(cluster.clone(), plan));
    let at_work = Box::pin(async move {
        let _end_with_the_load = (answering, proposing, snapshots);
        std::future::pending().await
    });
    let nothing_lost = Box::pin(async move { RaftCluster::new(cluster).nothing_is_lost(&desk.answered.borrow()) });
    Clients { at_work, nothing_lost }
}

impl Taken {
    /// Whether the leader has applied it, or never will, as that leader; nothing if that is still open.
    fn outcome(&self, known: &Known) -> Option<bool> {
        let Proposed { index, term } = self.proposed;
        let server = known.server(self.leader);
        if server.running && server.applied >= index {
            let first = known.first_applied(index);
            return Some(first.is_some_and(|first| (first.term, first.digest) == (term, self.digest)));
        }
        (server.leads() != Some(term)).then_some(false)
    }
}

/// A proposal, and whom to tell whether it was the one applied there.
type Waiting = (Taken, oneshot::Sender<bool>);

/// Where clients wait for their answers, so that what happens wakes one task and not all of them.
#[derive(Default)]
struct Desk {
    waiting: RefCell<BTreeMap<(NodeId, LogIndex), Vec<Waiting>>>,
    /// What was answered, and must not be lost.
    answered: RefCell<Vec<(LogIndex, Digest)>>,
}

impl Desk {
    /// Whether the command is applied where it was taken, within a client's patience.
    async fn applied(&self, known: impl Fn(&Taken) -> Option<bool>, taken: Taken) -> bool {
        let applied = match known(&taken) {
            Some(applied) => applied,
            None => {
                let (sender, receiver) = oneshot::channel();
                let place = (taken.leader, taken.proposed.index);
                self.waiting.borrow_mut().entry(place).or_default().push((taken, sender));
                matches!(timeout(CLIENT_PATIENCE, receiver).await, Ok(Ok(true)))
            }
        };
        if applied {
            self.answered.borrow_mut().push((taken.proposed.index, taken.digest));
        }
        applied
    }

    async fn answer_on_and_on(self: Rc<Self>, cluster: Cluster<RaftJudge>) {
        loop {
            self.answer(cluster.judge().known());
            cluster.tester().changed().await;
        }
    }

    /// Tells those who wait what has become of their commands.
    fn answer(&self, known: &Known) {
        for node in known.servers().map(|(node, _)| node) {
            // Entries are applied in order: behind the first that is open, all are.
            while let Some((place, outcome)) = self.first_of(node, known) {
                for (taken, sender) in self.waiting.borrow_mut().remove(&place).into_iter().flatten() {
                    // Whoever has lost patience hears nothing.
                    let _ = sender.send(taken.outcome(known).unwrap_or(outcome));
                }
            }
        }
    }

    /// Where the first command stands that a server took, if it is known what becomes of it.
    fn first_of(&self, node: NodeId, known: &Known) -> Option<((NodeId, LogIndex), bool)> {
        let waiting = self.waiting.borrow();
        let (place, entries) = waiting.range((node, LogIndex::ZERO)..).next().filter(|(place, _)| place.0 == node)?;
        Some((*place, entries.first().map_or(Some(false), |(taken, _)| taken.outcome(known))?))
    }
}

/// One of them.
struct Client {
    number: u64,
    cluster: Cluster<RaftJudge>,
    load: DrawnLoad,
    meter: Meter,
    desk: Rc<Desk>,
}

impl Client {
    async fn propose_on_and_on(self) {
        for number in 1_u64.. {
            let pause = self.load.propose_every.0;
            if pause > Nanos::ZERO {
                sleep(pause.to_duration()).await;
            }
            let command = command_of(self.number, number, self.load.command_bytes);
            while !self.propose(&command).await {
                let again = Instant::now() + ASK_AGAIN;
                let _ = timeout_at(again, self.cluster.tester().changed()).await;
            }
        }
    }

    /// Offers a command to whoever leads; `false` if nobody takes it, and it has not happened.
    async fn propose(&self, command: &[u8]) -> bool {
        let leader = self.cluster.judge().known().leader_among(|_| true);
        let Some(leader) = leader else { return false };
        let (operation, at) = (self.meter.begin(), self.cluster.now());
        let request = Request::Propose(command.to_vec());
        let reply = timeout(CLIENT_PATIENCE, self.cluster.control::<Reply>(leader, &request)).await;
        match reply {
            Ok(Ok(Reply::Proposed(proposed))) => {
                let taken = Taken { leader, proposed, digest: Digest::of(command), at };
                let look = |taken: &Taken| taken.outcome(self.cluster.judge().known());
                if self.desk.applied(look, taken).await {
                    operation.answered();
                }
                true
            }
            Ok(Ok(_) | Err(ControlFailure::Down | ControlFailure::NoHandler)) => {
                operation.refused();
                false
            }
            // It died before it answered, or does not answer: it may have taken the command.
            Ok(Err(ControlFailure::Died)) | Err(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Term;
    use crate::invariants::Script;

    fn taken(leader: u32, index: u64, command: &str) -> Taken {
        let proposed = Proposed { index: LogIndex(index), term: Term(4) };
        Taken { leader: NodeId(leader), proposed, digest: Digest::of(command.as_bytes()), at: Nanos::ZERO }
    }

    /// A leader of term 4 with two entries, of which it has applied one.
    fn leader() -> Script {
        let mut script = Script::of(3);
        script.leader(1, 4, 1, &[(4, "a"), (4, "b")]);
        script.applies(1, 1, 4, "a");
        script
    }

    #[test]
    fn a_command_is_answered_when_the_leader_that_took_it_has_applied_it() {
        let mut script = leader();
        let known = script.judge().known();
        assert_eq!(taken(1, 1, "a").outcome(known), Some(true));
        assert_eq!(taken(1, 2, "b").outcome(known), None, "committed or not, its client cannot know");
        assert_eq!(taken(1, 1, "x").outcome(known), Some(false), "another command was applied there");
    }

    #[test]
    fn nobody_knows_of_a_command_whose_leader_dies_or_leads_another_term() {
        let open = taken(1, 2, "b");
        let mut dead = leader();
        dead.dies(1);
        assert_eq!(open.outcome(dead.judge().known()), Some(false));
        let mut deposed = leader();
        deposed.follower(1, 5, 1, &[(4, "a"), (4, "b")]);
        assert_eq!(open.outcome(deposed.judge().known()), Some(false));
    }

    #[test]
    fn clients_hear_in_the_order_of_their_entries_and_those_that_are_open_wait() {
        let desk = Desk::default();
        let mut answers = Vec::new();
        for (index, command) in [(2, "b"), (1, "a")] {
            let (sender, receiver) = oneshot::channel();
            let taken = taken(1, index, command);
            desk.waiting.borrow_mut().entry((taken.leader, taken.proposed.index)).or_default().push((taken, sender));
            answers.push(receiver);
        }
        let mut script = leader();
        desk.answer(script.judge().known());
        assert_eq!(answers.iter_mut().map(|answer| answer.try_recv().ok()).collect::<Vec<_>>(), [None, Some(true)]);
        script.dies(1);
        desk.answer(script.judge().known());
        assert_eq!(answers[0].try_recv(), Ok(false));
        assert!(desk.waiting.borrow().is_empty());
    }

    #[test]
    fn rules_that_take_a_judge_who_has_seen_everything_are_rules() {
        for name in flight().whole_history {
            assert!(crate::invariants::ALL.iter().any(|rule| rule.name == *name), "{name}");
        }
    }

    #[test]
    fn what_was_answered_is_no_bound_of_time() {
        let bounds = flight().bounds;
        assert!(bounds.contains(&"no-agreement") && !bounds.contains(&"lost-command"), "{bounds:?}");
        assert!(crate::invariants::ALL.iter().all(|rule| !bounds.contains(&rule.name)), "a rule of the paper");
    }
}
