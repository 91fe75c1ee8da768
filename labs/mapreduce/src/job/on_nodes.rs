//! A job on nodes, in the tunnel or in flight: coordinator, workers and the store, in the weather that was asked for.
//!
//! - here: what both have in common, which is all that the tester does; and the tunnel;
//! - `flight`: real processes.

use super::input::Input;
use super::judge::Onlooker;
use super::output::Parts;
use super::{Ended, Work, skipped};
use crate::contract::store::LONGEST_PIECE;
use crate::contract::{Job, Progress, Report, Skipped, Split, Status};
use crate::control::{Reply, Request};
use crate::doomed;
use crate::node::COORDINATOR;
use crate::suite;
use lab_harness::cluster::Cluster;
use lab_harness::errand::{Errand, Weather};
use lab_harness::failed::Failed;
use lab_harness::lineup::Lineup;
use lab_harness::parent::send;
use lab_harness::protocol::{JobAnswer, JobDone, JobInTunnel, JobOnNodes, JobProgress, RefusalKind, ScenarioText};
use lab_harness::suite::Running;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use windtunnel::executor::Program;
use windtunnel::time::{sleep, timeout};
use windtunnel::world::disk::Scratch;
use windtunnel::{Nanos, Seed};

/// Workers, where neither a number nor a scenario is given.
const WORKERS: u32 = 4;

/// Time that a job may take: more than any takes.
const TIME_BUDGET: Nanos = Nanos::from_secs(10_000 * 3_600);

/// Rules that are no more than bounds of time.
pub const BOUNDS: &[&str] = &["job-hangs", "no-answer", "not-taken"];

/// How long something may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A job in which no task was finished for so long, and no new record has killed, hangs.
    pub until_it_hangs: Duration,
    /// A node that has not answered for so long does not answer.
    pub for_an_answer: Duration,
    /// On which clock, in words that go on after a number of seconds.
    pub clock: &'static str,
}

impl Patience {
    /// On a real clock, where somebody sits there and waits.
    pub fn in_flight(seconds: u32) -> Self {
        let span = Duration::from_secs(seconds.into());
        Patience { until_it_hangs: span, for_an_answer: span, clock: "" }
    }
}

/// Virtual time costs nobody anything.
const IN_THE_TUNNEL: Patience = Patience {
    until_it_hangs: Duration::from_secs(3_600),
    for_an_answer: Duration::from_secs(10),
    clock: " of virtual time",
};

/// What this process may hold, in bytes: past that, somebody is out of memory.
const MEMORY_LIMIT: u64 = 2 << 30;

pub fn run(
    program: &Program,
    work: Work,
    job: impl FnOnce(Vec<Split>) -> Job + Send + 'static,
    seed: Seed,
    workers: Option<u32>,
    scenario: Option<&ScenarioText>,
) -> Result<JobDone, Ended> {
    let errand = errand(seed, workers, scenario)?;
    let workers = errand.lineup().nodes - 1;
    windtunnel::progress::begin_run(seed);
    windtunnel::memory::set_limit_of_simulations(Some(MEMORY_LIMIT));
    let (result, came) = channel();
    let scratch = Scratch::below(&work.scratch).map_err(|error| no_scratch(&work.scratch, &error))?;
    let body = body(work, job, IN_THE_TUNNEL, result);
    let ended = errand.run::<Onlooker>(program, |options| options.scratch = Some(scratch), body);
    if let Some(failure) = ended.failure {
        return Err(Ended::Failed(Box::new(failure)));
    }
    let mut done = came.recv().expect("a body that has ended has sent its result")?;
    if let Some(nodes) = &mut done.nodes {
        nodes.workers = workers;
        nodes.faults = ended.faults;
    }
    done.tunnel = Some(JobInTunnel {
        messages: ended.counters.messages,
        peak_heap_bytes: ended.counters.peak_heap,
        events: ended.events,
        trace_hash: ended.trace_hash,
    });
    Ok(done)
}

/// What the tester does; what came of it is sent. Only a bound of time that was missed is for who judges the errand.
pub fn body(
    work: Work,
    job: impl FnOnce(Vec<Split>) -> Job + Send + 'static,
    patience: Patience,
    result: Sender<Result<JobDone, Ended>>,
) -> impl FnOnce(Cluster<Onlooker>, Weather<Onlooker>) -> Running + Send + 'static {
    move |cluster, weather| {
        Box::pin(async move {
            let tester = Tester { cluster, told: work.told, patience };
            let done = tester.run(&work.inputs, job, weather, &work.directory).await;
            let missed = done.as_ref().err().and_then(missed_bound);
            let _ = result.send(done); // whoever has set this going waits for it
            missed.map_or(Ok(()), Err)
        })
    }
}

fn missed_bound(ended: &Ended) -> Option<Failed> {
    let Ended::Failed(failure) = ended else { return None };
    let rule = BOUNDS.iter().find(|rule| **rule == failure.rule)?;
    Some(Failed::new(rule, failure.title.clone()))
}

fn no_scratch(directory: &Path, error: &io::Error) -> Ended {
    Ended::refused(RefusalKind::Harness, format!("cannot write under {}: {error}", directory.display()))
}

/// Who takes part, and the weather.
pub fn errand(seed: Seed, workers: Option<u32>, scenario: Option<&ScenarioText>) -> Result<Errand, Ended> {
    let nodes = |workers: u32| 1 + workers;
    let Some(scenario) = scenario else {
        let lineup = Lineup { nodes: nodes(workers.unwrap_or(WORKERS)), client_nodes: 1, ..Lineup::default() };
        return Ok(Errand::calm(lineup, seed, TIME_BUDGET));
    };
    let refused = |message: String| Ended::refused(RefusalKind::BadInput, message);
    // Scenarios may name what those of the lab's suite may.
    let errand = Errand::in_weather(scenario, suite::lab().vocabulary(), workers.map(nodes), seed, TIME_BUDGET);
    let errand = errand.map_err(|error| refused(error.to_string()))?;
    match errand.lineup() {
        Lineup { client_nodes: 1, nodes: 2.., .. } => Ok(errand),
        Lineup { nodes, client_nodes, .. } => Err(refused(format!(
            "scenario {} has nodes = {nodes} and client_nodes = {client_nodes}: a job takes a coordinator and a worker at least, and \
             one more node, client_nodes = 1, for the store",
            scenario.name
        ))),
    }
}

/// The tester's side of a job.
struct Tester {
    cluster: Cluster<Onlooker>,
    told: File,
    patience: Patience,
}

impl Tester {
    async fn run(
        mut self,
        inputs: &[Input],
        job: impl FnOnce(Vec<Split>) -> Job,
        weather: Weather<Onlooker>,
        directory: &Path,
    ) -> Result<JobDone, Ended> {
        let job = job(self.upload(inputs).await?);
        let _nurse = doomed::start_again(self.cluster.clone(), Onlooker::take_doomed);
        let _weather = weather.begin();
        let since = self.cluster.now();
        self.submit(&job).await?;
        let report = self.follow(&job).await?;
        let took_ns = self.cluster.now().0 - since.0;
        let parts = self.download(&job, directory).await?;
        let judge = self.cluster.judge();
        let (tally, why) = (judge.tally(), |skipped: &Skipped| judge.last_words(skipped.task, skipped.record));
        Ok(JobDone {
            input_bytes: job.splits.iter().map(|split| split.length).sum(),
            maps: job.maps(),
            empty_parts: parts.empty,
            output_bytes: parts.bytes,
            records: tally.records(),
            pairs: tally.pairs(),
            skipped: skipped::told(&tally.skipped(), inputs, &job.splits, why)?,
            uncombined: judge.uncombined(),
            nodes: Some(JobOnNodes {
                shuffled_bytes: report.counters.shuffled_bytes,
                local_bytes: report.counters.local_bytes,
                attempts: tally.attempts,
                reruns: tally.reruns,
                backups: tally.backups,
                took_ns,
                ..JobOnNodes::default()
            }),
            tunnel: None,
            flight: None,
        })
    }

    /// Puts the files into the store, piece by piece.
    async fn upload(&self, inputs: &[Input]) -> Result<Vec<Split>, Ended> {
        let mut splits = Vec::new();
        for input in inputs {
            let unreadable = |error| input.unreadable(&error);
            let mut pieces = input.pieces().map_err(unreadable)?;
            loop {
                let body = pieces.next().map_err(unreadable)?;
                let is_last = body.is_empty();
                self.store(&Request::Append { name: input.name.clone(), body }).await?;
                if is_last {
                    break;
                }
            }
            self.store(&Request::Finish(input.name.clone())).await?;
            splits.extend(input.named(pieces.ranges()));
        }
        Ok(splits)
    }

    /// Asks the store, which may still be starting and is never away after that.
    async fn store(&self, request: &Request) -> Result<Reply, Ended> {
        let store = self.cluster.client_nodes()[0];
        let reply = timeout(self.patience.for_an_answer, self.cluster.ask_on_and_on(store, request)).await;
        match reply.map_err(|_| Ended::failed("no-answer", "The store does not answer."))? {
            Reply::Failed(error) => {
                Err(Ended::failed("store", format!("The store does not do what it is asked: {error}.")))
            }
            reply => Ok(reply),
        }
    }

    /// Submits the job until it is taken, whatever happens to the coordinator meanwhile.
    async fn submit(&self, job: &Job) -> Result<(), Ended> {
        let asked = async {
            loop {
                match self.cluster.ask_on_and_on(COORDINATOR, &Request::Submit(job.clone())).await {
                    Reply::Submitted(Ok(())) => return Ok(()),
                    Reply::Submitted(Err(refused)) => return Err(format!("The job is not taken: {refused}.")),
                    _ => sleep(Duration::from_millis(100)).await,
                }
            }
        };
        let _awaiting = self.cluster.awaiting("the job to be taken");
        let patience = self.patience.until_it_hangs;
        let taken = timeout(patience, asked)
            .await
            .unwrap_or_else(|_| Err(format!("Nobody takes the job within {} s.", patience.as_secs())));
        taken.map_err(|title| Ended::failed("not-taken", title))
    }

    /// Waits until the job is done, and tells how far it is meanwhile.
    async fn follow(&mut self, job: &Job) -> Result<Report, Ended> {
        let mut steps = 0;
        loop {
            if let Some(end) = self.cluster.judge().end(job.id) {
                return end.map_err(|why| Ended::failed("job-fails", format!("The job has failed: {why}.")));
            }
            self.tell(job).await;
            let Patience { until_it_hangs, clock, .. } = self.patience;
            let hangs = || {
                let span = until_it_hangs.as_secs();
                Failed::new("job-hangs", format!("The job hangs: no task was finished in {span} s{clock}."))
            };
            let look = |judge: &Onlooker| (judge.steps() > steps || judge.end(job.id).is_some()).then(|| judge.steps());
            steps = self.cluster.until("the job to go on", until_it_hangs, look, hangs).await.map_err(stopped)?;
        }
    }

    /// Tells how far it is, if the coordinator answers.
    async fn tell(&mut self, job: &Job) {
        let status = timeout(self.patience.for_an_answer, self.cluster.control(COORDINATOR, &Request::Status)).await;
        if let Ok(Ok(Reply::Status(Status::Running { progress: Progress { maps, reduces }, .. }))) = status {
            let progress = JobProgress { maps: [maps, job.maps()], reduces: [reduces, job.reduces] };
            let _ = send(&mut self.told, &JobAnswer::Progress(progress)); // who has gone away is told nothing
        }
    }

    /// Writes all parts.
    async fn download(&self, job: &Job, directory: &Path) -> Result<Parts, Ended> {
        let mut parts = Parts::new(directory);
        for number in 0..job.reduces {
            let (mut part, mut from) = (parts.create(number)?, 0);
            loop {
                let read = Request::Read { name: job.part(number), from, length: LONGEST_PIECE };
                let Reply::Bytes(bytes) = self.store(&read).await? else {
                    return Err(Ended::failed("own-answers", "The store answers in other words than its own."));
                };
                part.add(&bytes)?;
                from += bytes.len() as u64;
                if (bytes.len() as u64) < LONGEST_PIECE {
                    break;
                }
            }
            parts.finish(part);
        }
        Ok(parts)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn stopped(failed: Failed) -> Ended {
    Ended::failed(failed.rule, failed.title)
}
