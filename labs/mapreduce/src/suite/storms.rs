//! What happens in a storm besides the weather: one job after the other, and recovery after it.

use super::bounds::{
    ANSWER_WITHIN, DONE_AFTER_FAULTS, DONE_WITHIN, INPUT_BYTES, INPUTS, LONG_INPUT_BYTES, RECOVERY_BUDGET, REDUCES,
};
use super::cluster::Machines;
use super::text;
use crate::contract::{Job, Status};
use crate::judge::MapReduceJudge;
use lab_harness::cluster::Cluster;
use lab_harness::failed::TestResult;
use lab_harness::meter::Meter;
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Running, Storm};
use windtunnel::time::timeout;

/// Jobs and recovery of all storms of the lab.
#[must_use]
pub fn storm() -> Storm<MapReduceJudge> {
    Storm { load, recovery, recovery_budget: RECOVERY_BUDGET }
}

fn load(cluster: Cluster<MapReduceJudge>, _load: DrawnLoad) -> Running<()> {
    let machines = Machines::new(cluster);
    Box::pin(async move { jobs(&machines, STORMY, &STORMY_BYTES, &Meter::default(), |_| {}).await })
}

/// Applications of storms: the first two die of records and of keys (section 4.6), and the third puts all that it reads into one part.
const STORMY: &[&str] = &["fragile", "fragile-reduce", "sort"];

/// How long the inputs of storms are: the last one is read in pieces, and so is what map leaves of it.
const STORMY_BYTES: [usize; INPUTS] = {
    let mut bytes = [INPUT_BYTES; INPUTS];
    bytes[INPUTS - 1] = LONG_INPUT_BYTES;
    bytes
};

/// A job is submitted again and again until it is taken, in all weather; when it is done the next one is.
pub(super) async fn jobs(
    machines: &Machines,
    apps: &[&str],
    input_bytes: &[usize],
    meter: &Meter,
    mut done: impl FnMut(Job),
) {
    machines.inner().judge().doubt_everybody(machines.inner().now());
    let Ok(mut splits) = machines.put_texts_of(input_bytes).await else { return };
    let Ok(deadly) = machines.put_deadly().await else { return };
    splits.push(deadly);
    for app in apps.iter().cycle() {
        let job = match *app {
            "sort" => machines.job_of_one_part(splits.clone()),
            app => machines.job(app, text::DEADLY.to_vec(), splits.clone(), REDUCES),
        };
        let operation = meter.begin();
        machines.submit_on_and_on(&job).await;
        // What has failed is the last one, for recovery to see.
        let Ok(Status::Done { .. }) = machines.ended(&job, RECOVERY_BUDGET.to_duration()).await else { return };
        operation.answered();
        done(job);
    }
}

fn recovery(cluster: Cluster<MapReduceJudge>) -> Running {
    Box::pin(recover(Machines::new(cluster)))
}

/// All is healed. The last job was taken and is done, or it is taken now. Then all is quiet, and another job is done as if nothing had been.
async fn recover(machines: Machines) -> TestResult {
    let Some(job) = machines.inner().judge().last_expected() else {
        return Err(machines.failed("no-answer", "In the whole storm no job could be submitted."));
    };
    let taken = timeout(ANSWER_WITHIN, machines.submit_again(&job)).await;
    taken.map_err(|_| machines.failed("no-answer", format!("All is well again, and {} is not taken.", job.id)))?;
    machines.finish(&job, DONE_AFTER_FAULTS).await?;
    machines.inner().judge().trust_everybody(machines.inner().now());
    let text = text::lines(&machines.inner().stream("after the storm"), INPUT_BYTES);
    let splits = vec![machines.put("after the storm", &text).await?; 2];
    let job = machines.job("wordcount", Vec::new(), splits, REDUCES);
    machines.run(&job, DONE_WITHIN).await.map(|_| ())
}
