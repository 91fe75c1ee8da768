//! The handle by which test bodies put inputs, submit jobs and wait for their end.

use super::bounds::{ANSWER_WITHIN, FAILED_WITHIN, GIVEN_UP_WITHIN, INPUT_BYTES, INPUTS, REDUCES};
use super::text;
use crate::contract::store::LONGEST_PIECE;
use crate::contract::{Job, JobId, Refused, Report, Split, Status};
use crate::control::{Mood, Reply, Request};
use crate::judge::{Expected, MapReduceJudge};
use crate::node::COORDINATOR;
use crate::sequential::{self, Impossible, Output};
use lab_harness::at_work::AtWork;
use lab_harness::cluster::Cluster;
use lab_harness::failed::{Failed, TestResult};
use mapreduce_apps::Registry;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::spawn;
use windtunnel::time::{sleep, timeout};
use windtunnel::world::Command;

/// A worker that died of its application is started again after. (MIT: 1 s)
const STARTED_AGAIN_AFTER: Duration = Duration::from_secs(1);

const END: &str = "The contract, Coordinator::status: tasks that still run are given up soon.";

/// The coordinator, the workers and the store of a test. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Machines {
    cluster: Cluster<MapReduceJudge>,
    inputs: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    jobs: Rc<Cell<u64>>,
    expected: Rc<RefCell<BTreeMap<JobId, Result<Output, Impossible>>>>,
}

impl Machines {
    /// The nodes of a test.
    #[must_use]
    pub fn new(cluster: Cluster<MapReduceJudge>) -> Self {
        Machines { cluster, inputs: Rc::default(), jobs: Rc::default(), expected: Rc::default() }
    }

    /// The harness's handle.
    #[must_use]
    pub const fn inner(&self) -> &Cluster<MapReduceJudge> {
        &self.cluster
    }

    /// All workers.
    #[must_use]
    pub fn workers(&self) -> Vec<NodeId> {
        self.cluster.servers().iter().copied().filter(|node| *node != COORDINATOR).collect()
    }

    /// The store's node.
    #[must_use]
    pub fn store(&self) -> NodeId {
        self.cluster.client_nodes()[0]
    }

    /// Lets virtual time pass.
    pub async fn sleep(&self, span: Duration) {
        self.cluster.sleep(span).await;
    }

    /// A time in that range.
    #[must_use]
    pub fn draw(&self, low_ms: u64, high_ms: u64) -> Duration {
        self.cluster.stream("times").duration(Duration::from_millis(low_ms), Duration::from_millis(high_ms))
    }

    /// One of the workers.
    #[must_use]
    pub fn any_worker(&self) -> NodeId {
        let workers = self.workers();
        workers[self.cluster.stream("workers").below(workers.len() as u64) as usize]
    }

    /// Puts an input into the store; all of it is one split.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn put(&self, name: &str, bytes: &[u8]) -> TestResult<Split> {
        let mut rest = bytes;
        loop {
            let (piece, behind) = rest.split_at(rest.len().min(LONGEST_PIECE as usize));
            self.ask_store(&Request::Append { name: name.to_owned(), body: piece.to_vec() }).await?;
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        self.inputs.borrow_mut().entry(name.to_owned()).or_default().extend_from_slice(bytes);
        Ok(Split { object: name.to_owned(), from: 0, length: bytes.len() as u64 })
    }

    /// Puts so many texts of so many bytes each.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn put_texts(&self, count: usize, bytes: usize) -> TestResult<Vec<Split>> {
        let stream = self.cluster.stream("text");
        let mut splits = Vec::new();
        for number in 0..count {
            splits.push(self.put(&format!("in/{number}"), &text::lines(&stream, bytes)).await?);
        }
        Ok(splits)
    }

    /// A job of that application on MIT's eight texts, with ten reduce tasks.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn usual_job(&self, app: &str, parameters: Vec<u8>) -> TestResult<Job> {
        let splits = self.put_texts(INPUTS, INPUT_BYTES).await?;
        Ok(self.job(app, parameters, splits, REDUCES))
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

    /// Works out what the job must give.
    fn expect(&self, job: &Job) {
        let inputs = self.inputs.borrow();
        let output = sequential::run(job, &Registry::standard(), |name| inputs.get(name).map(|bytes| &bytes[..]));
        let parts = output.as_ref().ok().map(|output| output.parts.clone());
        self.cluster.judge().expect(job.id, Expected { parts });
        self.expected.borrow_mut().insert(job.id, output);
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
    /// If that takes too long, or its report is wrong.
    pub async fn finish(&self, job: &Job, patience: Duration) -> TestResult<Report> {
        let report = self.done(job, patience).await?;
        self.quiet().await?;
        let all = self.expected.borrow();
        let Some(Ok(expected)) = all.get(&job.id) else { panic!("a job that is done can be done") };
        if report.skipped != expected.skipped || report.counters.records != expected.records {
            let title = format!(
                "{} is reported to have read {} records and skipped {:?}; {} were read, and to be skipped are {:?}.",
                job.id, report.counters.records, report.skipped, expected.records, expected.skipped
            );
            return Err(self.failed("wrong-report", title).on([COORDINATOR]));
        }
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

    /// Waits until a job that cannot be done has failed, and all is quiet; why.
    ///
    /// # Errors
    /// If it does not fail, or there is an output of it.
    pub async fn fails(&self, job: &Job) -> TestResult<String> {
        let why = match self.ended(job, FAILED_WITHIN).await? {
            Status::Failed { why, .. } => why,
            _ => {
                return Err(self
                    .failed("job-fails", format!("{} cannot be done, and is told to be.", job.id))
                    .on([COORDINATOR]));
            }
        };
        self.quiet().await?;
        Ok(why)
    }

    async fn ended(&self, job: &Job, patience: Duration) -> TestResult<Status> {
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
        let runs = |judge: &MapReduceJudge| judge.attempts().all_running().next().copied();
        let otherwise = || {
            let Some(seen) = runs(&self.cluster.judge()) else { panic!("it was waited for") };
            let title = format!("The job is over since {end}, and {} is still at {}.", seen.node, seen.task);
            self.failed("task-after-the-end", title).from_source(END).on([seen.node])
        };
        // The judge tells nobody of attempts that were given up: look again and again.
        let deadline = end + GIVEN_UP_WITHIN.into();
        while self.cluster.now() < deadline {
            if runs(&self.cluster.judge()).is_none() {
                return Ok(());
            }
            self.sleep(Duration::from_millis(50)).await;
        }
        Err(otherwise())
    }

    /// The coordinator's own words on its job.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn status(&self) -> TestResult<Status> {
        match self.ask(COORDINATOR, &Request::Status, "A question").await? {
            Reply::Status(status) => Ok(status),
            other => Err(self.odd(COORDINATOR, &other)),
        }
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

    /// Makes a worker slower.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn slow_down(&self, worker: NodeId, factor: u32) -> TestResult {
        match self.ask(worker, &Request::SlowDown(factor), "A request").await? {
            Reply::Done => Ok(()),
            other => Err(self.odd(worker, &other)),
        }
    }

    /// Puts the store into a mood.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn mood(&self, mood: Mood) -> TestResult {
        self.ask_store(&Request::Mood(mood)).await.map(|_| ())
    }

    async fn ask_store(&self, request: &Request) -> TestResult<Reply> {
        let store = self.store();
        match self.ask(store, request, "A request").await? {
            reply @ (Reply::Done | Reply::Bytes(_) | Reply::Names(_)) => Ok(reply),
            other => Err(self.odd(store, &other)),
        }
    }

    /// Asks a node, which may still be starting.
    async fn ask(&self, node: NodeId, request: &Request, what: &str) -> TestResult<Reply> {
        let otherwise = |_| {
            let title = format!("{what} of {node} has no answer after {} s.", ANSWER_WITHIN.as_secs());
            self.failed("no-answer", title).on([node])
        };
        timeout(ANSWER_WITHIN, self.cluster.ask_on_and_on(node, request)).await.map_err(otherwise)
    }

    /// Cuts a node off from all others; whoever gives it up is right.
    pub fn cut_off(&self, node: NodeId) {
        self.cluster.judge().doubt(in_doubt(node));
        self.cluster.cut_off(node);
    }

    /// Cuts a node off from these. Between two workers either may be to blame.
    pub fn cut_off_from(&self, node: NodeId, others: &[NodeId]) {
        self.cluster.judge().doubt(node);
        for other in others.iter().filter(|other| **other != node) {
            self.cluster.judge().doubt(*other);
            self.cluster.cut(node, *other);
            self.cluster.cut(*other, node);
        }
    }

    /// Connects a node with all others again.
    pub fn reconnect(&self, node: NodeId) {
        self.cluster.reconnect(node);
        self.cluster.nodes().iter().for_each(|other| self.cluster.judge().trust(*other));
        self.cluster.judge().trust(in_doubt(node));
    }

    /// Kills a node or takes its power, as is drawn.
    pub fn crash(&self, node: NodeId) {
        self.cluster.tester().apply(self.crash_command(node));
    }

    /// A kill or a loss of power, as is drawn.
    pub(super) fn crash_command(&self, node: NodeId) -> Command {
        match self.cluster.stream("crashes").below(2) {
            1 if self.cluster.has_power_losses() => Command::PowerLoss(node),
            _ => Command::Kill(node),
        }
    }

    /// Kills workers whose application takes their process, and starts them again, as long as the answer lives.
    pub fn start_again_who_is_doomed(&self) -> AtWork {
        let machines = self.clone();
        AtWork::begin([async move {
            loop {
                for node in machines.cluster.judge().take_doomed() {
                    machines.cluster.kill(node);
                    let cluster = machines.cluster.clone();
                    spawn(async move {
                        sleep(STARTED_AGAIN_AFTER).await;
                        cluster.start(node);
                    });
                }
                machines.cluster.tester().changed().await;
            }
        }])
    }

    /// A failed expectation of a test body.
    pub fn failed(&self, rule: &'static str, title: impl Into<String>) -> Failed {
        Failed::new(rule, title)
    }

    fn odd(&self, node: NodeId, reply: &impl fmt::Debug) -> Failed {
        self.failed("own-answers", format!("{node} answers its tester {reply:?}.")).on([node])
    }
}

/// Who is in doubt when a node is cut off: who does not hear of anybody may give up everybody.
fn in_doubt(node: NodeId) -> NodeId {
    if node == COORDINATOR { NodeId::TESTER } else { node }
}
