//! Jobs in flight, and which stories do not fly.

use super::bounds::INPUTS;
use super::cluster::Machines;
use super::storms;
use crate::contract::Job;
use crate::judge::MapReduceJudge;
use crate::node::COORDINATOR;
use lab_harness::cluster::Cluster;
use lab_harness::failed::TestResult;
use lab_harness::grounded::{COUNTS, DISKS, EVENTS, Grounded, POWER};
use lab_harness::meter::Meter;
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Clients, Flight};
use std::cell::RefCell;
use std::rc::Rc;

/// How long each of eight inputs is.
const INPUT_BYTES: [usize; INPUTS] = [16 << 10; INPUTS];

/// Applications of flights.
const APPS: &[&str] = &["wordcount", "index"];

/// Jobs of flights, and the rules of this suite that are bounds of time.
pub(super) fn flight() -> Flight<MapReduceJudge> {
    // Whom the machine lets stand still others give up, and are right; nobody tells the judge.
    let bounds =
        &["attempts", "job-hangs", "needless-rerun", "no-answer", "not-parallel", "straggler", "task-after-the-end"];
    // An earlier flight may have left a job under way.
    let whole_history = &["foreign-output", "wrong-report"];
    Flight { load, reads: false, client_nodes: 1, settings: &[], bounds, whole_history }
}

/// One job after the other, as many as there is time for; each counts when the coordinator says that it is done. How many clients are asked
/// for makes no difference: a coordinator has one job at a time.
fn load(cluster: Cluster<MapReduceJudge>, load: DrawnLoad, meter: Meter) -> Clients {
    // A store that has seen other flights has their outputs.
    let machines = Machines::new(cluster.clone()).numbered_from(cluster.stream("jobs").below(u64::MAX / 2));
    let done: Rc<RefCell<Vec<Job>>> = Rc::default();
    let (submitter, noted) = (machines.clone(), done.clone());
    let at_work = Box::pin(async move {
        if load.clients > 0 {
            storms::jobs(&submitter, APPS, &INPUT_BYTES, &meter, |job| noted.borrow_mut().push(job)).await;
        }
        std::future::pending().await
    });
    Clients { at_work, nothing_lost: Box::pin(async move { all_there(&machines, &done.take()).await }) }
}

/// What was called done is in the store, to the last byte.
async fn all_there(machines: &Machines, done: &[Job]) -> TestResult {
    for job in done {
        let expected = machines.expected(job).expect("it was done");
        for (number, part) in (0..).zip(expected.parts) {
            let name = job.part(number);
            if machines.read(&name).await?.is_none_or(|found| found != part) {
                let title = format!("{} was done, and {name} is not what it must be any more.", job.id);
                return Err(machines.failed("output-lost", title).on([COORDINATOR]));
            }
        }
    }
    Ok(())
}

/// The stories that do not fly.
pub(super) const GROUNDED: &Grounded = &[
    (POWER, &["power_loss_at_the_answer", "power_loss_at_a_submit", "power_loss_at_a_finish", "power_loss_at_a_death"]),
    (DISKS, &["full_disks", "failing_disks", "rotting_disks"]),
    (EVENTS, &["workers_die", "cut_off_at_any_event", "coordinator_dies"]),
    (COUNTS, &["ten_times_the_memory", "one_huge_key", "many_map_tasks"]),
];
