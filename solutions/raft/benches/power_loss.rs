//! Power loss at every single event of one run: 20 s of 3 nodes under load, run once for each event,
//! with a power loss of one node right behind it. Says how long a run takes, and that no rule broke.
//!
//! `cargo bench -p solution-raft --bench power_loss` (a sample), `-- all` (every event).
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // it measures real time

#[path = "../tests/support/watch.rs"]
mod watch;

use lab_harness::judge::Judge;
use lab_raft::control::Request;
use lab_raft::judge::RaftJudge;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use watch::Watch;
use windtunnel::time::sleep;
use windtunnel::world::{Command, Outcome, Report, Simulation, Tester};
use windtunnel::{EventNumber, NodeId, Seed};

const NODES: u32 = 3;
const DURATION: Duration = Duration::from_secs(20);
const PROPOSE_EVERY: Duration = Duration::from_millis(100);
const DOWN: Duration = Duration::from_millis(400);

/// Proposes to the leader as a client that knows it does, and starts a node again that has been dark for a while.
async fn drive(tester: Tester, judge: Rc<RefCell<RaftJudge>>, power_loss: Option<EventNumber>) {
    if let Some(event) = power_loss {
        let victim = NodeId(event.0 as u32 % NODES + 1);
        tester.at_event(event, Command::PowerLoss(victim));
    }
    let rounds = DURATION.as_millis() / PROPOSE_EVERY.as_millis();
    let mut dark = Duration::ZERO;
    for round in 0..rounds as u64 {
        sleep(PROPOSE_EVERY).await;
        let leader = judge.borrow().leader();
        if let Some(leader) = leader {
            let propose = Request::Propose(round.to_le_bytes().to_vec());
            let body = postcard::to_allocvec(&propose).expect("a request serialises");
            windtunnel::spawn(tester.control(leader, body));
        }
        dark = if tester.nodes().iter().all(|node| tester.is_running(*node)) {
            Duration::ZERO
        } else {
            dark + PROPOSE_EVERY
        };
        if dark >= DOWN {
            tester.nodes().iter().for_each(|node| tester.start(*node));
        }
    }
}

fn run(power_loss: Option<EventNumber>) -> (Report<()>, Option<String>) {
    let setup = || {
        let judge = Rc::new(RefCell::new(RaftJudge::new(NODES)));
        (Watch::new(&judge), move |tester| drive(tester, judge, power_loss))
    };
    Simulation::new(Seed(42)).nodes(NODES, lab_raft::host::<solution_raft::Raft>).observe(setup, |watch| watch.broken)
}

fn main() {
    let (whole, broken) = run(None);
    assert!(matches!(whole.outcome, Outcome::Finished(())) && broken.is_none(), "{:?} {broken:?}", whole.outcome);
    let step = if std::env::args().any(|argument| argument == "all") { 1 } else { (whole.events / 200).max(1) };
    let events: Vec<u64> = (1..=whole.events).step_by(step as usize).collect();
    let (mut took, mut with_unsynced) = (Vec::new(), 0);
    for event in &events {
        let begin = Instant::now();
        let (report, broken) = run(Some(EventNumber(*event)));
        took.push(begin.elapsed());
        with_unsynced += report.counters.power_losses_with_unsynced_data;
        if let Some(title) = broken {
            println!("event {event}: {title}");
        }
        assert!(matches!(report.outcome, Outcome::Finished(())), "event {event}: {:?}", report.outcome);
    }
    took.sort_unstable();
    let total: Duration = took.iter().sum();
    println!(
        "power_loss runs={} events_a_run={} median_ms={:.2} worst_ms={:.2} total_s={:.2} with_unsynced_data={with_unsynced}",
        events.len(),
        whole.events,
        took[took.len() / 2].as_secs_f64() * 1e3,
        took[took.len() - 1].as_secs_f64() * 1e3,
        total.as_secs_f64(),
    );
}
