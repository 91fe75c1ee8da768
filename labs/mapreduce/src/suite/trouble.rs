//! Part faults: a store in a bad mood, disks that are full or fail, slow workers.

use super::bounds::{DONE_AFTER_FAULTS, DONE_WITHIN, LONG_INPUT_BYTES};
use super::cluster::Machines;
use crate::contract::Job;
use crate::control::Mood;
use crate::judge::{AttemptSeen, MapReduceJudge};
use lab_harness::failed::TestResult;
use mapreduce_apps::Timing;
use std::time::Duration;
use windtunnel::world::disk::DiskWeather;
use windtunnel::{Nanos, NodeId, Ppm};

/// What is to rot must be longer than what a worker writes at a time.
const ROTTING_INPUTS: usize = 3;
const ROTTING_BYTES: usize = 80 << 10;

/// The store is slow, does nothing now and then, and answers long after whoever asked has given up: what it was asked is done then.
pub async fn store_in_a_bad_mood(machines: Machines) -> TestResult {
    let job = machines.usual_job("wordcount", Vec::new()).await?;
    run_in_a_bad_mood(&machines, &job, Duration::from_secs(120)).await
}

/// The same with inputs and an output that need many calls each. What was sent twice is there once, and what was not sent is not left out.
pub async fn long_texts_in_a_bad_mood(machines: Machines) -> TestResult {
    let splits = machines.put_texts(2, LONG_INPUT_BYTES).await?;
    let job = machines.job_of_one_part(splits);
    run_in_a_bad_mood(&machines, &job, Duration::from_secs(300)).await
}

async fn run_in_a_bad_mood(machines: &Machines, job: &Job, patience: Duration) -> TestResult {
    let often = Ppm(200_000);
    let seconds = [Nanos::from_secs(2), Nanos::from_secs(6)];
    let mood =
        Mood { takes: [Nanos::ZERO, Nanos::from_millis(50)], fails_ppm: often, late_ppm: often, late_by: seconds };
    machines.mood(mood).await?;
    machines.submit_on_and_on(job).await;
    machines.finish(job, patience).await.map(|_| ())
}

/// Three of four workers have no room on their disks. Two have some later.
pub async fn full_disks(machines: Machines) -> TestResult {
    let job = machines.usual_job("wordcount", Vec::new()).await?;
    let full = DiskWeather { capacity: Some(2 << 10), ..DiskWeather::default() };
    let workers = machines.workers();
    machines.spoil_disks(&workers[..3], full);
    machines.submit(&job).await?;
    machines.sleep(machines.draw(0, 500)).await;
    machines.heal_disks(&workers[..2]).await?;
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

/// Operations on any worker's disk fail now and then.
pub async fn failing_disks(machines: Machines) -> TestResult {
    let job = machines.usual_job("wordcount", Vec::new()).await?;
    let failing = DiskWeather { error_ppm: Ppm(10_000), ..DiskWeather::default() };
    machines.spoil_disks(&machines.workers(), failing);
    machines.submit(&job).await?;
    machines.sleep(Duration::from_secs(2)).await;
    machines.heal_disks(&machines.workers()).await?;
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

/// Bits rot on the disks of all workers: what is read is not what was written. It is noticed, and made again.
pub async fn rotting_disks(machines: Machines) -> TestResult {
    let splits = machines.put_texts(ROTTING_INPUTS, ROTTING_BYTES).await?;
    let job = machines.job_of_one_part(splits);
    let rotting = DiskWeather { bit_rot_ppm: Ppm(2_000), young_rots: true, ..DiskWeather::default() };
    machines.spoil_disks(&machines.workers(), rotting);
    machines.submit(&job).await?;
    machines.sleep(Duration::from_secs(2)).await;
    machines.heal_disks(&machines.workers()).await?;
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

/// A job with one worker that is twenty times slower takes at most so many percent of what it takes without.
const WITH_A_STRAGGLER_PERCENT: u32 = 150;

/// One of eight workers is slow. Backup tasks do what it is at when there is nothing else to do. (Section 3.6)
pub async fn straggler(machines: Machines) -> TestResult {
    let timing = Timing { keys: 16, map_ms: [1_000; 2], reduce_ms: [1_000; 2] };
    let splits = vec![machines.job_of_records("timing", Vec::new(), 1).await?.splits; 5].concat();
    let without = timed(&machines, &timing, &splits).await?;
    machines.slow_down(machines.any_worker(), 20).await?;
    let with = timed(&machines, &timing, &splits).await?;
    if with <= without * WITH_A_STRAGGLER_PERCENT / 100 {
        return Ok(());
    }
    let title = format!(
        "With one slow worker of eight the job takes {} ms instead of {} ms; {WITH_A_STRAGGLER_PERCENT} % would do.",
        with.as_millis(),
        without.as_millis()
    );
    Err(machines.failed("straggler", title))
}

/// How long a job takes.
async fn timed(machines: &Machines, timing: &Timing, splits: &[crate::contract::Split]) -> TestResult<Duration> {
    let job = machines.job("timing", timing.parameters(), splits.to_vec(), 16);
    let begun = machines.inner().now();
    machines.submit(&job).await?;
    machines.done(&job, Duration::from_secs(60)).await?;
    let took = machines.inner().now() - begun;
    machines.finish(&job, DONE_WITHIN).await?;
    Ok(took.to_duration())
}

impl Machines {
    /// Gives nodes worse disks: what they have on them is not to be trusted.
    fn spoil_disks(&self, nodes: &[NodeId], weather: DiskWeather) {
        for node in nodes {
            self.inner().judge().doubt(self.inner().now(), *node);
            self.inner().tester().set_disk(*node, weather);
        }
    }

    /// Gives nodes good disks again. What has been written stays as it is, so they are in doubt until all that they are at is over.
    async fn heal_disks(&self, nodes: &[NodeId]) -> TestResult {
        nodes.iter().for_each(|node| self.inner().tester().set_disk(*node, DiskWeather::default()));
        let healed = self.inner().now();
        let is_from_before = |seen: &AttemptSeen| nodes.contains(&seen.node) && seen.since <= healed;
        let look = |judge: &MapReduceJudge| (!judge.attempts().all_running().any(is_from_before)).then_some(());
        let hangs = || self.failed("job-hangs", "The disks are good again, and what was begun before does not end.");
        self.inner().until("what was begun on bad disks to end", DONE_AFTER_FAULTS, look, hangs).await?;
        nodes.iter().for_each(|node| self.inner().judge().trust(self.inner().now(), *node));
        Ok(())
    }
}
