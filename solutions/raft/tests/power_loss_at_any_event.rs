//! Power loss behind any event of a run, of any server: three servers under load, who take snapshots and cut their logs
//! behind them. The lab's rules watch, and in the end all agree on one more command.
//!
//! What a disk keeps of unsynced data is drawn from seed, server and incarnation, and not from the event: under one seed
//! every first power loss of a server draws the same. So there are ten seeds, and of each every tenth event and victim:
//! together as many as one run has.
//!
//! `benches/power_loss.rs` says what a run of this kind costs, over a longer one without snapshots.

#[path = "support/watch.rs"]
mod watch;

use lab_harness::judge::Judge;
use lab_raft::control::Request;
use lab_raft::judge::RaftJudge;
use lab_raft::{Digest, LogIndex};
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;
use watch::Watch;
use windtunnel::time::{Duration, Instant, sleep};
use windtunnel::world::{Command, Outcome, Simulation, Tester};
use windtunnel::{EventNumber, NodeId, Seed};

const NODES: u32 = 3;

/// Commands of a run, and how often there is a new one.
const COMMANDS: u64 = 120;
const PROPOSE_EVERY: Duration = Duration::from_millis(40);

/// A snapshot is due behind so many entries.
const SNAPSHOT_EVERY: u64 = 10;

/// Who lost power comes back after so many proposals.
const DARK_FOR: u32 = 5;

/// All have applied one more command within.
const AGREEMENT_WITHIN: Duration = Duration::from_secs(10);

/// Runs, each with draws of its own.
const SEEDS: u64 = 10;

/// Of so many events and victims of a run one: under each seed others.
const STRIDE: u64 = if cfg!(debug_assertions) { 101 * SEEDS } else { SEEDS };

/// What drives a run: clients who know the leader, snapshots when they are due, and whoever starts a dark server again.
struct Drive {
    tester: Tester,
    judge: Rc<RefCell<RaftJudge>>,
    dark_for: u32,
}

impl Drive {
    /// Says whether all servers have applied the last command in time.
    async fn whole(mut self) -> bool {
        for _ in 0..COMMANDS {
            self.round().await;
        }
        let deadline = Instant::now() + AGREEMENT_WITHIN;
        let last = self.judge.borrow().known().committed().last_index().next();
        while Instant::now() < deadline {
            self.round().await;
            if self.judge.borrow().known().applied_count(last) == NODES as usize {
                return true;
            }
        }
        false
    }

    async fn round(&mut self) {
        sleep(PROPOSE_EVERY).await;
        let leader = self.judge.borrow().leader();
        if let Some(leader) = leader {
            self.ask(leader, &Request::Propose(self.tester.now().0.to_le_bytes().to_vec()));
        }
        self.tester.nodes().iter().for_each(|node| self.hand_over_if_due(*node));
        let is_dark = self.tester.nodes().iter().any(|node| !self.tester.is_running(*node));
        self.dark_for = if is_dark { self.dark_for + 1 } else { 0 };
        if self.dark_for >= DARK_FOR {
            self.tester.nodes().iter().for_each(|node| self.tester.start(*node));
        }
    }

    fn hand_over_if_due(&self, node: NodeId) {
        let judge = self.judge.borrow();
        let server = judge.known().server(node);
        let index = LogIndex(server.applied.0 / SNAPSHOT_EVERY * SNAPSHOT_EVERY);
        if !server.running || server.head.is_none_or(|head| head.snapshot_index >= index) {
            return;
        }
        let data = format!("all up to {index} ").repeat(100).into_bytes();
        judge.known().note_snapshot(index, Digest::of(&data));
        self.ask(node, &Request::Snapshot { index, data });
    }

    fn ask(&self, node: NodeId, request: &impl Serialize) {
        let request = postcard::to_allocvec(request).expect("a request serialises");
        windtunnel::spawn(self.tester.control(node, request));
    }
}

/// A run in which this server loses power behind this event: how many events it has, and the last snapshot's index.
fn run(seed: Seed, power_loss: Option<(EventNumber, NodeId)>) -> (u64, LogIndex) {
    let setup = || {
        let judge = Rc::new(RefCell::new(RaftJudge::new(NODES)));
        let watch = Watch::new(&judge);
        let body = move |tester: Tester| {
            if let Some((event, victim)) = power_loss {
                tester.at_event(event, Command::PowerLoss(victim));
            }
            Drive { tester, judge, dark_for: 0 }.whole()
        };
        (watch, body)
    };
    let simulation = Simulation::new(seed).nodes(NODES, lab_raft::host::<solution_raft::Raft>);
    let (report, (broken, snapshot)) = simulation.observe(setup, |watch| {
        let judge = watch.judge.borrow();
        let snapshots = judge.known().servers().filter_map(|(_, server)| Some(server.head?.snapshot_index));
        (watch.broken.clone(), snapshots.min().unwrap_or_default())
    });
    assert_eq!(broken, None, "{seed:?}, power loss of {power_loss:?}");
    let agreed = matches!(report.outcome, Outcome::Finished(true));
    assert!(agreed, "{seed:?}, power loss of {power_loss:?}: all should agree in the end, {:?}", report.outcome);
    (report.events, snapshot)
}

#[test]
fn whoever_loses_power_at_whatever_event_nothing_is_lost_and_all_agree_in_the_end() {
    for seed in 0..SEEDS {
        let (events, snapshot) = run(Seed(seed), None);
        assert!(
            events > 1_000 && snapshot.0 >= 3 * SNAPSHOT_EVERY,
            "seed {seed}: {events} events, and all have a snapshot of {snapshot}"
        );
        let victims = (1..=events).flat_map(|event| (1..=NODES).map(move |node| (EventNumber(event), NodeId(node))));
        let of_this_seed = victims.skip((seed * STRIDE / SEEDS) as usize).step_by(STRIDE as usize);
        of_this_seed.for_each(|power_loss| _ = run(Seed(seed), Some(power_loss)));
    }
}
