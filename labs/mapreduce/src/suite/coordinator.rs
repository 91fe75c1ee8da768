//! Part coordinator: it dies, is cut off, and has forgotten nothing.

use super::bounds::{DONE_AFTER_FAULTS, DONE_WITHIN};
use super::cluster::Machines;
use crate::contract::Refused;
use crate::node::COORDINATOR;
use lab_harness::failed::TestResult;
use mapreduce_apps::Timing;

/// Each story strikes so often.
const STRIKES: u64 = 4;

/// The coordinator dies behind any event, without its power or with it. What was finished is not done again.
pub async fn coordinator_dies(machines: Machines) -> TestResult {
    let timing = Timing { keys: 12, map_ms: [50, 400], reduce_ms: [50, 300] };
    let job = machines.job_of_records("timing", timing.parameters(), 8).await?;
    machines.submit(&job).await?;
    for _ in 0..STRIKES {
        machines.crash_behind_any_event(COORDINATOR, 400).await?;
        machines.sleep(machines.draw(0, 3_000)).await;
        machines.inner().start(COORDINATOR);
    }
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

/// Power is lost at the very event at which the submit was answered.
pub async fn power_loss_at_the_answer(machines: Machines) -> TestResult {
    let splits = machines.put_texts(3, 1_000).await?;
    for _ in 0..STRIKES {
        let job = machines.job("wordcount", Vec::new(), splits.clone(), 4);
        machines.submit(&job).await?;
        machines.inner().power_loss(COORDINATOR);
        machines.inner().start(COORDINATOR);
        machines.finish(&job, DONE_AFTER_FAULTS).await?;
    }
    Ok(())
}

/// The coordinator is away for longer than any task takes; what workers finish meanwhile counts.
pub async fn away_for_long(machines: Machines) -> TestResult {
    let timing = Timing { keys: 8, map_ms: [500, 3_000], reduce_ms: [300, 1_500] };
    let job = machines.job_of_records("timing", timing.parameters(), 4).await?;
    machines.submit(&job).await?;
    for _ in 0..2 {
        machines.sleep(machines.draw(100, 2_500)).await;
        machines.crash(COORDINATOR);
        machines.sleep(machines.draw(4_000, 9_000)).await;
        machines.inner().start(COORDINATOR);
    }
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

/// Nobody reaches the coordinator for a while, and it reaches nobody.
pub async fn coordinator_cut_off(machines: Machines) -> TestResult {
    let timing = Timing { keys: 8, map_ms: [100, 900], reduce_ms: [100, 900] };
    let job = machines.job_of_records("timing", timing.parameters(), 8).await?;
    machines.submit(&job).await?;
    for _ in 0..STRIKES {
        machines.sleep(machines.draw(0, 1_000)).await;
        machines.cut_off(COORDINATOR);
        machines.sleep(machines.draw(0, 5_000)).await;
        machines.reconnect(COORDINATOR);
    }
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

/// The same job twice is one job; others are refused as long as it runs; and what cannot be a job always is.
pub async fn submitted_again(machines: Machines) -> TestResult {
    let timing = Timing { keys: 4, map_ms: [100, 200], reduce_ms: [100, 200] };
    let job = machines.job_of_records("timing", timing.parameters(), 4).await?;
    machines.submit(&job).await?;
    machines.submit(&job).await?;
    let busy = machines.job("timing", timing.parameters(), job.splits.clone(), 4);
    refused(&machines, &busy, Refused::Busy).await?;
    machines.submit(&job).await?;
    machines.finish(&job, DONE_WITHIN).await?;
    machines.submit(&job).await?;
    machines.finish(&job, DONE_WITHIN).await?;
    let none = crate::contract::Job { reduces: 0, ..busy.clone() };
    refused(&machines, &none, Refused::NoReduces).await?;
    let over = crate::contract::Job { output: job.output.clone(), ..busy.clone() };
    refused(&machines, &over, Refused::OutputExists).await?;
    machines.run(&busy, DONE_WITHIN).await?;
    refused(&machines, &job, Refused::OutputExists).await?;
    let other = crate::contract::Job { output: "elsewhere".to_owned(), ..busy };
    refused(&machines, &other, Refused::OtherJob).await
}

/// That a job is not taken.
async fn refused(machines: &Machines, job: &crate::contract::Job, why: Refused) -> TestResult {
    let told = machines.try_submit(job).await?;
    if told == Err(why.clone()) {
        return Ok(());
    }
    let title = format!("{} was answered {told:?}; right would be {:?}.", job.id, Err::<(), _>(why));
    Err(machines.failed("wrong-answer", title).on([COORDINATOR]))
}

/// What cannot be done is told to have failed, and the next job is done all the same.
pub async fn hopeless_jobs(machines: Machines) -> TestResult {
    let splits = machines.put_texts(3, 500).await?;
    let mut missing = splits.clone();
    missing[1].object = "in/nowhere".to_owned();
    let mut short = splits.clone();
    short[2].length += 1;
    let long_words = vec![machines.put("in/long", b"incomprehensibilities\n").await?];
    for (app, parameters, splits) in [
        ("wordcount", &b""[..], missing),
        ("wordcount", b"", short),
        ("no such application", b"", splits.clone()),
        ("grep", b"", splits.clone()),
        ("wrong-partition", b"", long_words),
    ] {
        let job = machines.job(app, parameters.to_vec(), splits, 3);
        machines.submit(&job).await?;
        machines.fails(&job).await?;
    }
    let job = machines.job("wordcount", Vec::new(), splits, 3);
    machines.run(&job, DONE_WITHIN).await.map(|_| ())
}
