//! Parts faults and coordinator: slow workers, where whoever wonders what is slow knows little of how long tasks take.

use super::bounds::{DONE_AFTER_FAULTS, DONE_WITHIN};
use super::cluster::Machines;
use crate::contract::{Job, Task};
use crate::judge::{AttemptSeen, End, MapReduceJudge};
use crate::node::COORDINATOR;
use lab_harness::failed::{Failed, TestResult};
use mapreduce_apps::Timing;
use std::pin::pin;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::time::timeout;

/// A call that takes a second takes more than any job may.
const SLOWER: u32 = 100;

/// Who is slow is helped, and that is of use, within. (MIT: 10 s until a task is given to another worker)
const HELPED_WITHIN: Duration = Duration::from_secs(15);

/// What is left when all but a task of a second was done before the coordinator started again is done within.
const DONE_AFTER_A_START: Duration = Duration::from_secs(8);

/// The coordinator dies so often, in milliseconds, and who is slow is helped all the same within: who was waited for before it died need not be
/// waited for again.
const DIES_EVERY_MS: [u64; 2] = [5_000, 7_000];
const HELPED_ALL_THE_SAME_WITHIN: Duration = Duration::from_secs(25);

/// A job of one task of either kind, and who is at it gets slow in the midst of it. There is no other one by which to tell. (Section 3.6)
pub async fn one_task_and_a_straggler(machines: Machines) -> TestResult {
    let job = lonely_tasks(&machines).await?;
    machines.submit(&job).await?;
    for task in [Task::Map(0), Task::Reduce(0)] {
        let slow = slow_at(&machines, &job, task).await?;
        helped(&machines, &job, slow, task, HELPED_WITHIN).await?;
        machines.slow_down(slow, 1).await?;
    }
    machines.finish(&job, DONE_WITHIN).await.map(|_| ())
}

/// A job of one task of either kind.
async fn lonely_tasks(machines: &Machines) -> TestResult<Job> {
    let timing = Timing { keys: 3, map_ms: [400; 2], reduce_ms: [400; 2] };
    let split = machines.put("lonely", b"one\ntwo\nthree\n").await?;
    Ok(machines.job("timing", timing.parameters(), vec![split], 1))
}

/// Makes the first worker slow that is at a task.
async fn slow_at(machines: &Machines, job: &Job, task: Task) -> TestResult<NodeId> {
    let is_it = |seen: &&AttemptSeen| (seen.job, seen.task) == (job.id, task);
    let is_at = |judge: &MapReduceJudge| judge.attempts().all_running().find(is_it).copied();
    let hangs = || machines.failed("job-hangs", format!("Nobody begins with {task}, and all are idle."));
    let at = machines.inner().until(format_args!("a worker at {task}"), DONE_WITHIN, is_at, hangs).await?;
    machines.slow_down(at.node, SLOWER).await?;
    Ok(at.node)
}

/// Waits until another worker has done what a slow one is at.
async fn helped(machines: &Machines, job: &Job, slow: NodeId, task: Task, within: Duration) -> TestResult {
    let by_another =
        |seen: &AttemptSeen| (seen.job, seen.task) == (job.id, task) && seen.node != slow && is_finished(seen);
    let look = |judge: &MapReduceJudge| judge.attempts().all().iter().any(by_another).then_some(());
    let alone = || {
        let title = format!("{slow} is slow at {task}, and in {} s no idle worker does it.", within.as_secs());
        not_helped(machines, title)
    };
    machines.inner().until("another worker to do it", within, look, alone).await
}

/// The coordinator dies when all map tasks are done but that of one slow worker. It has seen how long they take. And then again and again, and
/// nobody has seen that.
pub async fn coordinator_dies_beside_a_straggler(machines: Machines) -> TestResult {
    let timing = Timing { keys: 8, map_ms: [1_000; 2], reduce_ms: [0; 2] };
    let job = machines.job_of_records("timing", timing.parameters(), 4).await?;
    let slow = machines.any_worker();
    machines.slow_down(slow, SLOWER).await?;
    machines.submit(&job).await?;
    let all_but_one = |judge: &MapReduceJudge| {
        let finished = judge.attempts().all().iter().filter(|seen| is_finished(seen)).count();
        (finished + 1 >= job.splits.len()).then_some(())
    };
    let hangs = || machines.failed("job-hangs", "Seven of eight map tasks are not done, and seven workers are fast.");
    machines.inner().until("all map tasks to be finished but one", DONE_WITHIN, all_but_one, hangs).await?;
    machines.sleep(machines.draw(0, 500)).await;
    machines.inner().crash(COORDINATOR);
    machines.inner().start(COORDINATOR);
    let started = machines.inner().now();
    machines.done(&job, DONE_AFTER_FAULTS).await?;
    let took = (machines.inner().now() - started).to_duration();
    if took > DONE_AFTER_A_START {
        let title = format!(
            "{} is done {} ms after the coordinator has started again, and what was left takes 1,000; {} s would do.",
            job.id,
            took.as_millis(),
            DONE_AFTER_A_START.as_secs()
        );
        return Err(not_helped(&machines, title));
    }
    machines.finish(&job, DONE_WITHIN).await?;
    machines.slow_down(slow, 1).await?;
    dies_again_and_again(&machines).await
}

/// The coordinator dies every few seconds while a worker is slow at the only task of its kind. None of its lives is as long as it takes to
/// know that the worker is slow, and all of them are.
async fn dies_again_and_again(machines: &Machines) -> TestResult {
    let job = lonely_tasks(machines).await?;
    machines.submit(&job).await?;
    let slow = slow_at(machines, &job, Task::Map(0)).await?;
    let mut is_helped = pin!(helped(machines, &job, slow, Task::Map(0), HELPED_ALL_THE_SAME_WITHIN));
    let [low, high] = DIES_EVERY_MS;
    loop {
        if let Ok(helped) = timeout(machines.draw(low, high), is_helped.as_mut()).await {
            helped?;
            break;
        }
        machines.inner().crash(COORDINATOR);
        machines.inner().start(COORDINATOR);
    }
    machines.slow_down(slow, 1).await?;
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

fn is_finished(seen: &AttemptSeen) -> bool {
    matches!(seen.end, Some((_, End::Finished)))
}

fn not_helped(machines: &Machines, title: String) -> Failed {
    machines.failed("straggler", title).on([COORDINATOR])
}
