//! Jobs: made, submitted, and waited for until they have ended and all is quiet.

use super::super::bounds::{FAILED_WITHIN, GIVEN_UP_WITHIN, INPUT_BYTES, INPUTS, REDUCES};
use super::Machines;
use crate::contract::{Job, JobId, Refused, Report, Split, Status};
use crate::control::{Reply, Request};
use crate::judge::MapReduceJudge;
use crate::node::COORDINATOR;
use crate::sequential::{self, Impossible, Output};
use lab_harness::failed::TestResult;
use mapreduce_apps::{Registry, Sort};
use std::time::Duration;
use windtunnel::time::sleep;

const END: &str = "The contract, Coordinator::status: tasks that still run are given up soon.";

impl Machines {
    /// A job of that application on MIT's eight texts, with ten reduce tasks.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn usual_job(&self, app: &str, parameters: Vec<u8>) -> TestResult<Job> {
        let splits = self.put_texts(INPUTS, INPUT_BYTES).await?;
        Ok(self.job(app, parameters, splits, REDUCES))
    }

    /// A job that sorts these into one part, which is as long as all of them.
    #[must_use]
    pub fn job_of_one_part(&self, splits: Vec<Split>) -> Job {
        self.job("sort", Sort::parameters(Vec::new(), 1), splits, 1)
    }

    /// A job whose eight inputs are one record each.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn job_of_records(&self, app: &str, parameters: Vec<u8>, reduces: u32) -> TestResult<Job> {
        let mut splits = Vec::new();
        for number in 0..INPUTS {
            splits.push(self.put(&format!("in/{number}"), format!("record {number}\n").as_bytes()).await?);
        }
        Ok(self.job(app, parameters, splits, reduces))
    }

    /// A new job.
    #[must_use]
    pub fn job(&self, app: &str, parameters: Vec<u8>, splits: Vec<Split>, reduces: u32) -> Job {
        let number = self.jobs.get() + 1;
        self.jobs.set(number);
        Job { id: JobId(number), app: app.to_owned(), parameters, splits, reduces, output: format!("out/{number}") }
    }

    /// Submits a job, which must be taken.
    ///
    /// # Errors
    /// If it is not.
    pub async fn submit(&self, job: &Job) -> TestResult {
        match self.try_submit(job).await? {
            Ok(()) => Ok(()),
            Err(refused) => {
                Err(self.failed("wrong-answer", format!("{} is not taken: {refused}.", job.id)).on([COORDINATOR]))
            }
        }
    }

    /// Submits a job.
    ///
    /// # Errors
    /// If the coordinator does not answer.
    pub async fn try_submit(&self, job: &Job) -> TestResult<Result<(), Refused>> {
        self.expect(job);
        match self.ask(COORDINATOR, &Request::Submit(job.clone()), "A submit").await? {
            Reply::Submitted(answer) => Ok(answer),
            other => Err(self.odd(COORDINATOR, &other)),
        }
    }

    /// Submits a job until it is taken, whatever happens to the coordinator meanwhile.
    pub async fn submit_on_and_on(&self, job: &Job) {
        self.expect(job);
        self.submit_again(job).await;
    }

    /// Submits a job that was submitted before, until it is taken.
    pub async fn submit_again(&self, job: &Job) {
        while self.cluster.ask_on_and_on::<Reply>(COORDINATOR, &Request::Submit(job.clone())).await
            != Reply::Submitted(Ok(()))
        {
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn expect(&self, job: &Job) {
        self.cluster.judge().expect(job, self.expected(job));
    }

    /// What a job must give.
    ///
    /// # Errors
    /// If it cannot be done.
    pub fn expected(&self, job: &Job) -> Result<Output, Impossible> {
        let inputs = self.inputs.borrow();
        sequential::run(job, &Registry::standard(), |name| inputs.get(name).map(|bytes| &bytes[..]))
    }

    /// Submits a job, and waits until it is done and all is quiet.
    ///
    /// # Errors
    /// If it is not done in time.
    pub async fn run(&self, job: &Job, patience: Duration) -> TestResult<Report> {
        self.submit(job).await?;
        self.finish(job, patience).await
    }

    /// Waits until a job is done and all is quiet.
    ///
    /// # Errors
    /// If that takes too long.
    pub async fn finish(&self, job: &Job, patience: Duration) -> TestResult<Report> {
        let report = self.done(job, patience).await?;
        self.quiet().await?;
        Ok(report)
    }

    /// Waits until a job is done.
    ///
    /// # Errors
    /// If it fails, or takes too long.
    pub async fn done(&self, job: &Job, patience: Duration) -> TestResult<Report> {
        match self.ended(job, patience).await? {
            Status::Done { report, .. } => Ok(report),
            Status::Failed { why, .. } => Err(self
                .failed("job-fails", format!("{} can be done, and is told to have failed: {why}.", job.id))
                .on([COORDINATOR])),
            Status::Idle | Status::Running { .. } => unreachable!("that is no end"),
        }
    }

    /// Waits until a job that cannot be done has failed, and all is quiet.
    ///
    /// # Errors
    /// If it does not fail, or there is an output of it.
    pub async fn fails(&self, job: &Job) -> TestResult {
        let Status::Failed { .. } = self.ended(job, FAILED_WITHIN).await? else {
            let title = format!("{} cannot be done, and is told to be.", job.id);
            return Err(self.failed("job-fails", title).on([COORDINATOR]));
        };
        self.quiet().await
    }

    /// Waits until a job is done or has failed.
    ///
    /// # Errors
    /// If that takes too long.
    pub async fn ended(&self, job: &Job, patience: Duration) -> TestResult<Status> {
        let look = |judge: &MapReduceJudge| match judge.status() {
            Some(status @ (Status::Done { job: ended, .. } | Status::Failed { job: ended, .. }))
                if *ended == job.id =>
            {
                Some(status.clone())
            }
            _ => None,
        };
        let otherwise = || {
            let parts = self.cluster.judge().parts_stored();
            let title = format!(
                "{} is not done after {} s: {parts} of {} parts are in the store.",
                job.id,
                patience.as_secs(),
                job.reduces
            );
            self.failed("job-hangs", title).on([COORDINATOR])
        };
        self.cluster.until(format_args!("{} to end", job.id), patience, look, otherwise).await
    }

    /// Waits until nobody runs a task of a job that is over.
    async fn quiet(&self) -> TestResult {
        let end = self.cluster.now();
        let look = |judge: &MapReduceJudge| judge.attempts().all_running().next().is_none().then_some(());
        let otherwise = || {
            let judge = self.cluster.judge();
            let running = judge.attempts().all_running().map(|seen| format!("{} at {}", seen.node, seen.task));
            let running = running.collect::<Vec<_>>().join(", ");
            let title = format!("The job is over since {end}, and there is still {running}.");
            let nodes = judge.attempts().all_running().map(|seen| seen.node);
            self.failed("task-after-the-end", title).from_source(END).on(nodes)
        };
        self.cluster.until("whoever runs a task to give it up", GIVEN_UP_WITHIN, look, otherwise).await
    }

    /// Waits until so many attempts have begun at all.
    ///
    /// # Errors
    /// If that takes too long.
    pub async fn begun(&self, attempts: usize, patience: Duration) -> TestResult {
        let look = |judge: &MapReduceJudge| (judge.attempts().all().len() >= attempts).then_some(());
        let otherwise = || {
            let begun = self.cluster.judge().attempts().all().len();
            self.failed(
                "job-hangs",
                format!("{begun} attempts have begun in {} s, and there is work for {attempts}.", patience.as_secs()),
            )
        };
        self.cluster.until("workers at work", patience, look, otherwise).await
    }
}
