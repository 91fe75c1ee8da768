//! Part basics: inputs, keys and outputs that are larger than what a worker may hold.

use super::bounds::DONE_WITHIN;
use super::cluster::Machines;
use super::text;
use crate::contract::{Job, WORKER_HEAP};
use lab_harness::failed::TestResult;

/// An input so many times as long as what a worker may hold.
const TIMES: usize = 10;

/// One map task reads ten times what a worker may hold, emits all of it, and one reduce task writes it again.
pub async fn ten_times_the_memory(machines: Machines) -> TestResult {
    let split =
        machines.put("in", &text::lines(&machines.inner().stream("text"), TIMES * WORKER_HEAP as usize)).await?;
    within_memory(&machines, &machines.job_of_one_part(vec![split])).await
}

/// All values are of one key, so many times as long as what a worker may hold: whoever merges sorted runs does so more than once.
const HUGE: usize = 5;

/// All values are of one key, and more than a worker may hold. No two are the same, so that it shows in which order they come.
pub async fn one_huge_key(machines: Machines) -> TestResult {
    let line = |number: usize| [format!("the {number} ").as_bytes(), &[b'x'; 400], b"\n"].concat();
    let lines = HUGE * WORKER_HEAP as usize / line(0).len();
    let split = machines.put("in", &(0..lines).flat_map(line).collect::<Vec<u8>>()).await?;
    let job = machines.job("grep", b"the".to_vec(), vec![split], 2);
    within_memory(&machines, &job).await
}

/// There are so many map tasks.
const MANY: usize = 100;

/// A reduce task gets pieces of many map tasks, which have too much to be held all at the same time, however little of each that is.
pub async fn many_map_tasks(machines: Machines) -> TestResult {
    let splits = machines.put_texts(MANY, 2 * WORKER_HEAP as usize / MANY).await?;
    within_memory(&machines, &machines.job_of_one_part(splits)).await
}

async fn within_memory(machines: &Machines, job: &Job) -> TestResult {
    machines.run(job, DONE_WITHIN).await?;
    let peaks = machines.inner().counters().peak_heaps;
    let held = machines.workers().into_iter().map(|worker| (peaks.get(&worker).copied().unwrap_or_default(), worker));
    match held.max() {
        Some((peak, worker)) if peak > WORKER_HEAP => {
            let title = format!("{worker} comes to hold {peak} bytes; {WORKER_HEAP} are allowed.");
            Err(machines.failed("memory", title).on([worker]))
        }
        _ => Ok(()),
    }
}
