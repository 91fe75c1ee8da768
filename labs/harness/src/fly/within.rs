//! Beside the test body: looks on once a second, hears who wants to land, and notes when the machine stood still.

use super::Radio;
use super::takeoff::faults;
use crate::awaited::Sealed;
use crate::cluster::Cluster;
use crate::failed::TestResult;
use crate::judge::{Judge, Standing};
use crate::meter::Meter;
use crate::protocol::{FlightLink, FlightNode, FlightRow, FlightState};
use crate::storm::Struck;
use crate::suite::Running;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use windtunnel::time::{Instant, sleep};
use windtunnel::world::InForce;
use windtunnel::{Nanos, NodeId, spawn};

const ROW_EVERY: Duration = Duration::from_secs(1);
/// How often it is asked whether to land.
const LISTEN_EVERY: Duration = Duration::from_millis(50);

/// What a row is made of, and where it goes.
pub(super) struct Rows {
    pub is_storm: bool,
    pub meter: Meter,
    /// How many operations of a story were in the rows so far.
    pub told: u64,
    pub struck: Rc<RefCell<Struck>>,
    pub tell: Box<dyn FnMut(FlightRow)>,
}

/// The body's own end, or an early one without a complaint when somebody wants to land.
pub(super) async fn until_the_end<J: Judge>(
    cluster: Cluster<J>,
    running: Sealed<Running>,
    radio: Radio,
    rows: Rows,
) -> TestResult {
    let rows = spawn(rows.go_on(cluster));
    windtunnel::select! {
        ended = running => {
            rows.abort();
            ended
        }
        () = asked_to_land(&radio) => Ok(()),
    }
}

async fn asked_to_land(radio: &Radio) {
    while !radio.land.load(Ordering::Relaxed) {
        let before = Instant::now();
        sleep(LISTEN_EVERY).await;
        let late = before.elapsed().saturating_sub(LISTEN_EVERY);
        radio.stood_still_ns.fetch_max(u64::try_from(late.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Rows {
    async fn go_on<J: Judge>(mut self, cluster: Cluster<J>) {
        loop {
            sleep(ROW_EVERY).await;
            let row = self.row(&cluster);
            (self.tell)(row);
        }
    }

    fn row<J: Judge>(&mut self, cluster: &Cluster<J>) -> FlightRow {
        let (operations, p99_us) = self.answered(cluster);
        let in_force = cluster.tester().in_force();
        let late = in_force.latency.iter().filter(|(_, latency)| **latency > Nanos::ZERO);
        FlightRow {
            at_ms: cluster.now().0 / 1_000_000,
            nodes: cluster.nodes().iter().map(|node| standing(cluster, *node, &in_force)).collect(),
            operations,
            p99_us,
            faults: faults(self.is_storm, &self.struck.borrow(), &BTreeSet::new(), &cluster.tester().counters()),
            cut: in_force.cut.iter().map(|(from, to)| [*from, *to]).collect(),
            late: late
                .map(|((from, to), up_to)| FlightLink { from: *from, to: *to, up_to_us: up_to.0 / 1_000 })
                .collect(),
        }
    }

    /// Operations since the last row, and how long they took at most. Those of a story no meter sees.
    fn answered<J: Judge>(&mut self, cluster: &Cluster<J>) -> (Option<u64>, Option<u64>) {
        if self.is_storm {
            let took = self.meter.since_last();
            return (Some(took.operations), took.p99_us);
        }
        let asked = cluster.judge().asked();
        (asked.map(|asked| asked.answered - std::mem::replace(&mut self.told, asked.answered)), None)
    }
}

fn standing<J: Judge>(cluster: &Cluster<J>, node: NodeId, in_force: &InForce) -> FlightNode {
    let state = match cluster.is_running(node) {
        false => FlightState::Down,
        true if in_force.paused.contains(&node) => FlightState::Paused,
        true => FlightState::Up,
    };
    match cluster.judge().standing(node) {
        Some(Standing { role, term, commit, applied }) => FlightNode { node, role, term, commit, applied, state },
        None => {
            let role = if state == FlightState::Down { "down" } else { "up" };
            FlightNode { node, role: role.to_owned(), term: 0, commit: 0, applied: 0, state }
        }
    }
}
