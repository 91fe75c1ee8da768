//! Part coordinator: it dies, is cut off, and has forgotten nothing.

use super::bounds::{DONE_AFTER_FAULTS, DONE_WITHIN, INPUTS};
use super::cluster::Machines;
use super::text;
use crate::contract::{Job, Refused, Status};
use crate::judge::{AttemptSeen, Death, MapReduceJudge};
use crate::node::COORDINATOR;
use lab_harness::failed::{Failed, TestResult};
use mapreduce_apps::Timing;
use windtunnel::time::timeout;
use windtunnel::world::Command;
use windtunnel::world::disk::DiskWeather;
use windtunnel::{Nanos, spawn};

/// Each story strikes so often.
const STRIKES: u64 = 4;

/// The coordinator dies behind any event, without its power or with it. What was finished is not done again.
pub async fn coordinator_dies(machines: Machines) -> TestResult {
    let timing = Timing { keys: 12, map_ms: [50, 400], reduce_ms: [50, 300] };
    let calm = machines.job_of_records("timing", timing.parameters(), 8).await?;
    let events = machines.events_of(&calm).await?;
    let job = machines.job("timing", timing.parameters(), calm.splits, 8);
    machines.submit(&job).await?;
    for _ in 0..STRIKES {
        machines.crash_behind_any_event(COORDINATOR, events / STRIKES).await?;
        machines.note_strike(&job);
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

/// Power is lost while a job is being taken, which needs more than one sector of the disk. It is submitted again then, and is the same job.
pub async fn power_loss_at_a_submit(machines: Machines) -> TestResult {
    let mut splits = Vec::new();
    for number in 0..INPUTS {
        let name = format!("{}/{number}", "in/a/directory/whose/name/is/long/".repeat(6));
        splits.push(machines.put(&name, format!("input {number}\n").as_bytes()).await?);
    }
    machines.inner().tester().set_disk(COORDINATOR, slow_syncs());
    for _ in 0..STRIKES {
        let job = machines.job("wordcount", Vec::new(), splits.clone(), 3);
        let taken = timeout(machines.draw(1, 200), machines.submit_on_and_on(&job)).await.is_ok();
        machines.inner().power_loss(COORDINATOR);
        machines.inner().start(COORDINATOR);
        if !taken {
            machines.submit(&job).await?;
        }
        machines.finish(&job, DONE_AFTER_FAULTS).await?;
    }
    Ok(())
}

/// A disk whose syncs take their time.
fn slow_syncs() -> DiskWeather {
    DiskWeather { sync_latency: [20, 100].map(Nanos::from_millis), ..DiskWeather::default() }
}

/// Power is lost at the very event at which a worker that has finished a task begins the next one. By then the coordinator has told it so, and
/// forgets nothing that it has heard; its disk takes its time.
pub async fn power_loss_at_a_finish(machines: Machines) -> TestResult {
    let timing = Timing { keys: 24, map_ms: [20, 100], reduce_ms: [20, 100] };
    let job = machines.job_of_records("timing", timing.parameters(), 16).await?;
    machines.inner().tester().set_disk(COORDINATOR, slow_syncs());
    machines.submit(&job).await?;
    for _ in 0..STRIKES {
        let since = machines.inner().now();
        let look = |judge: &MapReduceJudge| {
            let all = judge.attempts().all();
            let before = |seen: &AttemptSeen, other: &AttemptSeen| {
                other.node == seen.node && other.end.is_some_and(|(end, _)| since < end && end < seen.since)
            };
            let goes_on = all.iter().any(|seen| all.iter().any(|other| before(seen, other)));
            (is_over(judge) || goes_on).then_some(())
        };
        let hangs = || machines.failed("job-hangs", format!("Nobody goes on with {}.", job.id));
        machines.inner().until("a worker to begin its next task", DONE_AFTER_FAULTS, look, hangs).await?;
        machines.inner().power_loss(COORDINATOR);
        machines.inner().start(COORDINATOR);
    }
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

fn is_over(judge: &MapReduceJudge) -> bool {
    matches!(judge.status(), Some(Status::Done { .. } | Status::Failed { .. }))
}

/// Events behind a death in which it is told and written down, more or less.
const TOLD_IN: u64 = 12;

/// Power is lost when the application has died of a record, or a key: at the event at which whoever has seen it goes on, and was answered
/// therefore, or at any event before. No death is forgotten, and none counts twice, though it is told again.
pub async fn power_loss_at_a_death(machines: Machines) -> TestResult {
    for app in ["fragile", "fragile-reduce"] {
        let splits = vec![machines.put_deadly().await?];
        let job = machines.job(app, text::DEADLY.to_vec(), splits, 2);
        machines.submit(&job).await?;
        let goes_on = machines.inner().stream("deaths").below(2) == 0;
        for _ in 0..STRIKES {
            machines.until_it_died(&job, goes_on).await?;
            let power_loss = Command::PowerLoss(COORDINATOR);
            match goes_on {
                true => machines.inner().tester().apply(power_loss),
                false => machines.down_behind_any_event(COORDINATOR, power_loss, TOLD_IN).await?,
            }
            machines.inner().start(COORDINATOR);
        }
        machines.finish(&job, DONE_AFTER_FAULTS).await?;
    }
    Ok(())
}

impl Machines {
    /// Waits until the application has died once more, and if it `goes_on` until whoever has seen it is at something again; or until the
    /// job is over.
    async fn until_it_died(&self, job: &Job, goes_on: bool) -> TestResult {
        let since = self.inner().now();
        let look = |judge: &MapReduceJudge| {
            let is_at_something = |death: &Death| {
                let seen = judge.attempts().all().iter();
                seen.filter(|seen| seen.node == death.node).any(|seen| seen.since > death.at)
            };
            let mut deaths = judge.deaths().iter().filter(|death| death.at > since);
            let has_died = if goes_on { deaths.any(is_at_something) } else { deaths.next().is_some() };
            (is_over(judge) || has_died).then_some(())
        };
        let hangs = || self.failed("job-hangs", format!("Nobody goes on with {}.", job.id));
        self.inner().until("the application to die", DONE_AFTER_FAULTS, look, hangs).await
    }
}

/// The coordinator is away for longer than any task takes; what workers finish meanwhile counts.
pub async fn away_for_long(machines: Machines) -> TestResult {
    let timing = Timing { keys: 8, map_ms: [500, 3_000], reduce_ms: [300, 1_500] };
    let job = machines.job_of_records("timing", timing.parameters(), 4).await?;
    machines.submit(&job).await?;
    for _ in 0..2 {
        machines.sleep(machines.draw(100, 2_500)).await;
        machines.inner().crash(COORDINATOR);
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
    let none = Job { reduces: 0, ..busy.clone() };
    refused(&machines, &none, Refused::NoReduces).await?;
    let over = Job { output: job.output.clone(), ..busy.clone() };
    refused(&machines, &over, Refused::OutputExists).await?;
    machines.run(&busy, DONE_WITHIN).await?;
    refused(&machines, &job, Refused::OutputExists).await?;
    let other = Job { output: "elsewhere".to_owned(), ..busy };
    refused(&machines, &other, Refused::OtherJob).await
}

/// Two jobs at the same time: one is taken, the other one is told so and is done when it comes again. The same job twice is one.
pub async fn submitted_at_once(machines: Machines) -> TestResult {
    let timing = Timing { keys: 4, map_ms: [100, 200], reduce_ms: [100, 200] };
    let one = machines.job_of_records("timing", timing.parameters(), 4).await?;
    let other = machines.job("timing", timing.parameters(), one.splits.clone(), 4);
    let told = both(&machines, &one, &other).await?;
    let (taken, left) = match told {
        [Ok(()), Err(Refused::Busy)] => (&one, &other),
        [Err(Refused::Busy), Ok(())] => (&other, &one),
        _ => return Err(wrong_answers(&machines, &one, &other, &told)),
    };
    machines.finish(taken, DONE_WITHIN).await?;
    machines.run(left, DONE_WITHIN).await?;
    let again = machines.job("timing", timing.parameters(), one.splits.clone(), 4);
    let told = both(&machines, &again, &again).await?;
    if told != [Ok(()), Ok(())] {
        return Err(wrong_answers(&machines, &again, &again, &told));
    }
    machines.finish(&again, DONE_WITHIN).await.map(|_| ())
}

/// What two submits are answered that are under way at the same time.
async fn both(machines: &Machines, one: &Job, other: &Job) -> TestResult<[Result<(), Refused>; 2]> {
    let beside = spawn({
        let (machines, other) = (machines.clone(), other.clone());
        async move { machines.try_submit(&other).await }
    });
    let told = machines.try_submit(one).await?;
    Ok([told, beside.await.expect("nobody aborts it")?])
}

fn wrong_answers(machines: &Machines, one: &Job, other: &Job, told: &[Result<(), Refused>; 2]) -> Failed {
    let title = format!("{} and {} came at the same time, and were answered {told:?}.", one.id, other.id);
    machines.failed("wrong-answer", title).on([COORDINATOR])
}

/// That a job is not taken.
async fn refused(machines: &Machines, job: &Job, why: Refused) -> TestResult {
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
