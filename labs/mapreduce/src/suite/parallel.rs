//! Part parallelism: who works at the same time.

use super::bounds::DONE_WITHIN;
use super::cluster::Machines;
use crate::contract::Task;
use lab_harness::failed::TestResult;
use mapreduce_apps::Timing;
use std::time::Duration;

/// MIT's number of workers in its tests of parallelism.
const WORKERS: usize = 2;

/// All in between: asking for tasks, reading, fetching and writing.
const SLACK: Duration = Duration::from_secs(2);

/// MIT `map parallelism`. Eight map tasks of a second each, on two workers.
pub async fn map_parallelism(machines: Machines) -> TestResult {
    let timing = Timing { keys: 1, map_ms: [1_000; 2], reduce_ms: [0; 2] };
    let job = machines.job_of_records("timing", timing.parameters(), 10).await?;
    machines.run(&job, Duration::from_secs(4) + SLACK).await?;
    expect_parallel(&machines, "map", |task| matches!(task, Task::Map(_)))
}

/// MIT `reduce parallelism`. Ten keys of a second each, on two workers: two tasks have two keys, six have one.
pub async fn reduce_parallelism(machines: Machines) -> TestResult {
    let timing = Timing { keys: 10, map_ms: [0; 2], reduce_ms: [1_000; 2] };
    let job = machines.job_of_records("timing", timing.parameters(), 10).await?;
    machines.run(&job, Duration::from_secs(6) + SLACK).await?;
    expect_parallel(&machines, "reduce", |task| matches!(task, Task::Reduce(_)))
}

fn expect_parallel(machines: &Machines, what: &str, of: impl Fn(Task) -> bool) -> TestResult {
    let at_once = machines.inner().judge().attempts().most_at_once(of);
    if at_once == WORKERS {
        return Ok(());
    }
    let title = format!("Of {WORKERS} workers {at_once} did {what} tasks at the same time.");
    Err(machines.failed("not-parallel", title))
}

/// MIT `job count`. Eight map tasks of 2 to 5 s on four workers: nobody has failed, so each is done once.
pub async fn job_count(machines: Machines) -> TestResult {
    let timing = Timing { keys: 1, map_ms: [2_000, 5_000], reduce_ms: [0; 2] };
    let job = machines.job_of_records("timing", timing.parameters(), 10).await?;
    machines.run(&job, DONE_WITHIN).await?;
    let judge = machines.inner().judge();
    let maps = judge.attempts().all().iter().filter(|seen| matches!(seen.task, Task::Map(_))).count();
    if maps == job.splits.len() {
        return Ok(());
    }
    let title = format!("Nobody has failed, and {} map tasks took {maps} attempts.", job.splits.len());
    Err(machines.failed("attempts", title))
}

/// MIT `early exit`. A few reduce tasks take 3 s or more: the job is not done before they are.
pub async fn early_exit(machines: Machines) -> TestResult {
    let mut splits = machines.put_texts(7, 300).await?;
    splits.push(machines.put("in/last", b"tom and tommy, sherlock\n").await?);
    let job = machines.job("slow-words", Vec::new(), splits, 10);
    machines.run(&job, Duration::from_secs(60)).await.map(|_| ())
}
