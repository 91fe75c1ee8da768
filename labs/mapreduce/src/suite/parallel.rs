//! Part parallelism: who works at the same time.

use super::bounds::DONE_WITHIN;
use super::cluster::Machines;
use crate::contract::{Job, Task};
use lab_harness::failed::TestResult;
use mapreduce_apps::Timing;
use std::time::Duration;
use windtunnel::Nanos;

/// MIT's number of workers in its tests of parallelism.
const WORKERS: usize = 2;

/// All in between: asking for tasks, reading, fetching and writing.
const SLACK: Duration = Duration::from_secs(2);

/// MIT `map parallelism`. Eight map tasks of a second each, on two workers.
pub async fn map_parallelism(machines: Machines) -> TestResult {
    let timing = Timing { keys: 1, map_ms: [1_000; 2], reduce_ms: [0; 2] };
    let job = machines.job_of_records("timing", timing.parameters(), 10).await?;
    run_parallel(&machines, &job, Duration::from_secs(4) + SLACK, "map", |task| matches!(task, Task::Map(_))).await
}

/// MIT `reduce parallelism`. Ten keys of a second each, on two workers: two tasks have two keys, six have one.
pub async fn reduce_parallelism(machines: Machines) -> TestResult {
    let timing = Timing { keys: 10, map_ms: [0; 2], reduce_ms: [1_000; 2] };
    let job = machines.job_of_records("timing", timing.parameters(), 10).await?;
    run_parallel(&machines, &job, Duration::from_secs(6) + SLACK, "reduce", |task| matches!(task, Task::Reduce(_)))
        .await
}

/// Both workers do such tasks at the same time, and so the job takes no longer than that.
async fn run_parallel(
    machines: &Machines,
    job: &Job,
    within: Duration,
    what: &str,
    of: impl Fn(Task) -> bool,
) -> TestResult {
    let begun = machines.inner().now();
    machines.submit(job).await?;
    machines.done(job, DONE_WITHIN).await?;
    let took = (machines.inner().now() - begun).to_duration();
    machines.finish(job, DONE_WITHIN).await?;
    let at_once = machines.inner().judge().attempts().most_at_once(of);
    if at_once == WORKERS && took <= within {
        return Ok(());
    }
    let title = format!(
        "Of {WORKERS} workers {at_once} did {what} tasks at the same time, and the job took {} ms; {} would do.",
        took.as_millis(),
        within.as_millis()
    );
    Err(machines.failed("not-parallel", title))
}

/// Calls of `job count` take so many milliseconds.
const CALLS_MS: [u32; 2] = [2_000, 5_000];

/// MIT `job count`. Eight map tasks of 2 to 5 s on four workers: nobody has failed, so none is done twice. (MIT: eight attempts) Whether a
/// task takes too long is for each to say (section 3.6), but nobody can know it before it has taken as long as the shortest.
pub async fn job_count(machines: Machines) -> TestResult {
    let timing = Timing { keys: 1, map_ms: CALLS_MS, reduce_ms: [0; 2] };
    let job = machines.job_of_records("timing", timing.parameters(), 10).await?;
    machines.run(&job, DONE_WITHIN).await?;
    let judge = machines.inner().judge();
    let maps = || judge.attempts().all().iter().filter(|seen| matches!(seen.task, Task::Map(_)));
    let shortest = Nanos::from_millis(CALLS_MS[0].into());
    for seen in maps() {
        let first = maps().find(|first| first.task == seen.task).expect("it is one itself");
        let after = seen.since - first.since;
        if (first.node, first.number) == (seen.node, seen.number) || after >= shortest {
            continue;
        }
        let title = format!(
            "Nobody has failed, and {} begins {} {} ms after {} did; no call takes less than {}.",
            seen.node,
            seen.task,
            after.to_duration().as_millis(),
            first.node,
            CALLS_MS[0]
        );
        return Err(machines.failed("attempts", title).on([seen.node, first.node]));
    }
    Ok(())
}

/// MIT `early exit`. A few reduce tasks take 3 s or more: the job is not done before they are.
pub async fn early_exit(machines: Machines) -> TestResult {
    let mut splits = machines.put_texts(7, 300).await?;
    splits.push(machines.put("in/last", b"tom and tommy, sherlock\n").await?);
    let job = machines.job("slow-words", Vec::new(), splits, 10);
    machines.run(&job, Duration::from_secs(60)).await.map(|_| ())
}
