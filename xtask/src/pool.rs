//! Spreads runs over workers. Runs are numbered in the order of tests and seeds, and what comes
//! out is handed on in that order: results do not depend on how many workers there are.

use crate::compare::{Comparison, Runner};
use crate::error::LabError;
use crate::interrupt::Interrupt;
use crate::seeds::Seeds;
use crate::worker::{Worker, WorkerCommand};
use lab_harness::protocol::{FoundBy, RunRequest, RunResult, ScenarioText, TestInfo, Verdict};
use std::collections::BTreeMap;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use windtunnel::Seed;

/// What is to be run.
#[derive(Debug)]
pub struct Plan<'a> {
    pub tests: &'a [TestInfo],
    pub seeds: Seeds,
    /// Whether each seed is for one test alone: a seed's remainder by the number of tests says which.
    pub spread: bool,
    pub scenario: Option<&'a ScenarioText>,
    pub comparison: Comparison,
    pub fail_fast: bool,
    pub jobs: usize,
}

impl Plan<'_> {
    /// The seeds of one test.
    pub fn seeds_of(&self, test: usize) -> Seeds {
        if self.spread { self.seeds.share(test as u64, self.tests.len() as u64) } else { self.seeds }
    }

    /// How many runs each test has, if none fails.
    pub fn runs(&self) -> Vec<u64> {
        (0..self.tests.len()).map(|test| self.seeds_of(test).count()).collect()
    }

    /// How many runs there are in all, if no test fails.
    pub fn all_runs(&self) -> u64 {
        self.runs().into_iter().fold(0, u64::saturating_add)
    }
}

/// One run that ended.
#[derive(Debug)]
pub struct Done {
    /// Index of the test in the plan.
    pub test: usize,
    pub result: RunResult,
    pub found_by: FoundBy,
    /// Wall time, for those who report it: nothing is decided by it.
    pub took: Duration,
    /// The most memory that its worker has held so far, if that is known.
    pub peak_worker_bytes: Option<u64>,
}

/// Whether a test stops there.
pub fn is_failure(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Failed | Verdict::Nondeterministic)
}

/// What has been given out, and what need not be any more.
#[derive(Debug)]
struct Handing<'a> {
    plan: &'a Plan<'a>,
    number: u64,
    test: usize,
    seed: u64,
    failed: Vec<bool>,
}

/// One run, numbered.
#[derive(Clone, Copy, Debug)]
struct Job {
    number: u64,
    test: usize,
    seed: Seed,
}

impl Handing<'_> {
    fn next(&mut self) -> Option<Job> {
        if self.plan.fail_fast && self.failed.contains(&true) {
            return None;
        }
        loop {
            let failed = *self.failed.get(self.test)?;
            match self.plan.seeds_of(self.test).at(self.seed) {
                Some(seed) if !failed => {
                    let job = Job { number: self.number, test: self.test, seed };
                    self.number += 1;
                    self.seed += 1;
                    return Some(job);
                }
                _ => (self.test, self.seed) = (self.test + 1, 0),
            }
        }
    }
}

type Message = (u64, Result<Done, LabError>);

/// Runs the plan and hands on every result that counts, in order. A test ends at its first failing
/// seed; what other workers made of later ones meanwhile does not count.
pub fn run<'a>(
    plan: &Plan<'_>,
    command: &'a WorkerCommand<'a>,
    first: Worker<'a>,
    mut each: impl FnMut(Done) -> Result<(), LabError>,
) -> Result<(), LabError> {
    let handing = Handing { plan, number: 0, test: 0, seed: 0, failed: vec![false; plan.tests.len()] };
    let (handing, stop) = (Mutex::new(handing), Interrupt::default());
    let mut first = Some(first);
    std::thread::scope(|scope| {
        let (sender, receiver) = channel::<Message>();
        for _ in 0..plan.jobs {
            let runner = Runner::new(command, plan.comparison, first.take());
            let (sender, handing, stop) = (sender.clone(), &handing, &stop);
            scope.spawn(move || work(runner, plan, handing, stop, &sender));
        }
        drop(sender);
        let mut order = Order { plan, next: 0, waiting: BTreeMap::new(), failed: vec![false; plan.tests.len()] };
        let mut outcome = Ok(());
        loop {
            match receiver.recv_timeout(Duration::from_millis(100)) {
                Ok((number, done)) => {
                    let handed = done.and_then(|done| order.take(number, done, &mut each));
                    if let Err(error) = handed {
                        stop.set();
                        if outcome.is_ok() {
                            outcome = Err(error);
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if command.interrupt.is_set() {
                stop.set();
            }
        }
        order.rest(&mut each)?;
        if outcome.is_ok() && command.interrupt.is_set() { Err(LabError::Interrupted) } else { outcome }
    })
}

fn work(
    mut runner: Runner<'_>,
    plan: &Plan<'_>,
    handing: &Mutex<Handing<'_>>,
    stop: &Interrupt,
    sender: &Sender<Message>,
) {
    while !stop.is_set() {
        let job = handing.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(job) = job else { return };
        let test = &plan.tests[job.test];
        let request = RunRequest { scenario: plan.scenario.cloned(), ..RunRequest::new(&*test.name, job.seed) };
        let began = Instant::now();
        let done = runner.run(&request).map(|(result, found_by)| {
            let (took, peak_worker_bytes) = (began.elapsed(), runner.peak_worker_bytes());
            Done { test: job.test, result, found_by, took, peak_worker_bytes }
        });
        if done.as_ref().is_ok_and(|done| is_failure(done.result.verdict)) {
            handing.lock().unwrap_or_else(PoisonError::into_inner).failed[job.test] = true;
        }
        let failed = done.is_err();
        if sender.send((job.number, done)).is_err() || failed {
            return;
        }
    }
}

/// Puts results back in order.
struct Order<'a> {
    plan: &'a Plan<'a>,
    next: u64,
    waiting: BTreeMap<u64, Done>,
    failed: Vec<bool>,
}

impl Order<'_> {
    fn take(
        &mut self,
        number: u64,
        done: Done,
        each: &mut impl FnMut(Done) -> Result<(), LabError>,
    ) -> Result<(), LabError> {
        self.waiting.insert(number, done);
        while let Some(done) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.count(done, each)?;
        }
        Ok(())
    }

    /// After an interruption: what is left, gaps or not.
    fn rest(&mut self, each: &mut impl FnMut(Done) -> Result<(), LabError>) -> Result<(), LabError> {
        while let Some((_, done)) = self.waiting.pop_first() {
            self.count(done, each)?;
        }
        Ok(())
    }

    fn count(&mut self, done: Done, each: &mut impl FnMut(Done) -> Result<(), LabError>) -> Result<(), LabError> {
        if self.failed[done.test] || (self.plan.fail_fast && self.failed.contains(&true)) {
            return Ok(());
        }
        self.failed[done.test] = is_failure(done.result.verdict);
        each(done)
    }
}
