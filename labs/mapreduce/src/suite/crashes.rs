//! Part faults: workers that die, are cut off, and come back.

use super::bounds::{
    CRASHES_DONE_WITHIN, DONE_AFTER_FAULTS, DONE_WITHIN, INPUT_BYTES, INPUTS, LONG_INPUT_BYTES, REDUCES,
};
use super::cluster::Machines;
use crate::contract::{Job, Task};
use crate::judge::{AttemptSeen, End, MapReduceJudge};
use lab_harness::failed::{Failed, TestResult};
use mapreduce_apps::Timing;
use std::time::Duration;
use windtunnel::time::timeout;
use windtunnel::world::Command;
use windtunnel::{EventNumber, NodeId};

/// Each story strikes so often in each of its jobs, or kinds of jobs.
const STRIKES: usize = 3;

/// Idle workers ask now and then, so that all events come in the end.
const EVENTS_COME: Duration = Duration::from_secs(300);

/// How soon after it a cut is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// MIT `crash`. A third of all calls kills the worker, a third takes up to 10 s. Who died is back a second later.
pub async fn crash(machines: Machines) -> TestResult {
    let _nurse = machines.start_again_who_is_doomed();
    let job = machines.job_of_records("crash", Vec::new(), 10).await?;
    machines.run(&job, CRASHES_DONE_WITHIN).await.map(|_| ())
}

/// Any worker dies behind any event, without its power or with it, and is back a while later.
pub async fn workers_die(machines: Machines) -> TestResult {
    let splits = machines.put_texts(INPUTS, INPUT_BYTES).await?;
    for app in ["wordcount", "index"] {
        let next = || machines.job(app, Vec::new(), splits.clone(), REDUCES);
        let events = machines.events_of(&next()).await?;
        let job = next();
        machines.submit(&job).await?;
        for _ in 0..STRIKES {
            let worker = machines.any_worker();
            machines.crash_behind_any_event(worker, events / STRIKES as u64).await?;
            machines.note_strike(&job);
            machines.sleep(machines.draw(0, 2_000)).await;
            machines.inner().start(worker);
        }
        machines.finish(&job, DONE_AFTER_FAULTS).await?;
    }
    Ok(())
}

/// Any worker is cut off at any moment, from all others or from some, for a moment or for long.
pub async fn workers_cut_off(machines: Machines) -> TestResult {
    let timing = Timing { keys: 12, map_ms: [50, 400], reduce_ms: [20, 200] };
    let job = machines.job_of_records("timing", timing.parameters(), 6).await?;
    machines.submit(&job).await?;
    for _ in 0..STRIKES {
        machines.sleep(machines.draw(0, 500)).await;
        let worker = machines.any_worker();
        match machines.inner().stream("cuts").below(3) {
            0 => machines.cut_off(worker),
            1 => machines.cut_off_from(worker, &machines.workers()),
            _ => machines.cut_off_from(worker, &[machines.any_worker(), machines.store()]),
        }
        machines.sleep(machines.draw(0, 8_000)).await;
        machines.reconnect(worker);
    }
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

/// Any worker is cut off behind any event, from all others or from some, and heard again a while later.
pub async fn cut_off_at_any_event(machines: Machines) -> TestResult {
    let texts = machines.put_texts(INPUTS, INPUT_BYTES).await?;
    run_cut_off(&machines, || machines.job("wordcount", Vec::new(), texts.clone(), REDUCES)).await?;
    let long = machines.put_texts(2, LONG_INPUT_BYTES).await?;
    run_cut_off(&machines, || machines.job_of_one_part(long.clone())).await
}

/// Does such a job in peace, and again with a cut behind any of as many events, and again.
async fn run_cut_off(machines: &Machines, next: impl Fn() -> Job) -> TestResult {
    let events = machines.events_of(&next()).await?;
    for _ in 0..STRIKES {
        let job = next();
        machines.submit(&job).await?;
        let (worker, one) = (machines.any_worker(), machines.any_worker());
        let from = match machines.inner().stream("cuts").below(3) {
            0 => None,
            1 => Some(machines.workers()),
            _ => Some(vec![one, machines.store()]),
        };
        machines.cut_off_behind_any_event(worker, from.as_deref(), events).await?;
        machines.note_strike(&job);
        machines.sleep(machines.draw(0, 6_000)).await;
        machines.reconnect(worker);
        machines.finish(&job, DONE_AFTER_FAULTS).await?;
    }
    Ok(())
}

/// Who was cut off at a task comes back when somebody else has finished it. Of a map task it has the output by then, and only says so
/// late; of a reduce task it has not been able to put the output.
pub async fn late_comers(machines: Machines) -> TestResult {
    let timing = Timing { keys: 8, map_ms: [1_500, 2_500], reduce_ms: [500, 900] };
    let job = machines.job_of_records("timing", timing.parameters(), 4).await?;
    machines.submit(&job).await?;
    overtaken(&machines, &job, |task| matches!(task, Task::Map(_))).await?;
    overtaken(&machines, &job, |task| matches!(task, Task::Reduce(_))).await?;
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

/// Cuts off a worker that is at such a task, until another one has finished it; then its own attempt comes to an end.
async fn overtaken(machines: &Machines, job: &Job, of: impl Fn(Task) -> bool) -> TestResult {
    let is_at = |judge: &MapReduceJudge| judge.attempts().all_running().find(|seen| of(seen.task)).copied();
    let hangs = || machines.failed("job-hangs", format!("{} does not go on, and one worker is cut off.", job.id));
    let at = machines.inner().until("a worker at a task", DONE_AFTER_FAULTS, is_at, hangs).await?;
    machines.cut_off(at.node);
    let by_another = |seen: &AttemptSeen| seen.task == at.task && seen.node != at.node && is_finished(seen);
    let look = |judge: &MapReduceJudge| judge.attempts().all().iter().any(by_another).then_some(());
    machines.inner().until("another worker to finish it", DONE_AFTER_FAULTS, look, hangs).await?;
    machines.reconnect(at.node);
    let same = |seen: &&AttemptSeen| (seen.node, seen.number) == (at.node, at.number);
    let is_over = |judge: &MapReduceJudge| judge.attempts().all_running().find(same).is_none().then_some(());
    machines.inner().until("the late comer's attempt to end", DONE_AFTER_FAULTS, is_over, hangs).await
}

fn is_finished(seen: &AttemptSeen) -> bool {
    matches!(seen.end, Some((_, End::Finished)))
}

/// All workers die at the same time, with all that the map tasks have left, when the reduce tasks have begun; and again when some of these
/// have put their outputs, which stay.
pub async fn all_workers_die(machines: Machines) -> TestResult {
    let timing = Timing { keys: 24, map_ms: [10, 50], reduce_ms: [200, 400] };
    let job = machines.job_of_records("timing", timing.parameters(), 12).await?;
    machines.submit(&job).await?;
    machines.begun(job.splits.len() + 2, DONE_AFTER_FAULTS).await?;
    all_die(&machines).await;
    let reduced = |seen: &AttemptSeen| matches!(seen.task, Task::Reduce(_)) && is_finished(seen);
    let look = |judge: &MapReduceJudge| judge.attempts().all().iter().any(reduced).then_some(());
    let hangs = || machines.failed("job-hangs", format!("{} does not go on, and all workers are back.", job.id));
    machines.inner().until("a reduce task to be finished", DONE_AFTER_FAULTS, look, hangs).await?;
    machines.sleep(machines.draw(1_100, 1_500)).await;
    all_die(&machines).await;
    machines.finish(&job, DONE_AFTER_FAULTS).await.map(|_| ())
}

/// All workers die, and come back a while later.
async fn all_die(machines: &Machines) {
    let workers: Vec<NodeId> = machines.workers();
    workers.iter().for_each(|worker| machines.inner().crash(*worker));
    machines.sleep(machines.draw(0, 5_000)).await;
    workers.iter().for_each(|worker| machines.inner().start(*worker));
}

impl Machines {
    /// Does a job to which nothing happens, and says how many events that takes. Another one like it has about as many.
    pub(super) async fn events_of(&self, job: &Job) -> TestResult<u64> {
        self.submit(job).await?;
        let before = self.inner().tester().event();
        self.done(job, DONE_WITHIN).await?;
        let events = self.inner().tester().event().0 - before.0;
        self.finish(job, DONE_WITHIN).await?;
        Ok(events)
    }

    /// Counts a strike if it fell into the job: its last output was not in the store.
    pub(super) fn note_strike(&self, job: &Job) {
        let judge = self.inner().judge();
        let is_in_the_midst =
            judge.job().is_some_and(|known| known.id == job.id) && judge.parts_stored() < job.reduces as usize;
        judge.note_scene(is_in_the_midst);
    }

    /// Crashes a node behind one of the next events.
    pub(super) async fn crash_behind_any_event(&self, node: NodeId, events: u64) -> TestResult {
        let cluster = self.inner();
        // A start that was just commanded shows in a moment.
        self.sleep(Duration::from_millis(1)).await;
        self.down_behind_any_event(node, cluster.crash_command(node), events).await
    }

    /// Lets a node be down by that command, behind one of the next events.
    pub(super) async fn down_behind_any_event(&self, node: NodeId, command: Command, events: u64) -> TestResult {
        let cluster = self.inner();
        cluster.tester().at_event(self.any_event(events), command);
        let look = |_: &MapReduceJudge| (!cluster.is_running(node)).then_some(());
        cluster.until("a node to crash", EVENTS_COME, look, || self.no_events(events)).await
    }

    /// Cuts a worker off behind one of the next events: from those, or from all.
    async fn cut_off_behind_any_event(&self, worker: NodeId, from: Option<&[NodeId]>, events: u64) -> TestResult {
        let cluster = self.inner();
        self.doubt_links(worker, from.unwrap_or_default());
        let event = self.any_event(events);
        for other in from.unwrap_or(cluster.nodes()).iter().filter(|other| **other != worker) {
            for (from, to) in [(worker, *other), (*other, worker)] {
                cluster.tester().at_event(event, Command::Cut { from, to });
            }
        }
        // Nothing shows that a link is cut.
        let past = async {
            while cluster.tester().event() <= event {
                self.sleep(LOOK_EVERY).await;
            }
        };
        timeout(EVENTS_COME, past).await.map_err(|_| self.no_events(events))
    }

    /// One of the next events.
    fn any_event(&self, events: u64) -> EventNumber {
        EventNumber(self.inner().tester().event().0 + 1 + self.inner().stream("events").below(events))
    }

    fn no_events(&self, events: u64) -> Failed {
        self.failed("job-hangs", format!("{events} events do not come."))
    }
}
