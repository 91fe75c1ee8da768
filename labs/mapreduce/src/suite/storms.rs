//! What happens in a storm besides the weather: one job after the other, and recovery after it.

use super::bounds::{ANSWER_WITHIN, DONE_AFTER_FAULTS, RECOVERY_BUDGET};
use super::cluster::Machines;
use crate::judge::MapReduceJudge;
use lab_harness::cluster::Cluster;
use lab_harness::failed::TestResult;
use lab_harness::scenario::DrawnLoad;
use lab_harness::suite::{Running, Storm};
use windtunnel::time::timeout;

/// Jobs and recovery of all storms of the lab.
#[must_use]
pub fn storm() -> Storm<MapReduceJudge> {
    Storm { load, recovery, recovery_budget: RECOVERY_BUDGET }
}

/// A job is submitted again and again until it is taken, in all weather.
fn load(cluster: Cluster<MapReduceJudge>, _load: DrawnLoad) -> Running<()> {
    let machines = Machines::new(cluster);
    machines.inner().judge().doubt_everybody();
    Box::pin(async move {
        let Ok(job) = machines.usual_job("wordcount", Vec::new()).await else { return };
        machines.submit_on_and_on(&job).await;
        std::future::pending().await
    })
}

fn recovery(cluster: Cluster<MapReduceJudge>) -> Running {
    Box::pin(recover(Machines::new(cluster)))
}

/// All is healed. The job that was taken is done, or the one that was not yet is taken now.
async fn recover(machines: Machines) -> TestResult {
    let Some(job) = machines.inner().judge().asked().cloned() else { return Ok(()) };
    let taken = timeout(ANSWER_WITHIN, machines.submit_again(&job)).await;
    taken.map_err(|_| machines.failed("no-answer", format!("All is well again, and {} is not taken.", job.id)))?;
    machines.done(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}
